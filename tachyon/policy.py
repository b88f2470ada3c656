"""Who may do what: rules by oslo.policy, their defaults in ``policies``.

Whoever decides asks ``authorize``: routes of the Placement API before they
read a body, managers of instances once they know whose object it is.
"""

import threading
import time
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from oslo_config import cfg
from oslo_policy import opts
from oslo_policy import policy

from tachyon import conf
from tachyon import context as tachyon_context
from tachyon import exception
from tachyon import policies

# Seconds between two looks at whether the files have changed.
LOOK = 1.0
# Questions whose answers are remembered until then.
REMEMBERED = 10_000

_LOCK = threading.Lock()
_ENFORCER: "_Enforcer | None" = None


class _Enforcer(policy.Enforcer):
    """Looks at the files now and then, not with every question: that costs
    more than the answer. It remembers as long who was let through."""

    _looked_at = float("-inf")

    def __init__(self, conf: cfg.ConfigOpts):
        super().__init__(conf)
        self._passed: set[Hashable] = set()

    def load_rules(self, force_reload: bool = False) -> None:
        now = time.monotonic()
        if force_reload or now - self._looked_at >= LOOK:
            self._looked_at = now
            # Another one, not this one emptied: who has asked by the rules of
            # before, and is not answered yet, notes that in the old one.
            self._passed = set()
            super().load_rules(force_reload)

    def check(self, rule: str, target: Mapping[str, Any],
              context: tachyon_context.RequestContext) -> None:
        """Return if a rule lets a caller act on a target.

        :raises PolicyNotAuthorized:
        :raises InvalidScope:
        """
        self.load_rules()
        passed = self._passed
        question = (rule, *_frozen(target),
                    *_frozen(context.to_policy_values()))
        if question in passed:
            return
        self.authorize(rule, dict(target), context, do_raise=True,
                       exc=exception.PolicyNotAuthorized, action=rule)
        if len(passed) < REMEMBERED:
            passed.add(question)


def _frozen(values: Mapping[str, Any]) -> Iterator[Hashable]:
    for name, value in values.items():
        yield name, tuple(value) if isinstance(value, list) else value


def reset() -> None:
    """Forget all rules; the next question loads them again. For tests."""
    global _ENFORCER
    with _LOCK:
        if _ENFORCER is not None:
            _ENFORCER.clear()
        _ENFORCER = None


def init(config: cfg.ConfigOpts) -> _Enforcer:
    """Return the process's enforcer, and make it first if need be.

    :raises PolicyFileInvalid: the policy file is not one.
    """
    global _ENFORCER
    made = _ENFORCER
    if made is not None:
        return made
    with _LOCK:
        if _ENFORCER is None:
            opts.set_defaults(config)
            enforcer = _Enforcer(config)
            # Told once, in the documentation, not a rule at a time in every
            # daemon's log.
            enforcer.suppress_default_change_warnings = True
            enforcer.register_defaults(policies.list_rules())
            _load(enforcer)
            _ENFORCER = enforcer
        return _ENFORCER


def _load(enforcer: policy.Enforcer) -> None:
    try:
        enforcer.load_rules()
    except (ValueError, TypeError, AttributeError) as error:
        # What oslo.policy raises of a file that is no mapping of strings.
        raise exception.PolicyFileInvalid(reason=str(error)) from error


def get_enforcer() -> policy.Enforcer:
    """Return the enforcer for oslo.policy's commands (an entry point).

    They read the configuration of the service themselves, from the default
    places.
    """
    conf.CONF([], project="tachyon")
    return init(conf.CONF)


def authorize(context: tachyon_context.RequestContext, rule: str,
              target: Mapping[str, Any] | None = None) -> None:
    """Return if the rule lets this caller act on this target.

    Without a target it is the caller's own project and user.

    :raises PolicyNotAuthorized:
    """
    if target is None:
        target = {"project_id": context.project_id,
                  "user_id": context.user_id}
    try:
        init(conf.CONF).check(rule, target, context)
    except policy.InvalidScope:
        raise exception.PolicyNotAuthorized(action=rule) from None
