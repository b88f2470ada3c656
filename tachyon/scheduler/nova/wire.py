"""nova's versioned objects as they travel: dicts in envelopes.

An envelope names an object, its version, and the fields that are set. They
are read by name: fields that are not known here are left alone, those that
are not there have a default. So newer minor versions are read like the known
ones, and nova itself is not needed.

Of a ``CellMapping`` nothing but ``uuid`` and ``name`` is ever read: it carries
the URLs of databases and brokers, with their passwords.
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from tachyon import exception

_T = TypeVar("_T")
_E = TypeVar("_E", bound=enum.StrEnum)
_Dict = dict[str, Any]

_NAME = "nova_object.name"
_NAMESPACE = "nova_object.namespace"
_VERSION = "nova_object.version"
_DATA = "nova_object.data"
_CHANGES = "nova_object.changes"

# Another major version means other fields. All others have the first.
MAJORS = {"Instance": "2", "InstanceList": "2"}
_OPEN_FIELDS = {"CellMapping": ("uuid", "name")}
# What nova nests is not a tenth as deep.
DEPTH_MAX = 40


class Fields:
    """The fields of one object. ``name`` says where it stands, for errors.

    Whatever is read and is not of its kind raises ``MalformedMessage``.
    """

    def __init__(self, name: str, values: Mapping[str, Any]):
        self.name = name
        self._values = values

    def raw(self, field: str) -> Any:
        """Return a field as it travels, None if it is not set."""
        return self._values.get(field)

    def text(self, field: str) -> str | None:
        value = self.raw(field)
        if value is not None and not isinstance(value, str):
            raise self.refuse(field, "no text")
        return value

    def whole(self, field: str, default: int = 0) -> int:
        """Return a whole number that is not negative."""
        value = self.raw(field)
        if value is None:
            return default
        if type(value) is not int or value < 0:
            raise self.refuse(field, "no amount")
        return value

    def integer(self, field: str) -> int | None:
        """Return a whole number, which may be negative."""
        value = self.raw(field)
        if value is not None and type(value) is not int:
            raise self.refuse(field, "no whole number")
        return value

    def one_of(self, field: str, words: type[_E], default: _E) -> _E:
        """Return one of some words."""
        value = self.text(field)
        if value is None:
            return default
        try:
            return words(value)
        except ValueError:
            raise self.refuse(
                field, f"none of {', '.join(words)}") from None

    def flag(self, field: str) -> bool:
        value = self.raw(field)
        if value is not None and not isinstance(value, bool):
            raise self.refuse(field, "neither true nor false")
        return bool(value)

    def items(self, field: str) -> Sequence[Any]:
        """Return a list, empty if it is null or not set."""
        value = self.raw(field)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.refuse(field, "no list")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """Return a list, or a set, of texts."""
        values = self.items(field)
        if not all(isinstance(value, str) for value in values):
            raise self.refuse(field, "no list of texts")
        return tuple(values)

    def wholes(self, field: str) -> tuple[int, ...]:
        """Return a list, or a set, of numbers that are not negative."""
        values = self.items(field)
        if not all(type(value) is int and value >= 0 for value in values):
            raise self.refuse(field, "no list of numbers")
        return tuple(values)

    def text_lists(self, field: str) -> tuple[tuple[str, ...], ...]:
        """Return a list of lists of texts."""
        values = self.items(field)
        if not all(isinstance(value, list)
                   and all(isinstance(each, str) for each in value)
                   for value in values):
            raise self.refuse(field, "no list of lists of texts")
        return tuple(map(tuple, values))

    def mapping(self, field: str) -> Mapping[str, Any]:
        """Return a dict, empty if it is null or not set."""
        value = self.raw(field)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.refuse(field, "no mapping")
        return value

    def object(self, field: str, name: str) -> "Fields | None":
        """Return the fields of an object, None if it is null or not set."""
        value = self.raw(field)
        return None if value is None else read(
            value, name, f"{self.name}.{field}")

    def made(self, field: str, name: str,
             make: "Callable[[Fields], _T]") -> _T | None:
        """Return what ``make`` makes of an object, None if there is none."""
        found = self.object(field, name)
        return None if found is None else make(found)

    def objects(self, field: str, name: str) -> "list[Fields]":
        """Return the fields of each object of a list."""
        return [read(value, name, f"{self.name}.{field}")
                for value in self.items(field)]

    def listed(self, field: str, list_name: str, name: str
               ) -> "list[Fields]":
        """Return the fields of each object of a list object."""
        found = self.object(field, list_name)
        return [] if found is None else found.objects("objects", name)

    def plain(self) -> dict[str, Any]:
        """Return all fields that are set, without envelopes.

        :raises MalformedMessage: it is nested too deeply.
        """
        return {name: plain(value) for name, value in self._values.items()}

    def refuse(self, field: str, reason: str) -> exception.MalformedMessage:
        """Return the error that says what a field is."""
        return exception.MalformedMessage(
            reason=f"{self.name}.{field} is {reason}")


def is_a(primitive: Any, name: str) -> bool:
    """Return whether it is an object of this name, whatever its version."""
    return isinstance(primitive, dict) and primitive.get(_NAME) == name


def read(primitive: Any, name: str, where: str | None = None) -> Fields:
    """Return the fields of an object of this name.

    :raises MalformedMessage: it is something else, or of a major version that
        is not known.
    """
    where = where or name
    if not is_a(primitive, name):
        raise exception.MalformedMessage(reason=f"{where} is no {name}")
    version = primitive.get(_VERSION)
    major = version.partition(".")[0] if isinstance(version, str) else None
    if major != MAJORS.get(name, "1"):
        raise exception.MalformedMessage(
            reason=f"{where} is a {name} of version {str(version)[:20]}")
    data = primitive.get(_DATA)
    if not isinstance(data, dict):
        raise exception.MalformedMessage(reason=f"{where} has no fields")
    return Fields(where, data)


def minor(primitive: Any) -> int:
    """Return the minor version of an object that was read."""
    tail = str(primitive[_VERSION]).partition(".")[2]
    return int(tail) if tail.isdigit() else 0


def plain(value: Any) -> Any:
    """Return a value without envelopes: dicts, lists, texts, numbers.

    :raises MalformedMessage: it is nested too deeply.
    """
    return _copied(value, lambda envelope, shown: shown)


def sealed(value: Any) -> Any:
    """Return a copy of a value as it travels, without what is never read.

    :raises MalformedMessage: it is nested too deeply.
    """
    return _copied(value, lambda envelope, shown: (
        envelope if len(shown) == len(envelope[_DATA])
        else {**envelope, _DATA: shown, _CHANGES: []}))


def _copied(value: Any, opened: Callable[[_Dict, _Dict], _Dict],
            depth: int = DEPTH_MAX) -> Any:
    """Return a copy, in which there is for each envelope what ``opened`` has
    for it and those of its fields that are read."""
    if not depth:
        raise exception.MalformedMessage(reason="an object is nested too "
                                                "deeply")
    if isinstance(value, list):
        return [_copied(each, opened, depth - 1) for each in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get(_DATA), dict):
        names = _OPEN_FIELDS.get(value.get(_NAME, ""))
        value = opened(value, {name: each for name, each
                               in value[_DATA].items()
                               if names is None or name in names})
    return {name: _copied(each, opened, depth - 1)
            for name, each in value.items()}


def write(name: str, version: str, data: Mapping[str, Any]
          ) -> dict[str, Any]:
    """Return an object as nova reads it."""
    return {_NAME: name, _NAMESPACE: "nova", _VERSION: version,
            _DATA: dict(data), _CHANGES: sorted(data)}
