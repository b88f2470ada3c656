"""Messages of a nova-conductor of release 34, and others made like them.

``captured`` holds four that went over a real broker: booting one server, two
in an anti-affinity group, a rebuild, and one with a NUMA topology. Passwords
were replaced by words that begin with ``hush``, and lists of changes left
out.
"""

import copy
import functools
import json
import pathlib
from collections.abc import Mapping
from typing import Any

_DIRECTORY = pathlib.Path(__file__).parent / "captured"
# No password that nova puts in a message is without it.
SECRET = "hush"
CELL = "76027ebf-e3d7-4d97-a6a5-fb44cc650f61"


@functools.cache
def _captured(name: str) -> str:
    return (_DIRECTORY / f"{name}.json").read_text()


def captured(name: str) -> dict[str, Any]:
    """Return a captured call: ``args``, and ``reply`` or ``failure``."""
    made: dict[str, Any] = json.loads(_captured(name))
    return made


def envelope(name: str, version: str, /,
             **data: Any) -> dict[str, Any]:
    return {"nova_object.name": name, "nova_object.namespace": "nova",
            "nova_object.version": version, "nova_object.data": data}


def spec(flavor: Mapping[str, Any] | None = None,
         properties: Mapping[str, Any] | None = None,
         **fields: Any) -> dict[str, Any]:
    """Return the spec of the captured boot, with other values in it: of the
    flavor, the image's properties, and the spec itself."""
    made = captured("boot")["args"]["spec_obj"]
    data = made["nova_object.data"]
    data["flavor"]["nova_object.data"].update(flavor or {})
    image = data["image"]["nova_object.data"]
    image["properties"]["nova_object.data"].update(properties or {})
    data.update(copy.deepcopy(fields))
    return made


def destination(**data: Any) -> dict[str, Any]:
    return envelope("Destination", "1.4", **data)


def cell(uuid: str = CELL) -> dict[str, Any]:
    return envelope(
        "CellMapping", "1.1", uuid=uuid, name="cell1", disabled=False, id=2,
        transport_url="rabbit://nova:hush-bus@bus/",
        database_connection="mysql+pymysql://nova:hush-db@db/nova_cell1")


def group(policy: str, members: list[str], hosts: list[str] | None = None,
          **data: Any) -> dict[str, Any]:
    return envelope("InstanceGroup", "1.11", uuid=CELL, policy=policy,
                    members=members, hosts=hosts or [], _rules={}, **data)


def request_group(requester_id: str, resources: Mapping[str, int],
                  **data: Any) -> dict[str, Any]:
    return envelope("RequestGroup", "1.3", requester_id=requester_id,
                    use_same_provider=True, resources=dict(resources),
                    **data)
