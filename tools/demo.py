"""The demo: a cloud of twelve hosts, three instances, and one refusal.

Starts tachyon-standalone in a directory of its own, loads the cloud through
the Placement API, boots instances through the instances API, shows where each
landed and why, and stops the server again. Exits 0 if all went as it should.
"""

import contextlib
import os
import pathlib
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import demo_cloud
import demo_server

BUILD_DEADLINE = 60.0
STEPS = 5

Body = dict[str, Any]
call, poll = demo_server.call, demo_server.poll


# ------------------------------------------------------------------ terminal
COLOR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(text: str, code: str) -> str:
    return f"\033[{code}m{text}\033[0m" if COLOR else text


def bold(text: str) -> str:
    return paint(text, "1")


def say(text: str = "") -> None:
    print(text, flush=True)


@contextlib.contextmanager
def step(number: int, text: str) -> Iterator[None]:
    """Show a step when it begins, and how long it took when it ends."""
    start = time.monotonic()
    head = f"[{number}/{STEPS}] {text} "
    print(head + "." * max(3, 66 - len(head)), end=" ", flush=True)
    try:
        yield
    except BaseException:
        say(paint("failed", "31"))
        raise
    say(paint(f"{time.monotonic() - start:.1f} s", "32"))


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column))
              for column in zip(heads, *rows, strict=True)]
    for i, row in enumerate([heads, *rows]):
        line = "  ".join(cell.ljust(width) for cell, width
                         in zip(row, widths, strict=True)).rstrip()
        say("  " + (bold(line) if i == 0 else line))
        if i == 0:
            say("  " + "  ".join("-" * width for width in widths))


# --------------------------------------------------------------------- cloud
def load_cloud(port: int) -> None:
    """Load the sample cloud as nova, or an operator, would."""
    for trait in demo_cloud.CUSTOM_TRAITS:
        call(port, "PUT", f"/traits/{trait}")
    for provider in demo_cloud.providers():
        body: Body = {"name": provider.name, "uuid": provider.uuid}
        if provider.parent:
            body["parent_provider_uuid"] = provider.parent
        path = f"/resource_providers/{provider.uuid}"
        generation = call(port, "POST", "/resource_providers",
                          body)["generation"]
        for what, content in (
                ("inventories", provider.inventories),
                ("traits", list(provider.traits)),
                ("aggregates", list(provider.aggregates))):
            if content:
                generation = call(port, "PUT", f"{path}/{what}", {
                    "resource_provider_generation": generation,
                    what: content})["resource_provider_generation"]


def boot(port: int, wish: demo_cloud.Wish) -> tuple[Body, Body]:
    """Create an instance; return it when it has landed or been refused, with
    the decision's document."""
    id = call(port, "POST", "/api/v1/instances", wish.body())["id"]

    def settled() -> Body | None:
        body = call(port, "GET", f"/api/v1/instances/{id}")
        return body if body["status"] != "BUILDING" else None

    instance = poll(settled, BUILD_DEADLINE, f"{wish.name} to be placed")
    if instance["status"] != wish.status:
        raise demo_server.DemoError(
            f"{wish.name} is {instance['status']}, not {wish.status}: "
            f"{instance['fault']}")
    return instance, call(port, "GET",
                          f"/api/v1/requests/{instance['request_id']}")


# --------------------------------------------------------------------- words
def why(document: Body) -> str:
    """Return a line that tells why an instance is where it is."""
    stages = document["funnel"]
    total = stages[0]["before"] if stages else 0
    gone = [f"{part['count']} {part['text']}"
            for stage in stages for part in stage["removed"]]
    fits = f"{stages[-1]['after'] if stages else 0} of {total} hosts fit"
    if gone:
        fits += f" ({', '.join(gone)})"
    votes = [f"{name.removesuffix('Weigher')} {vote['weighted']:.2f}"
             for name, vote in document["scores"][0]["weighers"].items()
             if vote["weighted"]]
    return (f"{fits}; the best by {' + '.join(votes)}" if votes
            else f"{fits}, equally well; drawn by lot")


def score_of(document: Body) -> str:
    return f"{document['scores'][0]['weight']:.2f}"


def show_placed(placed: list[tuple[Body, Body]]) -> None:
    say()
    table(("INSTANCE", "FLAVOR", "HOST", "SCORE", "STATE"),
          [(instance["name"], instance["flavor"], instance["host"],
            score_of(document), instance["status"])
           for instance, document in placed])
    say()
    say("  Why there:")
    width = max(len(instance["name"]) for instance, _ in placed)
    for instance, document in placed:
        say(f"  {instance['name'].ljust(width)}  {why(document)}")
    say()


def removal(part: Body) -> str:
    """Return how many hosts went for one reason, with some names."""
    names = part["examples"]
    more = ", ..." if part["count"] > len(names) else ""
    return (f"{part['count']} {part['text']}"
            + (f" ({', '.join(names)}{more})" if names else ""))


def show_refused(instance: Body, document: Body) -> None:
    say()
    say(f"  {instance['name']} is {paint(instance['status'], '33')}: "
        f"{instance['fault']}")
    say()
    rows = [(stage["stage"], str(stage["before"]), str(stage["after"]),
             "; ".join(map(removal, stage["removed"])))
            for stage in document["funnel"] if stage["before"]]
    table(("STAGE", "HOSTS IN", "OUT", "REMOVED"), rows)
    if document["nearest"]:
        nearest = document["nearest"][0]
        say()
        say(f"  Nearest to it: {nearest['host']} ("
            + "; ".join(reason["text"] for reason in nearest["reasons"])
            + ")")
    say()


def show_next(refused: Body) -> None:
    say(bold("Where to look next"))
    for what, text in (
            (".venv/bin/tachyon-standalone", "this server, to stay; then:"),
            ("http://127.0.0.1:8778/api/v1/docs", "the pages of its API"),
            ("GET /api/v1/requests/{id}", "a decision in full; above it was"),
            ("", refused["request_id"]),
            ("POST /api/v1/explain", "the same, and nothing is claimed"),
            ("doc/source/quickstart.rst", "the first steps by hand"),
            ("make test", "everything that is promised here, tried")):
        say(f"  {what:<35}{text}")


# ----------------------------------------------------------------------- run
def run(server: demo_server.Server) -> None:
    with step(1, f"Starting tachyon-standalone on {server.url}"):
        server.start()
    count = sum(provider.parent is None
                for provider in demo_cloud.providers())
    with step(2, f"Loading {count} hosts in 3 racks, as Placement clients do"):
        load_cloud(server.port)
    with step(3, "Waiting for the compute that serves them"):
        poll(lambda: any(
            service["binary"] == "tachyon-compute"
            and service["state"] == "up" for service
            in call(server.port, "GET", "/api/v1/services")["services"]),
            demo_server.START_DEADLINE, "tachyon-compute to report")
    placed = []
    with step(4, f"Booting {len(demo_cloud.WISHES)} instances"):
        for wish in demo_cloud.WISHES:
            placed.append(boot(server.port, wish))
    for wish in demo_cloud.WISHES:
        say(f"      {wish.name}: {wish.flavor}, {wish.about}")
    show_placed(placed)
    refused = demo_cloud.REFUSED
    with step(5, "Asking for one that fits nowhere"):
        instance, document = boot(server.port, refused)
    say(f"      {refused.name}: {refused.flavor}, {refused.about}")
    show_refused(instance, document)
    show_next(instance)


def interrupted(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        signal.signal(number, interrupted)
    start = time.monotonic()
    failure = None
    with tempfile.TemporaryDirectory(prefix="tachyon-demo-") as directory:
        server = demo_server.Server(pathlib.Path(directory))
        try:
            run(server)
        except KeyboardInterrupt:
            failure = "interrupted"
        except Exception as exc:
            failure = f"{type(exc).__name__}: {exc}"
        # A second Ctrl-C must not leave the server behind.
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        code = server.stop()
        if failure is None and code != 0:
            failure = ("tachyon-standalone did not stop" if code is None else
                       f"tachyon-standalone stopped with exit code {code}")
        if failure is not None:
            say()
            say(paint(f"The demo failed: {failure}", "31"))
            say("The end of the server's log:")
            say(server.log_tail() or "(it is empty)")
            return 1
    say()
    say(f"Done in {time.monotonic() - start:.1f} s. "
        "The server is stopped, and its state removed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
