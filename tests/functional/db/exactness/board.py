"""What the processes of a trial tell each other, in shared memory.

A writer says what it is about to write, and afterwards that it was
acknowledged. A reader looks at the second before it asks the store, and at
the first after it was answered: what it was shown must lie between.
"""

from multiprocessing import context
from typing import Any

import numpy as np

_CONTROLS = ("stop", "pause", "away", "era", "round")


class Board:
    """Arrays of int64 that every process sees.

    ``intents`` and ``acks`` have an entry a register: the turn that is being
    written, and the last one that was acknowledged. ``paused`` has one a
    writer. Of the readers' entries, ``reads`` counts answers, ``loads`` how
    often a view was loaded whole, ``expired`` how often for its cursor, and
    ``compared`` is the last round in which a view was found equal to the
    store.
    """

    def __init__(self, mp: context.BaseContext, registers: int, writers: int,
                 readers: int):
        self._raw: dict[str, Any] = {
            name: mp.RawArray("q", size) for name, size in (
                ("control", len(_CONTROLS)), ("acks", registers),
                ("intents", registers), ("paused", writers),
                ("transfers", writers), ("reads", readers),
                ("loads", readers), ("expired", readers),
                ("compared", readers))}
        self._bind()

    def _bind(self) -> None:
        self._arrays = {name: np.frombuffer(raw, np.int64)
                        for name, raw in self._raw.items()}

    def __getstate__(self) -> dict[str, Any]:
        return self._raw

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._raw = state
        self._bind()

    def __getattr__(self, name: str) -> Any:
        """Return an array, or the value of a control."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name in _CONTROLS:
            return self._arrays["control"].item(_CONTROLS.index(name))
        return self._arrays[name]

    def set(self, control: str, value: int) -> None:
        self._arrays["control"][_CONTROLS.index(control)] = value
