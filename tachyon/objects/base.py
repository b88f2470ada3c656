"""What all versioned objects share: namespace, registry, validation.

Only what crosses the bus is a versioned object; inside a process, frozen
dataclasses do. An object knows no store: managers do.
"""

from typing import TYPE_CHECKING, Any

from oslo_versionedobjects import base


class TachyonObjectRegistry(base.VersionedObjectRegistry):
    """All classes that may come over the bus, by name and version."""


class TachyonObject(base.VersionedObject):
    """Base of all versioned objects. Equal if all their fields are.

    What is not given is the field's default, or None where that is allowed.
    A minor version may therefore add fields of these two kinds only: that is
    what an object of an older sender has in them.
    """

    OBJ_SERIAL_NAMESPACE = "tachyon_object"
    OBJ_PROJECT_NAMESPACE = "tachyon"

    if TYPE_CHECKING:
        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...

    def __init__(self, context: Any = None, **kwargs: Any) -> None:
        super().__init__(context, **kwargs)
        self.obj_set_defaults()
        for name, field in self.fields.items():
            if field.nullable and not self.obj_attr_is_set(name):
                setattr(self, name, None)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return all(getattr(self, name, None) == getattr(other, name, None)
                   for name in self.fields)

    __hash__ = None  # type: ignore[assignment]

    def obj_check(self) -> None:
        """Check all values of an object that came from outside.

        :raises ValueError: one is missing, or is not fit for its field.
        """
        for name, field in self.fields.items():
            if not self.obj_attr_is_set(name):
                raise ValueError(f"{self.obj_name()} without {name}")
            try:
                value = field.coerce(self, name, getattr(self, name))
            except (TypeError, ValueError) as exc:
                raise ValueError(
                    f"{self.obj_name()} with a bad {name}: {exc}") from None
            for item in value if isinstance(value, list) else (value,):
                if isinstance(item, TachyonObject):
                    item.obj_check()


class TachyonObjectList(base.ObjectListBase[Any], TachyonObject):
    """Base of lists: one field ``objects``, and behaves like a list itself."""
