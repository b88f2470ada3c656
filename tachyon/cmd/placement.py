"""``tachyon-manage placement``: coming from OpenStack's Placement, going back,
and looking for what nobody owns.

Exit codes beyond those of ``tachyon-manage``: 3, something was found that
should not be there (a difference, an allocation of nobody); 4, all of that
was deleted; 127, what was asked makes no sense.
"""

import argparse
import os
import sys
from collections.abc import Iterable
from typing import Any

from oslo_config import cfg

from tachyon import exception
from tachyon import files
from tachyon.cmd import command
from tachyon.cmd import progress
from tachyon.transfer import api
from tachyon.transfer import audit
from tachyon.transfer import base
from tachyon.transfer import client
from tachyon.transfer import comparing
from tachyon.transfer import exporting
from tachyon.transfer import importing
from tachyon.transfer import nova as nova_module
from tachyon.transfer import store

FAILED, FOUND, DELETED, INVALID = 1, 3, 4, 127
# The option as Placement itself reads it from the environment.
DATABASE_VARIABLE = "OS_PLACEMENT_DATABASE__CONNECTION"
# Lines that are printed of what may be very many.
MOST_LINES = 100


def add_commands(
        commands: "argparse._SubParsersAction[argparse.ArgumentParser]"
        ) -> None:
    """Add the noun ``placement`` to the commands of ``tachyon-manage``."""
    text = "Come from OpenStack's Placement, or go back."
    parser = commands.add_parser("placement", help=text, description=text)
    verbs = parser.add_subparsers(metavar="ACTION", required=True)
    _add_import(verbs)
    _add_export(verbs)
    _add_audit(verbs)


def _add_verb(verbs: Any, name: str, run: progress.Verb,
              text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(
        name, help=text, description=text)
    parser.set_defaults(run=progress.interruptible(
        run, "it goes on when it is run again"))
    return parser


def _add_endpoint(parser: Any, option: str, text: str,
                  **more: Any) -> None:
    parser.add_argument(option, metavar="URL", help=text, **more)


def _add_token(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--token", metavar="TOKEN",
        help="Sent as X-Auth-Token; by default OS_TOKEN, or the token that "
             "Keystone gives for the other OS_ variables.")


# --------------------------------------------------------------------- import
def _add_import(verbs: Any) -> None:
    parser = _add_verb(
        verbs, "import", _import,
        "Read a whole Placement into the store, and compare both. What the "
        "store has already is left as it is: interrupted, it goes on when "
        "it is run again.")
    source = parser.add_mutually_exclusive_group(
        required=DATABASE_VARIABLE not in os.environ)
    source.add_argument(
        "--database-connection", metavar="URL",
        default=os.environ.get(DATABASE_VARIABLE),
        help="Placement's database, as in [placement_database] connection; "
             f"by default {DATABASE_VARIABLE}.")
    _add_endpoint(source, "--url", "The endpoint of a Placement that serves "
                  "microversion 1.38.")
    _add_token(parser)
    parser.add_argument("--verify-only", action="store_true",
                        help="Only compare.")


def _import(conf: cfg.ConfigOpts) -> int:
    with progress.patient_driver(conf) as driver, _source(conf) as source:
        if not conf.command.verify_only:
            result = importing.run(source, driver, progress.Progress())
            print(f"added {result.names} names, {result.providers} "
                  f"providers, {result.consumers} consumers; {result.known} "
                  "were there before")
        differences = _print_some(comparing.run(
            source, store.StoreSource(driver), progress.Progress()))
        # Each pass over the source tells of the same ones.
        problems = _print_some(f"left out: {line}" for line
                               in dict.fromkeys(source.problems))
        print(f"{differences} differences, {problems} left out")
        return FOUND if differences or problems else 0


def _source(conf: cfg.ConfigOpts) -> base.Source:
    """Return the source that the command line names."""
    given = conf.command
    if given.url:
        return api.APISource(client.Client(
            "placement", given.url, api.MICROVERSION, given.token))
    try:
        from tachyon.transfer import database
    except ModuleNotFoundError as exc:
        raise exception.TransferFailed(
            where="--database-connection",
            reason=f"{exc}: pip install tachyon[placement-import]") from exc
    return database.DatabaseSource(
        given.database_connection,
        conf.placement.incomplete_consumer_project_id,
        conf.placement.incomplete_consumer_user_id)


# --------------------------------------------------------------------- export
def _add_export(verbs: Any) -> None:
    parser = _add_verb(
        verbs, "export", _export,
        "Write the store's providers and allocations to a Placement, and "
        "compare both; or write the calls for an empty one to a file.")
    target = parser.add_mutually_exclusive_group(required=True)
    _add_endpoint(target, "--url", "The endpoint of a Placement that serves "
                  "microversion 1.38. What it has of these otherwise is "
                  "overwritten.")
    target.add_argument("--output", metavar="FILE",
                        help="A new file: one call a line, JSON.")
    _add_token(parser)


def _export(conf: cfg.ConfigOpts) -> int:
    with progress.patient_driver(conf) as driver:
        source = store.StoreSource(driver)
        if conf.command.output:
            _export_to_file(source, conf.command.output)
            return 0
        there = client.Client("placement", conf.command.url,
                              api.MICROVERSION, conf.command.token)
        target = api.APISource(there)
        exporter = exporting.Exporter(source, target, progress.Progress())
        count = 0
        for call in exporter.calls():
            answer = there.ask(call.method, call.path, call.body,
                               microversion=call.microversion)
            there.check(answer, call.method, call.path, *call.statuses)
            count += 1
        print(f"made {count} calls")
        differences = _print_some(comparing.run(
            source, target, progress.Progress(), generations=False))
        print(f"{differences} differences")
        return FOUND if differences else 0


def _export_to_file(source: base.Source, path: str) -> None:
    """Write all calls, or leave no file."""
    try:
        with files.made(path) as copy, open(
                copy, "w", encoding="utf-8") as file:
            exporter = exporting.Exporter(source, None, progress.Progress())
            for call in exporter.calls():
                file.write(call.to_json() + "\n")
    except OSError as exc:
        raise exception.TransferFailed(where=path,
                                       reason=exc.strerror) from exc


# ---------------------------------------------------------------------- audit
def _add_audit(verbs: Any) -> None:
    parser = _add_verb(
        verbs, "audit", _audit,
        "Look for allocations of consumers that Nova does not know, and for "
        "inventories whose use is not the sum of what is allocated.")
    _add_endpoint(parser, "--nova-url", "Nova's endpoint; without, only "
                  "inventories are looked at.")
    _add_token(parser)
    parser.add_argument("--resource-provider", "--resource_provider",
                        metavar="UUID",
                        help="Only what is allocated of this one.")
    parser.add_argument("--delete", action="store_true",
                        help="Delete these allocations, and count anew what "
                             "is counted wrong.")


def _audit(conf: cfg.ConfigOpts) -> int:
    given = conf.command
    nova = None
    if given.nova_url:
        nova = nova_module.Nova(client.Client(
            "compute", given.nova_url, nova_module.MICROVERSION,
            given.token))
    with progress.patient_driver(conf) as driver:
        try:
            findings = audit.find(driver, nova, given.resource_provider)
        except exception.ResourceProviderNotFound as exc:
            command.complain("tachyon-manage", exc)
            return INVALID
        for line in findings.lines():
            print(line)
        if not findings:
            return 0
        if not given.delete:
            return FOUND
        changed = audit.mend(driver, findings)
        for consumer in changed:
            print(f"tachyon-manage: consumer {consumer.uuid} was changed "
                  "meanwhile, and left alone", file=sys.stderr)
        return FAILED if changed else DELETED


# ------------------------------------------------------------------- together
def _print_some(lines: Iterable[str]) -> int:
    """Print the first of some lines, and return how many there are."""
    count = 0
    for count, line in enumerate(lines, start=1):
        if count <= MOST_LINES:
            print(line)
    if count > MOST_LINES:
        print(f"... and {count - MOST_LINES} more")
    return count
