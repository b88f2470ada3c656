"""Whether two answers say the same, apart from order and ids.

What differs on purpose is let through here, each with its reason.
"""

import json
from collections.abc import Mapping
from typing import Any

# These must be equal; of the others only whether they are there.
HEADERS = ("Content-Type", "OpenStack-API-Version", "Vary", "Location",
           "Cache-Control")


def parted(theirs: Any, ours: Any) -> bool:
    """Return whether the two know of different consumers from now on.

    Placement makes a consumer before it looks at what is allocated, and
    leaves it behind, at generation 0, if that is refused.
    """
    return ("expected 0 but got" in theirs.get_data(as_text=True)
            or ("expected null but got 0" in ours.get_data(as_text=True)
                and theirs.status_code != ours.status_code))


def differences(request: Any, theirs: Any, ours: Any) -> list[str]:
    """Return what is different; ``theirs`` and ``ours`` are responses of
    werkzeug's test client."""
    if theirs.status_code == 500:
        # Placement could not cope: what it means must be told properly.
        return [] if ours.status_code < 500 else ["500"]
    if _is_unknown_name(theirs, ours):
        return []
    if theirs.status_code != ours.status_code:
        return [f"status {theirs.status_code} {theirs.get_data()!r} is "
                f"{ours.status_code} {ours.get_data()!r}"]
    found = []
    for name in HEADERS:
        wanted, got = theirs.headers.get(name), ours.headers.get(name)
        if name == "Vary" and wanted is None and theirs.status_code >= 400:
            continue                    # Placement forgets it there
        if _header(name, wanted) != _header(name, got):
            found.append(f"{name}: {wanted!r} is {got!r}")
    if ("Last-Modified" in theirs.headers
            and "Last-Modified" not in ours.headers):
        found.append("Last-Modified")
    if _words(theirs.headers.get("Allow")) != _words(
            ours.headers.get("Allow")):
        found.append(f"Allow: {theirs.headers.get('Allow')} is "
                     f"{ours.headers.get('Allow')}")
    if not found and theirs.mimetype == "application/json":
        found += _bodies(request, theirs.json, ours.json)
    return found


def _is_unknown_name(theirs: Any, ours: Any) -> bool:
    """Placement does not look at all names if some narrowed it down to
    nothing before."""
    return (theirs.status_code == 200 and ours.status_code == 400
            and not any(theirs.json.values())
            and "No such" in ours.get_data(as_text=True))


def _header(name: str, value: str | None) -> str | None:
    if value is None:
        return None
    if name == "Vary":
        return value.lower()
    # The same type, with a character set that JSON has anyway.
    return value.split(";")[0]


def _words(value: str | None) -> set[str]:
    return set((value or "").replace(",", " ").split())


def _bodies(request: Any, theirs: Any, ours: Any) -> list[str]:
    if "errors" in theirs:
        wanted, got = (_error(body["errors"][0]) for body in (theirs, ours))
    elif "allocation_requests" in theirs:
        return _candidates(request, theirs, ours)
    else:
        wanted, got = normalise(theirs), normalise(ours)
    if wanted == got:
        return []
    return [f"body {json.dumps(wanted)} is {json.dumps(got)}"]


def _error(error: Mapping[str, Any]) -> dict[str, Any]:
    return {name: error.get(name) for name in (
        "status", "title", "code", "max_version", "min_version")}


def normalise(value: Any) -> Any:
    """Return JSON with its lists in one order: no list of the API has a
    meaning in its order."""
    if isinstance(value, dict):
        return {key: normalise(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(map(normalise, value),
                      key=lambda item: json.dumps(item, sort_keys=True))
    return value


def _candidates(request: Any, theirs: Any, ours: Any) -> list[str]:
    """Placement may have lost some; where a limit cuts, any will do."""
    if "limit=" in request.path:
        if len(theirs["allocation_requests"]) > len(
                ours["allocation_requests"]):
            return ["fewer candidates"]
        return []
    wanted, got = ({json.dumps(normalise(one), sort_keys=True)
                    for one in body["allocation_requests"]}
                   for body in (theirs, ours))
    found = []
    if wanted - got:
        found.append(f"candidates missing: {wanted - got}, "
                     f"there are {got}")
    extra = got - wanted
    if extra and not _may_be_lost(request, theirs, ours):
        found.append(f"candidates too many: {extra}, there are {wanted}")
    for uuid, summary in theirs["provider_summaries"].items():
        if normalise(summary) != normalise(
                ours["provider_summaries"].get(uuid)):
            found.append(f"summary {uuid}: {summary} is "
                         f"{ours['provider_summaries'].get(uuid)}")
    return found


def _may_be_lost(request: Any, theirs: Any, ours: Any) -> bool:
    """Where sharing providers take part, or groups ask for one class."""
    keys = request.path.partition("?")[2].split("&")
    asked = [part.partition(":")[0] for key in keys
             if key.startswith("resources")
             for part in key.partition("=")[2].split(",")]
    return len(asked) > len(set(asked)) or any(
        "MISC_SHARES_VIA_AGGREGATE" in summary.get("traits", ())
        for summary in ours["provider_summaries"].values())
