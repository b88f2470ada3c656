"""What Placement's gabbi fixtures are written in, over the HTTP API.

Those fixtures say what is in a cloud by calling functions and objects of
Placement's own test code, which write to its database. These here have the
same names and arguments; the first one, where it is called the context, is
the WSGI client that the cloud is built through.

Generations come out as the files expect them: aggregates are set at
microversion 1.1, which leaves the provider's as it is.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids
from werkzeug import test as werkzeug_test

_LATEST = "1.39"


def ask(client: werkzeug_test.Client, method: str, path: str,
        body: Any = None, version: str = _LATEST
        ) -> werkzeug_test.TestResponse:
    """Return the answer to an admin, which must not be an error."""
    answer = client.open(path, method=method, json=body, headers={
        "X-Auth-Token": "admin",
        "OpenStack-API-Version": f"placement {version}"})
    if answer.status_code >= 400:
        raise AssertionError(f"{method} {path}: {answer.status} "
                             f"{answer.get_data(as_text=True)}")
    return answer


@dataclasses.dataclass(frozen=True)
class Provider:
    """A resource provider that exists."""

    client: werkzeug_test.Client
    uuid: str

    @property
    def path(self) -> str:
        return f"/resource_providers/{self.uuid}"

    @property
    def generation(self) -> int:
        generation: int = ask(self.client, "GET",
                              self.path).json["generation"]
        return generation

    def set_aggregates(self, aggregates: list[str]) -> None:
        ask(self.client, "PUT", f"{self.path}/aggregates", list(aggregates),
            "1.18")


def create_provider(client: werkzeug_test.Client, name: str,
                    *aggregates: str, parent: str | None = None,
                    uuid: str | None = None) -> Provider:
    provider = Provider(client, uuid or getattr(uuids, name))
    ask(client, "POST", "/resource_providers", {
        "name": name, "uuid": provider.uuid, "parent_provider_uuid": parent})
    if aggregates:
        provider.set_aggregates(list(aggregates))
    return provider


def add_inventory(provider: Provider, resource_class: str, total: int,
                  **fields: Any) -> None:
    if resource_class.startswith("CUSTOM_"):
        ask(provider.client, "PUT", f"/resource_classes/{resource_class}")
    ask(provider.client, "POST", f"{provider.path}/inventories", {
        "resource_class": resource_class, "total": total, "max_unit": total,
        **fields})


def set_traits(provider: Provider, *names: str) -> None:
    for name in names:
        if name.startswith("CUSTOM_"):
            ask(provider.client, "PUT", f"/traits/{name}")
    ask(provider.client, "PUT", f"{provider.path}/traits", {
        "resource_provider_generation": provider.generation,
        "traits": names})


# ------------------------------------------------------------ who consumes
class User:
    """A user, or a project: it need not be made before it has something."""

    def __init__(self, client: werkzeug_test.Client, *, external_id: str):
        self.external_id = external_id

    def create(self) -> None:
        """Do nothing: Tachyon keeps none without a consumer."""


Project = User


def create_user_and_project(client: werkzeug_test.Client,
                            prefix: str = "fake") -> tuple[User, Project]:
    return (User(client, external_id=f"{prefix}-user"),
            Project(client, external_id=f"{prefix}-project"))


@dataclasses.dataclass(frozen=True)
class Consumer:
    """A consumer of something yet to be said."""

    uuid: str
    user: User
    project: Project


def ensure_consumer(client: werkzeug_test.Client, user: User,
                    project: Project) -> Consumer:
    return Consumer(uuidutils.generate_uuid(), user, project)


def set_allocation(client: werkzeug_test.Client, provider: Provider,
                   consumer: Consumer, used: Mapping[str, int]) -> None:
    ask(client, "PUT", f"/allocations/{consumer.uuid}", {
        "allocations": {provider.uuid: {"resources": dict(used)}},
        "project_id": consumer.project.external_id,
        "user_id": consumer.user.external_id,
        "consumer_generation": None}, "1.28")


class ResourceClass:
    """A resource class that can be made."""

    def __init__(self, context: werkzeug_test.Client, *, name: str):
        self._client = context
        self._name = name

    def create(self) -> None:
        ask(self._client, "PUT", f"/resource_classes/{self._name}")
