"""Policy: rules, and who passes them."""

from oslo_policy import policy as oslo_policy

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

    def test_system_scope(self):
        ctx = context.RequestContext(user_id="root", roles=["admin"],
                                     system_scope="all", overwrite=False)
        self.assertRaises(exception.PolicyNotAuthorized, policy.authorize,
                          ctx, resource_providers.LIST)

    def test_rule_that_nobody_declared(self):
        self.assertRaises(oslo_policy.PolicyNotRegistered, policy.authorize,
                          self.admin_context, "placement:nothing")

    def test_policy_file(self):
        path = f"{self.state_path}/policy.yaml"
        with open(path, "w") as file:
            file.write(f'"{resource_providers.LIST}": "role:reader"\n')
        self.config(group="oslo_policy", policy_file=path)
        policy.reset()
        self.assertTrue(self.may(resource_providers.LIST, roles=["reader"]))
        self.assertFalse(self.may(resource_providers.LIST, roles=["admin"]))

    def test_names_are_unique_and_described(self):
        rules = policies.list_rules()
        self.assertEqual(len(rules), len({rule.name for rule in rules}))
        for rule in rules:
            self.assertTrue(rule.description, rule.name)
