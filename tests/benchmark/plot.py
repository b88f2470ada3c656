"""The curves: latency over hosts, and claims over clients."""

import dataclasses
import pathlib


@dataclasses.dataclass
class Curves:
    """By the name of a curve: by hosts (or clients), milliseconds of an
    answer and of CPU (claims a second; seconds to the first answer; megabytes
    of a process)."""

    latency: dict[str, dict[int, float]] = dataclasses.field(
        default_factory=dict)
    cpu: dict[str, dict[int, float]] = dataclasses.field(
        default_factory=dict)
    claims: dict[str, dict[int, float]] = dataclasses.field(
        default_factory=dict)
    ready: dict[str, dict[int, float]] = dataclasses.field(
        default_factory=dict)
    memory: dict[str, dict[int, float]] = dataclasses.field(
        default_factory=dict)


def draw(curves: Curves, directory: pathlib.Path) -> None:
    """Write ``latency.svg`` and ``claims.svg``, if there is such a curve."""
    if not (curves.latency or curves.claims):
        return
    # Only who draws needs it.
    from matplotlib import pyplot

    # No dates and no chance in the files: the same figures, the same bytes.
    pyplot.rcParams["svg.hashsalt"] = "tachyon"
    for name, lines, across, up in (
            ("latency", curves.latency, "hosts", "p50, ms"),
            ("claims", curves.claims, "clients", "claims a second")):
        if not lines:
            continue
        figure, axes = pyplot.subplots(figsize=(7, 4))
        for label, points in lines.items():
            axes.plot(list(points), list(points.values()), marker="o",
                      label=label)
        axes.set(xlabel=across, ylabel=up, xscale="log", yscale="log")
        ticks = sorted({x for points in lines.values() for x in points})
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
        axes.legend()
        figure.savefig(directory / f"{name}.svg", bbox_inches="tight",
                       metadata={"Date": None})
        pyplot.close(figure)
