"""Plays the sequence, and writes down the answers so that they compare.

A step of the sequence is ``METHOD /path``, or a mapping of that to a body
with, where needed, ``as`` (a token, or null), ``version`` (of Placement),
``headers``, ``raw`` (a body as it is) and ``save`` (names for what is in the
answer, by its place in the body). ``play`` is what happens behind the API in
between: see ``Behind``. ``<name>`` stands for a uuid: the one that was saved
under it, or one of its own.
"""

import itertools
import json
import pathlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml
from werkzeug import test as werkzeug_test

SEQUENCE = pathlib.Path(__file__).with_name("sequence.yaml")
ANSWERS = pathlib.Path(__file__).with_name("answers.yaml")

HEADERS = ("Allow", "Cache-Control", "Content-Type", "Last-Modified",
           "Location", "OpenStack-API-Version", "Vary")
# What a decision was made on says nothing that two stores have in common.
OPAQUE = ("cursor", "seed")

_NAME = re.compile(r"<([a-z][a-z0-9-]*)>")
_REQUEST = re.compile(r"req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+]00:00)?"
                   r"|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")

Answer = dict[str, Any]


class Ids:
    """The ids of one play, and the names that stand for them."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._counters = {"uuid": itertools.count(1),
                          "req": itertools.count(1)}

    def bind(self, name: str, id: str) -> None:
        self._ids[name] = id
        self._names[id] = f"<{name}>"

    def fill(self, text: str) -> str:
        """Put ids in the place of names. Unknown names get ids that ascend,
        so that stores that go by id and stores that go by age agree."""
        return _NAME.sub(self._id_of, text)

    def _id_of(self, match: re.Match[str]) -> str:
        name = match[1]
        if name not in self._ids:
            self.bind(name, "00000000-0000-4000-8000-"
                            f"{len(self._ids) + 1:012x}")
        return self._ids[name]

    def normalise(self, text: str) -> str:
        """Put names in the place of ids and times."""
        text = _REQUEST.sub(lambda match: self._name_of(match[0], "req"), text)
        text = _UUID.sub(lambda match: self._name_of(match[0], "uuid"), text)
        return _TIME.sub("<time>", text)

    def _name_of(self, id: str, kind: str) -> str:
        if id not in self._names:
            self._names[id] = f"<{kind}-{next(self._counters[kind])}>"
        return self._names[id]


class Player:
    """Plays to one application. ``behind`` does what ``play`` names."""

    def __init__(self, client: werkzeug_test.Client,
                 behind: Mapping[str, Callable[[], None]]):
        self._client = client
        self._behind = behind
        self._ids = Ids()

    def play(self) -> Iterator[Answer]:
        """Yield the answer to each request of the sequence."""
        for step in yaml.safe_load(SEQUENCE.read_text()):
            if isinstance(step, str):
                step = {step: None}
            if "play" in step:
                self._behind[step["play"]]()
            else:
                yield self._ask(step)

    def _ask(self, step: dict[str, Any]) -> Answer:
        line = next(key for key in step if " " in key)
        method, path = self._ids.fill(line).split(" ", 1)
        body = step[line]
        data = step.get("raw")
        if body is not None:
            data = self._ids.fill(json.dumps(body))
        headers = {"OpenStack-API-Version":
                   f"placement {step.get('version', '1.39')}"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        token = step.get("as", "admin")
        if token is not None:
            headers["X-Auth-Token"] = token
            if token != "admin":
                headers["X-Roles"] = "member,reader"
        headers |= step.get("headers", {})
        answer = self._client.open(path, method=method, data=data,
                                   headers=headers)
        for name, place in step.get("save", {}).items():
            self._ids.bind(name, self._find(answer.json, place))
        return self._write_down(line, answer)

    @staticmethod
    def _find(body: Any, place: str) -> str:
        for part in place.split("."):
            body = body[int(part) if part.isdigit() else part]
        return str(body)

    def _write_down(self, line: str, answer: werkzeug_test.TestResponse
                    ) -> Answer:
        written: Answer = {"request": line, "status": answer.status_code}
        headers = {name: self._ids.normalise(answer.headers[name])
                   for name in HEADERS if name in answer.headers}
        if headers:
            written["headers"] = headers
        if answer.is_json:
            written["body"] = json.loads(
                self._ids.normalise(json.dumps(_hide(answer.json))))
        elif answer.data:
            written["text"] = self._ids.normalise(answer.text)
        return written


def _hide(body: Any) -> Any:
    if isinstance(body, dict):
        return {key: "<opaque>" if key in OPAQUE else _hide(value)
                for key, value in body.items()}
    if isinstance(body, list):
        return [_hide(value) for value in body]
    return body
