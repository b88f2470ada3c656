"""Policy: rules, and who passes them."""

import os
import time
from unittest import mock

from oslo_policy import policy as oslo_policy
from placement import policies as peer

from tachyon import context
from tachyon import exception
from tachyon import policies
from tachyon import policy
from tachyon.policies import allocations
from tachyon.policies import resource_providers
from tests import base


class PolicyTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        policy.reset()
        self.addCleanup(policy.reset)

    def may(self, rule, target=None, *, roles, project="demo"):
        ctx = context.RequestContext(user_id="alice", project_id=project,
                                     roles=roles, overwrite=False)
        try:
            policy.authorize(ctx, rule, target)
        except exception.PolicyNotAuthorized as error:
            self.assertIn(rule, str(error))
            return False
        return True

    def test_most_of_placement_is_for_admins_and_services(self):
        rule = resource_providers.LIST
        self.assertTrue(self.may(rule, roles=["admin"]))
        self.assertTrue(self.may(rule, roles=["service"]))
        self.assertFalse(self.may(rule, roles=["member", "reader"]))

    def test_own_project_without_a_target(self):
        self.assertTrue(self.may(allocations.USAGES, roles=["reader"]))

    def test_target(self):
        for project, allowed in (("demo", True), ("other", False),
                                 (None, False)):
            self.assertEqual(allowed, self.may(
                allocations.USAGES, {"project_id": project},
                roles=["reader"]))

    def test_who_passed_is_not_looked_at_again(self):
        self.assertTrue(self.may(allocations.USAGES, roles=["reader"]))
        with mock.patch.object(oslo_policy.Enforcer, "enforce",
                               side_effect=AssertionError("asked again")):
            self.assertTrue(self.may(allocations.USAGES, roles=["reader"]))

    def test_and_nobody_else_passes_for_him(self):
        self.assertTrue(self.may(allocations.USAGES, roles=["reader"]))
        self.assertFalse(self.may(allocations.USAGES, roles=[]))
        self.assertFalse(self.may(allocations.USAGES, {"project_id": "other"},
                                  roles=["reader"]))
        self.assertFalse(self.may(allocations.USAGES, {"project_id": "demo"},
                                  roles=["reader"], project="other"))
        self.assertFalse(self.may(resource_providers.LIST, roles=["reader"]))

    def test_system_scope(self):
        ctx = context.RequestContext(user_id="root", roles=["admin"],
                                     system_scope="all", overwrite=False)
        self.assertRaises(exception.PolicyNotAuthorized, policy.authorize,
                          ctx, resource_providers.LIST)

    def test_rule_that_nobody_declared(self):
        self.assertRaises(oslo_policy.PolicyNotRegistered, policy.authorize,
                          self.admin_context, "placement:nothing")

    def test_reshaping_is_for_services(self):
        """An admin is none, unless the old defaults still count."""
        self.assertTrue(self.may(allocations.RESHAPE, roles=["service"]))
        self.assertFalse(self.may(allocations.RESHAPE, roles=["admin"]))
        self.config(group="oslo_policy", enforce_new_defaults=False)
        policy.reset()
        self.assertTrue(self.may(allocations.RESHAPE, roles=["admin"]))
        self.assertFalse(self.may(allocations.RESHAPE, roles=["reader"]))

    def test_old_name_of_the_admin_rule(self):
        """A policy file may still say who passed before there were roles."""
        self.write('"rule:admin_api": "role:operator"')
        self.assertTrue(self.may(resource_providers.LIST,
                                 roles=["operator"]))
        self.assertFalse(self.may(resource_providers.LIST, roles=["admin"]))

    def write(self, *lines):
        """Make these lines the policy file."""
        policy.init(self.conf)                # registers the options
        path = f"{self.state_path}/policy.yaml"
        with open(path, "w") as file:
            file.writelines(f"{line}\n" for line in lines)
        self.config(group="oslo_policy", policy_file=path)
        policy.reset()

    def test_policy_file(self):
        self.write(f'"{resource_providers.LIST}": "role:reader"')
        self.assertTrue(self.may(resource_providers.LIST, roles=["reader"]))
        self.assertFalse(self.may(resource_providers.LIST, roles=["admin"]))

    def test_a_changed_file_is_noticed_but_not_looked_at_each_time(self):
        self.write(f'"{resource_providers.LIST}": "role:reader"')
        self.assertTrue(self.may(resource_providers.LIST, roles=["reader"]))
        now = time.monotonic()
        with mock.patch.object(policy.time, "monotonic",
                               return_value=now) as clock:
            path = f"{self.state_path}/policy.yaml"
            with open(path, "w") as file:
                file.write(f'"{resource_providers.LIST}": "role:admin"\n')
            os.utime(path, (2e9, 2e9))
            self.assertTrue(self.may(resource_providers.LIST,
                                     roles=["reader"]))
            clock.return_value += policy.LOOK
            self.assertFalse(self.may(resource_providers.LIST,
                                      roles=["reader"]))

    def test_names_are_unique_and_described(self):
        rules = policies.list_rules()
        self.assertEqual(len(rules), len({rule.name for rule in rules}))
        for rule in rules:
            self.assertTrue(rule.description, rule.name)

    def test_every_rule_of_placement_is_here(self):
        """Name, default, scope, routes, and what was the default before: a
        policy file that was written for Placement means the same."""
        here = {rule.name: rule for rule in policies.list_rules()}
        for rule in peer.list_rules():
            self.assertIn(rule.name, here)
            self.assertEqual(_meaning(rule), _meaning(here[rule.name]))

    def test_no_rule_of_placement_is_made_up(self):
        theirs = {rule.name for rule in peer.list_rules()}
        ours = {rule.name for rule in policies.list_rules()
                if rule.name.startswith("placement:")}
        self.assertEqual(set(), ours - theirs)


def _meaning(rule):
    old = rule.deprecated_rule
    return {
        "name": rule.name,
        "check": rule.check_str,
        "scope": rule.scope_types,
        "before": old and (old.name, old.check_str),
        "routes": sorted((each["method"], each["path"])
                         for each in getattr(rule, "operations", ())),
    }
