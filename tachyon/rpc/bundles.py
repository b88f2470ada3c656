"""Bundles: what several threads send the same way at once, in one message.

A message costs who sends it, the broker and who gets it about the same,
whatever is in it. So whoever finds nobody sending sends his own at once, as
it always was; who comes meanwhile goes with the others. In a bundle each
keeps its context, and gets its own answer.

Who answers knows bundles from some version of its interface on. From one that
does not, a bundle of calls comes back, and each goes by itself; a bundle of
casts gets lost, as any cast may. A call whose part of a bundle failed is made
again by itself, and gets its error that way: what is bundled must bear to be
asked twice.
"""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from typing import Any, TypeAlias

import oslo_messaging
from oslo_serialization import jsonutils

from tachyon import context as tachyon_context
from tachyon import exception
from tachyon import grouping
from tachyon.rpc import transport

LOG = logging.getLogger(__name__)

ALONE = "1.0"                           # version of what goes by itself
# Calls of one bundle that are answered at the same time.
THREADS = 32

# A method, the caller's context, and what it is called with.
_Opened: TypeAlias = tuple[Callable[..., Any], tachyon_context.RequestContext,
                           dict[str, Any]]

# What says of a call that it is to be made by itself.
_FAILED = object()


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Message:
    context: tachyon_context.RequestContext
    method: str
    args: Mapping[str, Any]

    def packed(self) -> dict[str, Any]:
        # As text the serializer need not look through the context.
        return {"context": jsonutils.dumps(self.context.to_durable_dict()),
                "method": self.method, "args": dict(self.args)}


class Sender:
    """Where the messages of a process to one target meet."""

    def __init__(self, client: oslo_messaging.RPCClient, version: str,
                 **target: Any):
        """``version`` is the first that knows bundles, and ``target`` as
        ``RPCClient.prepare`` takes it."""
        self._one = client.prepare(version=ALONE, **target)
        self._bundle = client.prepare(version=version, **target)
        self._calls = grouping.GroupCommit(self._call_all, self._call, _name)
        self._casts = grouping.GroupCommit(self._cast_all, self._cast, _name)

    def call(self, ctx: tachyon_context.RequestContext, method: str,
             **args: Any) -> Any:
        """Return the answer, or raise the error that is the answer."""
        message = _Message(ctx, method, args)
        answer = self._calls.do(message)
        return self._call(message) if answer is _FAILED else answer

    def cast(self, ctx: tachyon_context.RequestContext, method: str,
             **args: Any) -> None:
        """Return when the broker has it."""
        self._casts.do(_Message(ctx, method, args))

    # -------------------------------------------------------------- internals
    def _call(self, message: _Message) -> Any:
        return self._one.call(message.context, message.method, **message.args)

    def _cast(self, message: _Message) -> None:
        self._one.cast(message.context, message.method, **message.args)

    def _call_all(self, messages: Sequence[_Message]) -> Sequence[Any]:
        if len(messages) == 1:
            return [self._call(messages[0])]
        try:
            answers = self._bundle.call(
                messages[0].context, "call_all",
                calls=[message.packed() for message in messages])
        except Exception as exc:
            if transport.is_unanswered(exc):
                return [exc] * len(messages)
            raise grouping.Aborted(transport.tell(exc)) from exc
        return [answer.get("answer", _FAILED) for answer in answers]

    def _cast_all(self, messages: Sequence[_Message]) -> Sequence[Any]:
        if len(messages) == 1:
            self._cast(messages[0])
            return [None]
        try:
            self._bundle.cast(
                messages[0].context, "cast_all",
                casts=[message.packed() for message in messages])
        except Exception as exc:
            return [exc] * len(messages)
        return [None] * len(messages)


def _name(message: _Message) -> list[str]:
    """Return a name of a message's own: any of them go together."""
    return [str(id(message))]


class Receiver:
    """Opens bundles for the methods of an endpoint."""

    def __init__(self, methods: Mapping[str, Callable[..., Any]]):
        self._methods = methods
        self._pool = futures.ThreadPoolExecutor(
            max_workers=THREADS, thread_name_prefix="bundle")

    def call_all(self, context: tachyon_context.RequestContext,
                 calls: list[Any]) -> list[dict[str, Any]]:
        """Make all calls, at the same time; return for each a dict with its
        ``answer``, or without, where it failed.

        :raises MalformedMessage:
        """
        first, *others = self._open(calls)
        coming = [self._pool.submit(_answer, *each) for each in others]
        return [_answer(*first), *(each.result() for each in coming)]

    def cast_all(self, context: tachyon_context.RequestContext,
                 casts: list[Any]) -> None:
        """Do what all casts say, one after the other.

        :raises MalformedMessage:
        """
        for each in self._open(casts):
            _answer(*each)

    def _open(self, bundle: Sequence[Any]) -> list[_Opened]:
        opened: list[_Opened] = []
        for each in bundle:
            match each:
                case {"context": str(context), "method": str(method),
                      "args": dict(args)} if method in self._methods:
                    opened.append((self._methods[method], _read(context),
                                   args))
                case _:
                    raise exception.MalformedMessage(
                        reason="its bundle holds what is no message")
        if not opened:
            raise exception.MalformedMessage(reason="its bundle is empty")
        return opened


def _read(context: str) -> tachyon_context.RequestContext:
    try:
        return tachyon_context.RequestContext.from_durable_dict(
            jsonutils.loads(context))
    except Exception as exc:
        raise exception.MalformedMessage(
            reason=f"a context of its bundle can't be read: {exc!r}")


def _answer(method: Callable[..., Any],
            context: tachyon_context.RequestContext,
            args: dict[str, Any]) -> dict[str, Any]:
    # What is logged is about this one's request.
    context.update_store()
    try:
        return {"answer": method(context, **args)}
    except oslo_messaging.ExpectedException as exc:
        LOG.info("Part of a bundle failed: %s", exc.exc_info[1])
    except Exception:
        LOG.exception("Part of a bundle failed")
    return {}
