"""How calls look on the bus: the caller's context, and versioned objects."""

from typing import Any

import oslo_messaging
from oslo_versionedobjects import base as ovo_base

from tachyon import context
from tachyon import exception
from tachyon.objects import base


def _read_context(values: dict[str, Any]) -> context.RequestContext:
    """Return the caller's context, now also the thread's current one.

    :raises MalformedMessage:
    """
    try:
        return context.RequestContext.from_durable_dict(values)
    except Exception as exc:
        raise exception.MalformedMessage(
            reason=f"its context can't be read: {exc!r}")


class PlainSerializer(oslo_messaging.NoOpSerializer):
    """Leaves what is said as it travels, for who reads another program's
    messages. Of the context it takes what all of OpenStack has in common, and
    no token."""

    def deserialize_context(self, ctxt: dict[str, Any]
                            ) -> context.RequestContext:
        return _read_context({name: value for name, value in ctxt.items()
                              if name != "auth_token"})


class Serializer(ovo_base.VersionedObjectSerializer):
    """Takes contexts and objects apart, puts them together and checks them.

    What comes in and makes no sense raises ``MalformedMessage``. A token
    never travels: whoever needs one has one of its own.
    """

    OBJ_BASE_CLASS = base.TachyonObject

    def serialize_context(self, ctxt: context.RequestContext
                          ) -> dict[str, Any]:
        return ctxt.to_durable_dict()

    def deserialize_context(self, ctxt: dict[str, Any]
                            ) -> context.RequestContext:
        """Return the caller's context, now also the thread's current one.

        :raises MalformedMessage:
        """
        return _read_context(ctxt)

    def deserialize_entity(self, context: Any, entity: Any) -> Any:
        """Return what ``serialize_entity`` of the sender was given.

        :raises MalformedMessage:
        """
        try:
            if isinstance(entity, dict):
                _check_name(entity)
            entity = super().deserialize_entity(context, entity)
            if isinstance(entity, base.TachyonObject):
                entity.obj_check()
        except exception.MalformedMessage:
            raise
        except Exception as exc:
            raise exception.MalformedMessage(reason=f"{exc!r}")
        return entity


def _check_name(primitive: dict[str, Any]) -> None:
    name = primitive.get(f"{base.TachyonObject.OBJ_SERIAL_NAMESPACE}.name")
    if name is not None and name not in (
            base.TachyonObjectRegistry.obj_classes()):
        raise exception.MalformedMessage(reason=f"no object is named {name}")
