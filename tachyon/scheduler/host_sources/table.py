"""Nodes in columns: what filters look at for all hosts at once.

A column of numbers is an array. Any other column is coded: an index for each
node into the values that there are, so that a rule is asked once a value and
not once a host. A cloud of 10,000 hosts has a few models of them.

A table never changes. ``replace`` makes the next one, and carries over each
column that somebody has asked for, at the price of the nodes that changed.
"""

import dataclasses
import operator
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tachyon.scheduler.host_sources import node as node_module

# A coded column that has more values than that for each node has mostly old
# ones: it is made anew.
VALUES_PER_NODE = 2

Read = Callable[[node_module.Node], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Coded:
    """One value for each of several hosts: ``values[codes[i]]``."""

    values: Sequence[Any]
    codes: npt.NDArray[np.int32]

    def __getitem__(self, index: int) -> Any:
        return self.values[self.codes[index]]

    def at(self, indices: npt.NDArray[np.integer[Any]]) -> "Coded":
        """Return some of them, in the order of the indices."""
        return Coded(self.values, self.codes[indices])

    def each(self, ask: Callable[[Any], Any],
             dtype: npt.DTypeLike = np.bool_) -> npt.NDArray[Any]:
        """Return what ``ask`` says of each host's value. It is asked once
        for each value that some host has."""
        answers = np.zeros(len(self.values), dtype)
        for code in self.present():
            answers[code] = ask(self.values[code])
        return np.asarray(answers[self.codes])

    def present(self) -> list[int]:
        """Return the codes that some host has, ascending."""
        found = np.zeros(len(self.values), np.bool_)
        found[self.codes] = True
        return np.flatnonzero(found).tolist()


class Table:
    """All nodes of a source at one moment, by index.

    Columns have one entry more than there are nodes: index -1 finds in it
    what ``node.UNKNOWN`` has. ``topology`` is another object when there may
    be other nodes, or other hosts of them, than before.
    """

    def __init__(self, nodes: Sequence[node_module.Node],
                 topology: object | None = None,
                 columns: Mapping[str, tuple[Read, Any]] | None = None,
                 by_host: Mapping[str, Sequence[int]] | None = None) -> None:
        # Not copied once more where they are: there are thousands.
        self.nodes: Sequence[node_module.Node] = (
            nodes if nodes and nodes[-1] is node_module.UNKNOWN
            else (*nodes, node_module.UNKNOWN))
        self.topology = topology or object()
        # Two readers may both make one: they get the same.
        self._columns: dict[str, tuple[Read, Any]] = dict(columns or {})
        self._by_host = by_host

    def __len__(self) -> int:
        return len(self.nodes) - 1

    def at_host(self, host: str) -> Sequence[int]:
        """Return the indices of the nodes of a service host."""
        if self._by_host is None:
            by_host: dict[str, list[int]] = {}
            for index, node in enumerate(self.nodes[:-1]):
                by_host.setdefault(node.host, []).append(index)
            self._by_host = by_host
        return self._by_host.get(host, ())

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """Return an attribute of each node, float64[n + 1]; None is 0."""
        known = self._columns.get(name)
        if known is None:
            read = operator.attrgetter(name)
            known = self._columns[name] = read, np.array(
                [read(node) or 0 for node in self.nodes], np.float64)
        found: npt.NDArray[np.float64] = known[1]
        return found

    def coded(self, name: str, read: Read | None = None) -> Coded:
        """Return what ``read`` says of each node: by default the attribute.

        Its values are hashable. It is kept under ``name``, with which always
        the same ``read`` is given.
        """
        key = f"coded {name}"
        known = self._columns.get(key)
        if known is None:
            read = read or operator.attrgetter(name)
            known = self._columns[key] = read, _code(self.nodes, read)
        found: Coded = known[1]
        return found

    def replace(self, changed: Mapping[int, node_module.Node]) -> "Table":
        """Return a table with other nodes at some indices, of the same uuids
        and hosts."""
        nodes = list(self.nodes)
        for index, node in changed.items():
            nodes[index] = node
        columns = {}
        for key, (read, column) in tuple(self._columns.items()):
            renewed = (_recode(column, read, changed)
                       if isinstance(column, Coded)
                       else _renew(column, read, changed))
            if renewed is not None:
                columns[key] = read, renewed
        return Table(nodes, self.topology, columns, self._by_host)


def _renew(column: npt.NDArray[np.float64], read: Read,
           changed: Mapping[int, node_module.Node]
           ) -> npt.NDArray[np.float64]:
    renewed = column.copy()
    for index, node in changed.items():
        renewed[index] = read(node) or 0
    return renewed


def _code(nodes: Sequence[node_module.Node], read: Read) -> Coded:
    ids: dict[Hashable, int] = {}
    codes = np.array([ids.setdefault(read(node), len(ids))
                      for node in nodes], np.int32)
    return Coded(tuple(ids), codes)


def _recode(column: Coded, read: Read,
            changed: Mapping[int, node_module.Node]) -> Coded | None:
    """Return the column with some values changed, None to make it anew."""
    values = {index: read(node) for index, node in changed.items()}
    if all(column[index] == value for index, value in values.items()):
        return column
    ids = {value: code for code, value in enumerate(column.values)}
    codes = column.codes.copy()
    for index, value in values.items():
        codes[index] = ids.setdefault(value, len(ids))
    if len(ids) > VALUES_PER_NODE * len(codes):
        return None
    return Coded(tuple(ids), codes)
