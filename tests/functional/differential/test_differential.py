"""Placement 16 and Tachyon are asked the same, and must answer the same.

Both run in process, on SQLite. A failure prints its seed, and all that was
asked; ``TACHYON_DIFFERENTIAL_SEED`` starts from another, and
``TACHYON_DIFFERENTIAL_SEQUENCES`` asks more.
"""

import itertools
import os
import random

from oslotest import base as oslotest_base
from placement.tests.functional.fixtures import gabbits
from werkzeug import test as werkzeug_test

from tests import base
from tests.functional.differential import compare
from tests.functional.differential import world
from tests.functional.placement import base as placement_base

SEQUENCES = int(os.environ.get("TACHYON_DIFFERENTIAL_SEQUENCES", "40"))
REQUESTS = 50                           # of each, once something is there
SEED = int(os.environ.get("TACHYON_DIFFERENTIAL_SEED", "0"))


class Peer:
    """One of the two, as its clients see it."""

    def __init__(self, application):
        self._client = werkzeug_test.Client(application)

    def ask(self, request):
        headers = {"X-Auth-Token": "admin", "X-Roles": "admin,service",
                   "OpenStack-API-Version": f"placement {request.version}",
                   **request.headers}
        body = request.body
        more = {}
        if isinstance(body, bytes):
            more["data"] = body
            headers.setdefault("Content-Type", "application/json")
        elif body is not None:
            more["json"] = body
            if "Content-Type" in headers:
                more = {"data": werkzeug_test.EnvironBuilder.json_dumps(body)}
        return self._client.open(request.path, method=request.method,
                                 headers=headers, **more)

    def look(self, path):
        answer = self.ask(world.Request("GET", path, "1.39"))
        return answer.json if answer.status_code == 200 else None


class DifferentialTestCase(oslotest_base.BaseTestCase):

    def test_same_answers(self):
        for number in range(SEQUENCES):
            self._play(SEED + number)

    def _play(self, seed):
        peer = gabbits.APIFixture()
        peer.start_fixture()
        try:
            with (base.Options() as options,
                  placement_base.AppFixture(options.conf) as fixture):
                self._compare(seed, Peer(gabbits.setup_app()),
                              Peer(fixture.app))
        finally:
            peer.stop_fixture()

    def _compare(self, seed, theirs, ours):
        maker = world.Maker(random.Random(seed), theirs.look)
        asked = []
        made = (maker.make() for _ in range(REQUESTS))
        for request in itertools.chain(maker.begin(), made):
            wanted, got = theirs.ask(request), ours.ask(request)
            if compare.parted(wanted, got):
                return
            asked.append(f"{wanted.status_code} {request}")
            found = compare.differences(request, wanted, got)
            if found:
                self.fail(f"seed {seed}:\n" + "\n".join([*asked, *found]))
