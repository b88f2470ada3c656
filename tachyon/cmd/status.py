"""``tachyon-status upgrade check``: is all ready for the daemons of this
release?

Exit codes are those of oslo.upgradecheck: 0, all is well; 1, something wants
a look; 2, something would fail; 255, the check itself did.
"""

import sys
from collections.abc import Sequence

import os_resource_classes
import os_traits
from oslo_config import cfg
from oslo_upgradecheck import common_checks
from oslo_upgradecheck import upgradecheck

from tachyon import exception
from tachyon import plugins
from tachyon.cmd import command

FAILED = 255

Code = upgradecheck.Code
Result = upgradecheck.Result


class Checks(upgradecheck.UpgradeCommands):
    """The checks, in the order in which they are told."""

    display_title = "Tachyon Upgrade Check Results"

    def __init__(self, conf: cfg.ConfigOpts):
        super().__init__()
        self._conf = conf

    def _check_plugins(self) -> upgradecheck.Result:
        """Everything that an option names can be loaded."""
        scheduler = self._conf.scheduler
        wrong = []
        for namespace, names in (
                (plugins.DB_DRIVERS, [self._conf.database.driver]),
                (plugins.COMPUTE_DRIVERS, [self._conf.compute.domain_driver]),
                (plugins.ACTIONS, scheduler.pipeline),
                (plugins.FILTERS, scheduler.enabled_filters),
                (plugins.WEIGHERS, scheduler.enabled_weighers)):
            try:
                plugins.load_all(namespace, names)
            except exception.PluginError as exc:
                wrong.append(str(exc))
        if wrong:
            return Result(Code.FAILURE, " ".join(wrong))
        return Result(Code.SUCCESS)

    def _check_store(self) -> upgradecheck.Result:
        """The store answers, and its schema is one that we can work with."""
        try:
            with command.driver(self._conf) as driver:
                health = driver.health()
                driver.services.list()          # needs the schema
        except exception.TachyonException as exc:
            return Result(Code.FAILURE, str(exc))
        return Result(Code.SUCCESS, f"{health['name']} {health['version']}, "
                      f"schema {health['schema_version']}")

    def _check_names(self) -> upgradecheck.Result:
        """The store knows the standard names that our libraries do."""
        try:
            with command.driver(self._conf) as driver:
                traits = {entry.name for entry in driver.traits.list()}
                classes = {entry.name
                           for entry in driver.resource_classes.list()}
        except exception.TachyonException as exc:
            return _unseen(exc)
        missing = [*(set(os_traits.get_traits()) - traits),
                   *(set(os_resource_classes.STANDARDS) - classes)]
        if missing:
            return Result(
                Code.WARNING,
                f"The store lacks {len(missing)} standard traits and "
                f"resource classes, such as {min(missing)}: run "
                "'tachyon-manage db sync'.")
        return Result(Code.SUCCESS)

    def _check_consumers(self) -> upgradecheck.Result:
        """Nobody is left from before consumers had a project."""
        project = self._conf.placement.incomplete_consumer_project_id
        try:
            with command.driver(self._conf) as driver:
                count = sum(usage.consumer_count for usage
                            in driver.allocations.usages(project))
        except exception.TachyonException as exc:
            return _unseen(exc)
        if count:
            return Result(
                Code.WARNING,
                f"{count} consumers have no project but that of [placement] "
                "incomplete_consumer_project_id. Who owns them may put their "
                "allocations again, at microversion 1.8 or later.")
        return Result(Code.SUCCESS)

    def _check_usage(self) -> upgradecheck.Result:
        """What inventories have used is what is allocated from them."""
        try:
            with command.driver(self._conf) as driver:
                wrong = driver.bulk.miscounts()
        except exception.TachyonException as exc:
            return _unseen(exc)
        if wrong:
            return Result(
                Code.WARNING,
                f"{len(wrong)} inventories are counted wrong: see "
                "'tachyon-manage placement audit'.")
        return Result(Code.SUCCESS)

    _upgrade_checks = (
        ("Plug-ins", _check_plugins),
        ("Store", _check_store),
        ("Standard Names", _check_names),
        ("Incomplete Consumers", _check_consumers),
        ("Usage", _check_usage),
        ("Policy File JSON to YAML Migration",
         (lambda self: common_checks.check_policy_json(self, self._conf))),
    )


def _unseen(error: exception.TachyonException) -> upgradecheck.Result:
    return Result(Code.WARNING, f"It could not be looked at. {error}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the checks, and return the exit code."""
    conf = command.make_conf()
    try:
        return upgradecheck.main(
            conf, "tachyon", Checks(conf),
            sys.argv[1:] if argv is None else list(argv))
    except cfg.Error as exc:
        command.complain("tachyon-status", exc)
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
