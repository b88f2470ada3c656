"""The recorded sequence, replayed on every driver."""

import json
import os
from typing import Any

import flask
import futurist
import yaml

from tachyon import context
from tachyon import objects
from tachyon.db import models
from tachyon.scheduler import manager as scheduler_manager
from tests.functional import stores
from tests.functional.placement import base as placement_base
from tests.functional.replay import player
from tests.functional.scheduler import base as scheduler_base

# Files, which know no store.
NOT_PLAYED = {
    ("GET", "/api/v1/docs"), ("GET", "/api/v1/docs/"),
    ("GET", "/api/v1/docs/<path:path>"), ("GET", "/api/v1/openapi.json"),
}


class Scheduler:
    """Stands in for the client of a scheduler: calls it at once."""

    manager: scheduler_manager.SchedulerManager

    def wake(self, ctx: context.RequestContext, notice: Any) -> None:
        self.manager.wake(ctx, notice)

    def explain(self, ctx: context.RequestContext, request: Any,
                capacity: bool) -> Any:
        return self.manager.explain(ctx, request, capacity)


class TestReplay(stores.OnEveryDriver):
    """The whole application, with a real scheduler and a compute that is
    played."""

    def setUp(self):
        super().setUp()
        # What an answer says of the daemons depends on no clock.
        self.config(service_down_time=3600)
        scheduler = Scheduler()
        self.fixture = self.useFixture(
            placement_base.AppFixture(self.conf, scheduler))
        self.compute = scheduler_base.FakeComputeAPI()
        scheduler.manager = self.scheduler = (
            scheduler_manager.SchedulerManager(
                self.conf, self.fixture.driver, self.fixture.view,
                self.fixture.managers.placement, self.compute,
                futurist.SynchronousExecutor()))
        self.player = player.Player(self.fixture.client, {
            "compute reports": self._report,
            "compute succeeds": lambda: self._finish(True),
            "compute fails": lambda: self._finish(False)})

    def _report(self):
        self.fixture.driver.services.report([
            models.Heartbeat("c1", "tachyon-compute", serves=("*",))])

    def _finish(self, succeeded):
        """Do, or fail to do, what the compute was told last."""
        action = self.compute.casts[-1].action
        self.scheduler.finish_action(self.admin_context, objects.ActionResult(
            instance_id=action.instance_id, attempt=action.attempt,
            host=action.host, action=action.action, succeeded=succeeded,
            ip_address="192.0.2.7" if succeeded else None,
            fault=None if succeeded else "the disk is full"))

    def test_the_answers_are_those_recorded(self):
        played = list(self.player.play())
        if os.environ.get("TACHYON_REPLAY_RECORD"):
            player.ANSWERS.write_text(yaml.safe_dump(
                played, sort_keys=False, allow_unicode=True, width=79))
        recorded = yaml.safe_load(player.ANSWERS.read_text())
        for number, (wanted, found) in enumerate(
                zip(recorded, played, strict=False), start=1):
            self.assertEqual(_text(wanted), _text(found),
                             f"answer {number}, to {wanted['request']}")
        self.assertEqual(len(recorded), len(played))

    def test_the_sequence_knows_every_route(self):
        """Who adds a route adds it here too."""
        found, routes = set(), set()

        def note(app, response, **_more):
            rule = flask.request.url_rule
            if response.status_code < 400 and rule is not None:
                found.add((flask.request.method, rule.rule))
            routes.update(
                (method, each.rule) for each in app.url_map.iter_rules()
                for method in set(each.methods or ()) - {"HEAD", "OPTIONS"})

        with flask.request_finished.connected_to(note):
            for answer in self.player.play():
                self.assertLess(answer["status"], 500, answer)
        self.assertEqual(set(), routes - found - NOT_PLAYED)


def _text(answer: player.Answer) -> str:
    return json.dumps(answer, indent=1, sort_keys=True)
