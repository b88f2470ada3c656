"""Ways in which a request can be wrong, or odd."""

import json
from typing import Any

from oslo_utils import uuidutils

from tests.functional.differential import world
from tests.functional.differential.world import Request
from tests.functional.differential.world import World

_NONSENSE: tuple[Any, ...] = (
    None, "", "x", -1, 0, 1.5, 2.0, [], {}, True, "CUSTOM_ä", "!!", 2 ** 31,
    2 ** 63, 10 ** 30, "x" * 300, "CUSTOM_" + "X" * 250, "a\nb", [[]],
    {"a": 1}, "\U0001f4a9", " ", "a\n")
_BODIES = (
    b"", b"{", b"[]", b"null", b"{} {}", b'"x"', b"1", b"\xff\xfe", b"{}",
    b"\xef\xbb\xbf{}", b'{"name": "\xe4"}', b'{"name": NaN}',
    b'{"name": "\\ud800"}', b"[" * 200, b"{'name': 'x'}", b'{"name": "x",}',
    b'{"name": "a", "name": "b", "uuid": "%s"}' % world.PROVIDERS[7].encode(),
    b'{"name": "\\u0000", "uuid": "%s"}' % world.PROVIDERS[7].encode())
_TYPES = ("text/plain", "application/json; charset=utf-8", "application/json;",
          "application/jsonx", "", None, "json",
          "application/json, text/plain")
_ACCEPTS = ("text/plain", "text/html", "application/json, */*;q=0.1", "*/*",
            "application/*", "application/json;q=0", "", "nonsense",
            "text/plain, application/json;q=0.5", "*/*;q=0",
            "Application/JSON")
_VERSIONS = (
    None, "placement latest", "placement 1.40", "placement 2.0",
    "placement 0.9", "placement 1", "placement 1.x", "placement", "",
    "compute 2.1", "compute 2.1, placement 1.10", "1.10", "placement  1.10",
    "PLACEMENT 1.10", "placement 1.10, placement 1.20", "placement -1.1",
    "placement 1.010", "placement 1.10 ", "latest", "placement 1.1.1")
CALLERS: tuple[dict[str, str | None], ...] = (
    {"X-Auth-Token": None}, {"X-Auth-Token": "", "X-Roles": None},
    {"X-Auth-Token": "alice", "X-Roles": None},
    {"X-Auth-Token": "alice:demo", "X-Roles": "reader"},
    {"X-Auth-Token": "alice:demo", "X-Roles": "member"},
    {"X-Auth-Token": "alice:demo", "X-Roles": "reader",
     "X-Project-Id": "other"},
    {"X-Auth-Token": "alice:demo", "X-Roles": "member", "X-Project-Id": ""},
    {"X-Auth-Token": "bob:other", "X-Roles": "admin"},
    {"X-Auth-Token": "bob:other", "X-Roles": "service"},
    {"X-Auth-Token": "admin", "X-Roles": None},
    {"X-Auth-Token": "admin:", "X-Roles": ""},
    {"X-Auth-Token": "alice", "X-Roles": "reader",
     "OpenStack-System-Scope": "all"},
    {"X-Auth-Token": "alice", "X-Roles": "admin",
     "OpenStack-System-Scope": "all"})
_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS")


def spoil(draw: World, request: Request) -> None:
    """Make something about a request wrong."""
    ways = [_accept, _method, _query, _path, _version, _caller]
    if request.body is not None:
        ways += [_body, _type, _value, _value, _value, _value]
    draw.any(*ways)(draw, request)


def _accept(draw: World, request: Request) -> None:
    request.headers["Accept"] = draw.any(*_ACCEPTS)


def _type(draw: World, request: Request) -> None:
    request.headers["Content-Type"] = draw.any(*_TYPES)


def _version(draw: World, request: Request) -> None:
    request.headers["OpenStack-API-Version"] = draw.any(*_VERSIONS)


def _caller(draw: World, request: Request) -> None:
    request.headers.update(draw.any(*CALLERS))


def _method(draw: World, request: Request) -> None:
    request.method = draw.any(*_METHODS)


def _body(draw: World, request: Request) -> None:
    request.body = draw.any(*_BODIES)


def _query(draw: World, request: Request) -> None:
    query = list(request.query)
    if query and draw.chance(0.5):
        where = draw.rng.randrange(len(query))
        key, value = query[where]
        query[where] = draw.any((key, ""), (key, "%ff"), (f"{key}X", value),
                                (key.upper(), value), (key, value + "+"),
                                (key, value + "%00"), (key, "%F0%9F%92%A9"))
        if draw.chance(0.3):
            query.insert(where, (key, value))
    else:
        query.insert(0, draw.any(("unknown", "x"), ("", ""), ("%ff", "x"),
                                 ("limit", "1"), ("name", "x"), ("a;b", "c"),
                                 ("uuid", world.PROVIDERS[0])))
    request.query = query
    if draw.chance(0.1):
        request.query = draw.any("&", "=", "a", "%", "name", "resources")


def _path(draw: World, request: Request) -> None:
    head, _, last = request.path.rpartition("/")
    parts = request.path.split("/")
    odd = draw.any("x", "%C3%A4", "%ff", "%2F", "%00", "a%20b", "{x}", "..",
                   world.PROVIDERS[0].upper(), "x" * 300,
                   world.PROVIDERS[0].replace("-", ""))
    if len(parts) > 2 and draw.chance(0.5):
        parts[2] = odd
    request.path = draw.any("/".join(parts), "/".join(parts),
                            f"{head}/{odd}", f"{request.path}/",
                            f"{request.path}/x", f"/{request.path}",
                            f"/{last.upper()}", f"{head}/%0A{last or 'x'}")


def _value(draw: World, request: Request) -> None:
    """Change what stands somewhere in the body."""
    body = json.loads(json.dumps(request.body))
    request.body = body
    spots = list(_spots(body))
    if not spots:
        return
    uuids = [spot for spot in spots if _is_uuid(spot)]
    if uuids and draw.chance(0.15):
        _respell(draw, *draw.any(*uuids))
        return
    inner, key = draw.any(*spots)
    way = draw.rng.randrange(4)
    if way == 0 and key != "uuid":      # or each makes up one of its own
        del inner[key]
    elif key == "name":                 # not an empty one: see the list
        inner[key] = draw.any(*filter(None, _NONSENSE), None)
    elif way == 1 and isinstance(inner, dict):
        inner[draw.any("more", "VCPU", world.PROVIDERS[0], "")] = (
            inner.pop(key) if draw.chance(0.5) else draw.any(*_NONSENSE))
    else:
        inner[key] = draw.any(*_NONSENSE)


def _is_uuid(spot: tuple[Any, Any]) -> bool:
    inner, key = spot
    return uuidutils.is_uuid_like(key) or uuidutils.is_uuid_like(inner[key])


def _respell(draw: World, inner: Any, key: Any) -> None:
    """Write a uuid in another way."""
    way = draw.any(str.upper, lambda uuid: uuid.replace("-", ""),
                   lambda uuid: f"{{{uuid}}}")
    if uuidutils.is_uuid_like(key):
        inner[way(key)] = inner.pop(key)
    else:
        inner[key] = way(inner[key])


def _spots(value: Any) -> Any:
    """Yield all that can be changed, with what it is in."""
    pairs = (value.items() if isinstance(value, dict)
             else enumerate(value) if isinstance(value, list) else ())
    for key, item in list(pairs):
        yield value, key
        yield from _spots(item)
