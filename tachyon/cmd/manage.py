"""``tachyon-manage``: what an operator does to the store and the plug-ins.

Exit codes: 0, done; 1, it could not be done (the reason stands on stderr, in
one line); 2, wrong usage or configuration. What takes long tells on stderr how
far it is.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import metadata

from oslo_config import cfg

from tachyon import exception
from tachyon import plugins
from tachyon.cmd import cloud
from tachyon.cmd import command
from tachyon.cmd import explain
from tachyon.cmd import placement

FAILED = 1
MISUSED = 2

Command = Callable[[cfg.ConfigOpts], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, and return the exit code."""
    conf = command.make_conf()
    conf.register_cli_opt(cfg.SubCommandOpt(
        "command", title="commands", handler=_add_commands))
    try:
        conf(sys.argv[1:] if argv is None else list(argv), project="tachyon",
             prog="tachyon-manage", version=metadata.version("tachyon"))
        return _run(conf)
    except cfg.Error as exc:
        return _complain(exc, MISUSED)
    except exception.PluginError as exc:
        return _complain(exc, MISUSED)
    except exception.TachyonException as exc:
        return _complain(exc, FAILED)
    except BrokenPipeError:
        # The reader has left. So that the interpreter's last flush does not
        # complain about it too, stdout goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _run(conf: cfg.ConfigOpts) -> int:
    run: Command = conf.command.run
    code = run(conf)
    sys.stdout.flush()
    return code


def _complain(exc: Exception, code: int) -> int:
    command.complain("tachyon-manage", exc)
    return code


# ------------------------------------------------------------------ commands
def _add_commands(
        commands: "argparse._SubParsersAction[argparse.ArgumentParser]"
        ) -> None:
    for noun, text, verbs in (
            ("db", "Look after the store.", (
                ("sync", _db_sync, "Bring the schema up to date, and put in "
                 "what a store starts with."),
                ("version", _db_version, "Print the version of the store's "
                 "schema, the code's, and whether they fit."),
                ("gc", _db_gc, "Remove what is past its retention: decisions,"
                 " deleted instances, tombstones."),
                ("backup", _db_backup, "Copy the store to a new file, while "
                 "it is used.", "PATH"),
                ("restore", _db_restore, "Make the store what it was when "
                 "that file was made.", "PATH"),
                ("new-epoch", _db_new_epoch, "Make all daemons load the store "
                 "afresh, after another program has put it back."))),
            ("plugins", "Look at the plug-ins.", (
                ("list", _plugins_list, "Print all plug-ins; fail if one "
                 "can't be loaded."),))):
        parser = commands.add_parser(noun, help=text, description=text)
        actions = parser.add_subparsers(metavar="ACTION", required=True)
        for verb, run, help, *arguments in verbs:
            action = actions.add_parser(verb, help=help, description=help)
            action.set_defaults(run=run)
            for argument in arguments:
                action.add_argument(argument.lower(), metavar=argument)
    placement.add_commands(commands)
    cloud.add_commands(commands)
    explain.add_commands(commands)


def _db_sync(conf: cfg.ConfigOpts) -> int:
    with command.driver(conf) as driver:
        print(driver.sync(_tell))
    return 0


def _db_version(conf: cfg.ConfigOpts) -> int:
    with command.driver(conf) as driver:
        schema = driver.schema()
        print(f"store: {schema.version}")
        print(f"code: {schema.known}")
        print(f"oldest code: {schema.compatible}")
        print(f"state: {schema.state}")
    return 0


def _db_gc(conf: cfg.ConfigOpts) -> int:
    with command.driver(conf) as driver:
        for kind, count in driver.gc().items():
            print(f"{kind}: {count}")
    return 0


def _db_backup(conf: cfg.ConfigOpts) -> int:
    with command.driver(conf) as driver:
        driver.backup(conf.command.path, _tell)
    return 0


def _db_restore(conf: cfg.ConfigOpts) -> int:
    with command.driver(conf) as driver:
        driver.restore(conf.command.path, _tell)
        print(driver.schema_version())
    return 0


def _db_new_epoch(conf: cfg.ConfigOpts) -> int:
    with command.driver(conf) as driver:
        driver.new_epoch()
    return 0


def _tell(line: str) -> None:
    print(f"tachyon-manage: {line}", file=sys.stderr, flush=True)


def _plugins_list(conf: cfg.ConfigOpts) -> int:
    broken = 0
    namespace = None
    for plugin in plugins.list_all():
        if plugin.namespace != namespace:
            namespace = plugin.namespace
            print(namespace)
        print(f"  {plugin.name} = {plugin.target}")
        if plugin.error is not None:
            broken += 1
            print(f"    can't be loaded: {plugin.error}")
    if broken:
        print(f"tachyon-manage: {broken} plug-in(s) can't be loaded",
              file=sys.stderr)
    return FAILED if broken else 0


if __name__ == "__main__":
    sys.exit(main())
