"""What the comparison finds, and what it lets through: so that it is none
that finds nothing."""

import copy
import json

from oslotest import base
from werkzeug import wrappers

from tests.functional.differential import compare
from tests.functional.differential import world

HEADERS = {"OpenStack-API-Version": "placement 1.39",
           "Vary": "OpenStack-API-Version", "Cache-Control": "no-cache"}
ERROR = {"errors": [{"status": 409, "title": "Conflict", "detail": "No.",
                     "code": "placement.concurrent_update",
                     "request_id": "req-1"}]}
ASKED = [("resources", "VCPU:1"), ("resources1", "VGPU:1")]


def answer(body=None, status=200, **headers):
    """Return an answer of JSON; a header that is None is not there."""
    response = wrappers.Response(json.dumps(body), status,
                                 content_type="application/json")
    for name, value in {**HEADERS, **headers}.items():
        if value is not None:
            response.headers[name] = value
    return response


def candidates(*hosts, shared=None, **amounts):
    """Return candidates, each with everything on one host."""
    amounts = amounts or {"VCPU": 1, "VGPU": 1}
    return {"allocation_requests": [
        {"allocations": {host: {"resources": amounts}}} for host in hosts],
        "provider_summaries": {host: {
            "resources": {}, "traits": [
                "MISC_SHARES_VIA_AGGREGATE"] if host == shared else []}
            for host in hosts}}


class CompareTestCase(base.BaseTestCase):

    def compare(self, theirs, ours, query=(), everything=None, **more):
        request = world.Request("GET", "/allocation_candidates", list(query))
        request.headers.update(more)
        return compare.compare(request, theirs, ours,
                               lambda request: answer(everything))

    def assert_same(self, theirs, ours, *args):
        verdict = self.compare(theirs, ours, *args)
        self.assertEqual((compare.SAME, []),
                         (verdict.name, verdict.differences))

    def assert_different(self, theirs, ours, *args):
        verdict = self.compare(theirs, ours, *args)
        self.assertEqual(1, len(verdict.differences), verdict)

    def test_order_and_texts_do_not_count(self):
        self.assert_same(answer({"traits": ["A", "B"], "x": 1}),
                         answer({"x": 1, "traits": ["B", "A"]}))
        ours = copy.deepcopy(ERROR)
        ours["errors"][0].update(detail="Nein.", request_id="req-2")
        self.assert_same(answer(ERROR, 409, Vary=None), answer(ours, 409))

    def test_bodies(self):
        self.assert_different(answer({"x": 1}), answer({"x": 2}))
        self.assert_different(answer({"x": [1]}), answer({"x": [1, 1]}))
        for name in ("code", "title", "status"):
            ours = copy.deepcopy(ERROR)
            ours["errors"][0][name] = "other"
            self.assert_different(answer(ERROR, 409), answer(ours, 409))

    def test_status(self):
        self.assert_different(answer({}, 200), answer({}, 201))
        self.assert_different(answer({}, 404), answer({}, 500))

    def test_headers(self):
        for name in (*HEADERS, "Location", "Last-Modified", "Allow", "Extra"):
            self.assert_different(answer({}, **{name: "x"}),
                                  answer({}, **{name: None}))
        self.assert_different(answer({}, Location="/a"),
                              answer({}, Location="/b"))
        self.assert_same(answer({}, Allow="GET, PUT"),
                         answer({}, Allow="PUT,GET"))

    def test_candidates(self):
        self.assert_same(answer(candidates("a", "b")),
                         answer(candidates("b", "a")), ASKED)
        for ours in (candidates("a"), candidates("a", "b", "c"),
                     candidates("a", "c"), candidates("a", "b", shared="a")):
            self.assert_different(answer(candidates("a", "b")), answer(ours),
                                  ASKED)

    def test_candidates_with_a_limit(self):
        limited = [*ASKED, ("limit", "1")]
        some, all_ = candidates("a", "b"), candidates("a", "b", "c")
        self.assert_same(answer(some), answer(candidates("b", "c")), limited,
                         all_)
        for ours in (candidates("a"), candidates("a", "x")):
            self.assert_different(answer(some), answer(ours), limited, all_)

    def test_purposes(self):
        none = {"allocation_requests": [], "provider_summaries": {}}
        unknown = {"errors": [{"detail": "No such trait X"}]}
        odd = {"errors": [{"detail": "'x' does not match any of the regexes: "
                                     "'^[A-Z0-9_]+$'"}]}
        twice = [("resources1", "VCPU:1"), ("resources2", "VCPU:2")]
        wrong = candidates("a", VCPU=3)
        wrong["allocation_requests"] += (
            candidates("a", VCPU=4)["allocation_requests"])
        shared = candidates("a", "b", shared="b")
        for name, *args in (
                ("could not", answer({}, 500), answer({}, 200)),
                ("unknown name", answer(none), answer(unknown, 400)),
                ("odd class", answer({}, 409), answer(odd, 400)),
                ("more candidates", answer(candidates("a")), answer(shared),
                 ASKED),
                ("wrong amounts", answer(wrong),
                 answer(candidates("a", VCPU=3)), twice)):
            verdict = self.compare(*args)
            self.assertEqual((name, []), (verdict.name, verdict.differences))
        verdict = self.compare(answer({}, 403), answer({}, 401),
                               **{"X-Auth-Token": ""})
        self.assertEqual("no token", verdict.name)
        verdict = compare.compare(world.Request("GET", ""), answer({}, 401),
                                  answer({}), None)
        self.assertEqual("open root", verdict.name)
