"""``tachyon-manage explain``: why a server is where it is, or nowhere.

Exit codes are those of ``tachyon-manage``.
"""

import argparse
from collections.abc import Iterable, Mapping
from typing import Any

import prettytable
from oslo_config import cfg

from tachyon import exception
from tachyon.cmd import command
from tachyon.db import models


def add_commands(
        commands: "argparse._SubParsersAction[argparse.ArgumentParser]"
        ) -> None:
    """Add the verb ``explain`` to the commands of ``tachyon-manage``."""
    text = ("Tell how it was decided where a server or an instance runs: who "
            "was in question, and what removed the others.")
    parser = commands.add_parser("explain", help=text, description=text)
    parser.set_defaults(run=_explain)
    parser.add_argument("consumer", metavar="UUID",
                        help="Of a server of nova's, or of an instance.")
    parser.add_argument("--all", action="store_true",
                        help="Tell of all decisions that are kept, newest "
                             "first; by default of the last one.")


def _explain(conf: cfg.ConfigOpts) -> int:
    with command.driver(conf) as driver:
        found = driver.decisions.list(
            consumer_uuid=conf.command.consumer,
            limit=1000 if conf.command.all else 1)
    if not found:
        raise exception.RequestNotFound(
            f"No decision on {conf.command.consumer} is kept.")
    print("\n\n".join(map(_tell, found)))
    return 0


def _tell(decision: models.Decision) -> str:
    document = decision.document
    lines = [f"{decision.request_id}  {decision.created_at}  "
             f"{decision.verdict}", str(document["summary"])]
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
    return "\n".join(lines)


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
