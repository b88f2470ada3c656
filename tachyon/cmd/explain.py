"""``tachyon-manage explain``: why a server is where it is, or nowhere; and
where one would be, and how many more.

Exit codes are those of ``tachyon-manage``.
"""

import argparse
import contextlib
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import prettytable
from oslo_config import cfg

from tachyon import context
from tachyon import exception
from tachyon.cmd import command
from tachyon.db import models

# Arguments that are fields of ``server`` in the API as they are.
_TEXTS = {
    "availability_zone": ("ZONE", "In this availability zone."),
    "host": ("HOST", "This service host is requested."),
    "node": ("NODE", "This node is requested."),
    "force_host": ("HOST", "This service host is forced."),
    "force_node": ("NODE", "This node is forced."),
    "project_id": ("ID", "For this project."),
}


def add_commands(
        commands: "argparse._SubParsersAction[argparse.ArgumentParser]"
        ) -> None:
    """Add the verb ``explain`` to the commands of ``tachyon-manage``."""
    text = ("Tell how it was decided where a server or an instance runs: who "
            "was in question, and what removed the others. Or, of a server "
            "of Nova's that nobody has asked for yet, how it would be.")
    parser = commands.add_parser("explain", help=text, description=text)
    parser.set_defaults(run=_explain)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("consumer", metavar="UUID", nargs="?",
                      help="Of a server of nova's, or of an instance.")
    what.add_argument("--flavor-file", metavar="PATH",
                      help="JSON: vcpus, memory_mb, root_gb, ephemeral_gb, "
                           "swap, extra_specs.")
    what.add_argument("--spec-file", metavar="PATH",
                      help="JSON: a RequestSpec as Nova sends it.")
    parser.add_argument("--all", action="store_true",
                        help="Tell of all decisions that are kept, newest "
                             "first; by default of the last one.")
    parser.add_argument("--capacity", action="store_true",
                        help="Of a server nobody has asked for: tell how "
                             "many more fit, and where.")
    more = parser.add_argument_group("with --flavor-file")
    more.add_argument("--image-file", metavar="PATH",
                      help="JSON: properties, min_disk, min_ram, "
                           "disk_format.")
    more.add_argument("--hint", metavar="KEY=VALUE", action="append",
                      default=[], help="A scheduler hint; may be repeated.")
    more.add_argument("--volume-backed", action="store_true",
                      help="Its root disk is a volume.")
    for name, (kind, help) in _TEXTS.items():
        more.add_argument(f"--{name.replace('_', '-')}", metavar=kind,
                          help=help)


def _explain(conf: cfg.ConfigOpts) -> int:
    given = conf.command
    if given.flavor_file or given.spec_file:
        print(_tell(_ask(conf, _question(given))))
        return 0
    if given.capacity:
        raise exception.TachyonException(
            "--capacity is for --flavor-file and --spec-file.")
    with command.driver(conf) as driver:
        found = driver.decisions.list(
            consumer_uuid=given.consumer, limit=1000 if given.all else 1)
    if not found:
        raise exception.RequestNotFound(
            f"No decision on {given.consumer} is kept.")
    print("\n\n".join(map(_tell_kept, found)))
    return 0


# ------------------------------------------------------------------ dry runs
def _question(given: argparse.Namespace) -> dict[str, Any]:
    """Return what the API would be sent."""
    if given.spec_file:
        return {"request_spec": _read(given.spec_file)}
    server = {name: value for name in _TEXTS
              if (value := getattr(given, name)) is not None}
    server["flavor"] = _read(given.flavor_file)
    if given.image_file:
        server["image"] = _read(given.image_file)
    if given.volume_backed:
        server["volume_backed"] = True
    hints: dict[str, list[str]] = {}
    for hint in given.hint:
        key, equals, value = hint.partition("=")
        if not equals:
            raise exception.TachyonException(
                f"--hint {hint}: it is not KEY=VALUE.")
        hints.setdefault(key, []).append(value)
    return {"server": {**server, "hints": hints}}


def _read(path: str) -> Any:
    try:
        return orjson.loads(pathlib.Path(path).read_bytes())
    except OSError as e:
        raise exception.TachyonException(f"{path}: {e.strerror}") from e
    except orjson.JSONDecodeError as e:
        raise exception.TachyonException(f"{path}: {e}") from e


def _ask(conf: cfg.ConfigOpts, question: Mapping[str, Any]
         ) -> Mapping[str, Any]:
    """Return the document of a dry run, made here: no daemon is needed."""
    # These take a second, which the other commands have no use for.
    from tachyon import deploy
    from tachyon.api.v1 import validation
    from tachyon.rpc import transport

    name = ("ExplainServerRequest" if "server" in question
            else "ExplainSpecRequest")
    question = validation.check(name, dict(question))
    transport.register_opts(conf)
    manager = deploy.make_scheduler_manager(conf)
    with contextlib.closing(manager):
        try:
            if manager.dry_runs is None:
                raise exception.TachyonException("[nova] enabled is off.")
            return manager.dry_runs.explain(
                context.get_admin_context(), question,
                capacity=conf.command.capacity)
        finally:
            manager.stop()


# ------------------------------------------------------------------- in words
def _tell_kept(decision: models.Decision) -> str:
    return (f"{decision.request_id}  {decision.created_at}  "
            f"{_tell(decision.document)}")


def _tell(document: Mapping[str, Any]) -> str:
    lines = [str(document["verdict"]), str(document["summary"])]
    if document.get("host"):
        lines.append(f"host: {document['host']}")
    lines += [f"lost to others: {each['host']}: {each['detail']}"
              for each in document.get("conflicts", ())]
    lines += _table(("Stage", "Before", "After", "Removed"),
                    ((row["stage"], row["before"], row["after"],
                      "\n".join(map(_removed, row["removed"])))
                     for row in document.get("funnel", ())))
    lines += _table(("Rank", "Host", "Weight", "Weighers"),
                    ((row["rank"], row["host"],
                      f"{row.get('weight', 0.0):.3f}", _weighers(row))
                     for row in document.get("scores", ())))
    lines += _table(("Nearest", "Misses"),
                    ((row["host"], "\n".join(
                        reason["text"] for reason in row["reasons"]))
                     for row in document.get("nearest", ())))
    if "capacity" in document:
        lines += _capacity(document["capacity"])
    return "\n".join(lines)


def _capacity(capacity: Mapping[str, Any]) -> list[str]:
    bounds = ", ".join(capacity["bounds"])
    lines = [f"{capacity['total']} more fit"
             + (f" (not exact: {bounds})" if bounds else "")]
    lines += _table(("Host", "UUID", "Fits"),
                    ((row["host"], row["uuid"], row["fits"])
                     for row in capacity["hosts"]))
    if capacity["truncated"]:
        lines.append("... and on more hosts than these")
    return lines


def _removed(reason: Mapping[str, Any]) -> str:
    names = ", ".join(reason["examples"])
    return f"{reason['count']} {reason['text']}" + (
        f" ({names})" if names else "")


def _weighers(row: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {each['weighted']:+.3f}" for name, each
        in row.get("weighers", {}).items() if each["weighted"])


def _table(names: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[str]:
    table = prettytable.PrettyTable(list(names), align="l")
    table.add_rows([list(row) for row in rows])
    return [table.get_string()] if table.rows else []
