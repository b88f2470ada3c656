"""The caller of a request: who, in which project, under which request id."""

from typing import Any

from oslo_context import context


class RequestContext(context.RequestContext):
    """What travels with every call, cast and durable message."""

    def to_durable_dict(self) -> dict[str, Any]:
        """Return a dict fit for the store: everything but the token."""
        values = self.to_dict()
        values.pop("auth_token", None)
        return values

    @classmethod
    def from_durable_dict(cls, values: dict[str, Any]) -> "RequestContext":
        """Return the context that ``to_durable_dict`` described."""
        return cls.from_dict(values)


def get_admin_context(request_id: str | None = None) -> RequestContext:
    """Return the context of Tachyon's own periodic work.

    It does not replace the context of the thread that calls it.
    """
    return RequestContext(user_id="tachyon", roles=["admin", "service"],
                          is_admin=True, request_id=request_id,
                          overwrite=False)
