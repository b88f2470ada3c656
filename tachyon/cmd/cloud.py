"""``tachyon-manage cloud``: clouds to try and to measure things with.

Exit codes are those of ``tachyon-manage``; and 130, it was interrupted.
"""

import argparse
import sys

from oslo_config import cfg

from tachyon.cmd import progress
from tachyon.db import base
from tachyon.transfer import generated
from tachyon.transfer import importing

FAILED = 1


def add_commands(
        commands: "argparse._SubParsersAction[argparse.ArgumentParser]"
        ) -> None:
    """Add the noun ``cloud`` to the commands of ``tachyon-manage``."""
    text = "Make clouds to try things with."
    parser = commands.add_parser("cloud", help=text, description=text)
    verbs = parser.add_subparsers(metavar="ACTION", required=True)
    text = ("Fill an empty store with a made-up cloud. The same arguments "
            "make the same cloud.")
    verb = verbs.add_parser("generate", help=text, description=text)
    verb.set_defaults(run=progress.interruptible(
        _generate, "with --add, it goes on when it is run again"))
    verb.add_argument("--hosts", metavar="N", type=_count, required=True,
                      help="So many hosts.")
    verb.add_argument("--shape", choices=generated.SHAPES, default="flat",
                      help="; ".join(f"{name}: {text}" for name, text
                                     in generated.SHAPES.items())
                      + ". By default flat.")
    verb.add_argument("--fill", metavar="PCT", type=_percentage, default=0,
                      help="Put instances onto each host until the next would "
                           "take more than so many percent of its "
                           "processors, memory or disk. By default none.")
    verb.add_argument("--add", action="store_true",
                      help="Add to what the store has. What is there of this "
                           "cloud stays as it is.")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def _percentage(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 100")
    return number


# argparse names them so, when the text is no number at all.
_count.__name__ = "number"
_percentage.__name__ = "percentage"


def _generate(conf: cfg.ConfigOpts) -> int:
    given = conf.command
    cloud = generated.GeneratedCloud(given.hosts, given.shape, given.fill)
    with progress.patient_driver(conf) as driver:
        if not given.add and _has_providers(driver):
            print("tachyon-manage: the store has providers already; --add "
                  "adds to them", file=sys.stderr)
            return FAILED
        result = importing.run_blindly(cloud, driver, progress.Progress())
    print(f"added {result.names} names, {result.providers} providers, "
          f"{result.consumers} consumers; {result.known} were there before")
    return 0


def _has_providers(driver: base.DataDriverBase) -> bool:
    _cursor, pages = driver.snapshot()
    return any(pages)
