"""nova's RequestSpec, as filters and weighers read it: plain values.

Made once from what came over the bus; what is not set is None or empty. The
names are nova's, in memory as in its objects: ``memory_mb`` in MiB,
``root_gb`` and ``ephemeral_gb`` in GiB, ``swap`` in MiB.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from tachyon import exception
from tachyon.scheduler.networks import base
from tachyon.scheduler.nova import wire
from tachyon.scheduler.nova.numa import guest
from tachyon.scheduler.nova.numa import networks
from tachyon.scheduler.nova.pci import requests as devices

_CHECK_TYPE = "_nova_check_type"
# Policies of server groups that must hold; the others are wishes.
_HARD = ("affinity", "anti-affinity")
_NONE: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True)
class Flavor:
    name: str
    vcpus: int
    memory_mb: int
    root_gb: int
    ephemeral_gb: int
    swap: int
    extra_specs: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def read(cls, fields: wire.Fields) -> "Flavor":
        extra_specs = fields.mapping("extra_specs")
        if not all(isinstance(each, str) for each in extra_specs.values()):
            raise fields.refuse("extra_specs", "no mapping of texts")
        return cls(
            name=fields.text("name") or "", vcpus=fields.whole("vcpus"),
            memory_mb=fields.whole("memory_mb"),
            root_gb=fields.whole("root_gb"),
            ephemeral_gb=fields.whole("ephemeral_gb"),
            swap=fields.whole("swap"), extra_specs=extra_specs)


@dataclasses.dataclass(frozen=True, slots=True)
class Image:
    """``properties`` are those of ImageMetaProps that are set, as they
    travel: ``hw_machine_type``, ``traits_required``..."""

    id: str | None = None
    name: str | None = None
    disk_format: str | None = None
    properties: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @classmethod
    def read(cls, fields: wire.Fields) -> "Image":
        properties = fields.object("properties", "ImageMetaProps")
        return cls(
            id=fields.text("id"), name=fields.text("name"),
            disk_format=fields.text("disk_format"),
            properties={} if properties is None else properties.plain())


@dataclasses.dataclass(frozen=True, slots=True)
class Destination:
    """Where it has to go. ``aggregates`` are conjunctions of disjunctions:
    of each set, one."""

    host: str | None = None
    node: str | None = None
    cell_uuid: str | None = None
    allow_cross_cell_move: bool = False
    aggregates: tuple[frozenset[str], ...] = ()
    forbidden_aggregates: frozenset[str] = _NONE

    @classmethod
    def read(cls, fields: wire.Fields) -> "Destination":
        cell = fields.object("cell", "CellMapping")
        return cls(
            host=fields.text("host"), node=fields.text("node"),
            cell_uuid=None if cell is None else cell.text("uuid"),
            allow_cross_cell_move=fields.flag("allow_cross_cell_move"),
            aggregates=tuple(frozenset(each.split(","))
                             for each in fields.texts("aggregates")),
            forbidden_aggregates=frozenset(
                fields.texts("forbidden_aggregates")))


@dataclasses.dataclass(frozen=True, slots=True)
class InstanceGroup:
    """A server group. ``hosts`` are names of services that its members run
    on, as the conductor knows them."""

    uuid: str | None = None
    policy: str | None = None
    members: frozenset[str] = _NONE
    hosts: frozenset[str] = _NONE
    rules: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @classmethod
    def read(cls, fields: wire.Fields) -> "InstanceGroup":
        # Before version 1.11 a group had a list of one policy.
        policy = fields.text("policy") or next(
            iter(fields.texts("policies")), None)
        return cls(
            uuid=fields.text("uuid"), policy=policy,
            members=frozenset(fields.texts("members")),
            hosts=frozenset(fields.texts("hosts")),
            rules=fields.mapping("_rules") or fields.mapping("rules"))


@dataclasses.dataclass(frozen=True, slots=True)
class RequestGroup:
    """What is asked by something else than flavor and image: a port, a
    device. All of it must come from one provider."""

    requester_id: str
    resources: Mapping[str, int]
    required_traits: frozenset[str] = _NONE
    forbidden_traits: frozenset[str] = _NONE
    aggregates: tuple[frozenset[str], ...] = ()
    forbidden_aggregates: frozenset[str] = _NONE
    in_tree: str | None = None

    @classmethod
    def read(cls, fields: wire.Fields) -> "RequestGroup":
        amounts = wire.Fields(f"{fields.name}.resources",
                              fields.mapping("resources"))
        return cls(
            requester_id=fields.text("requester_id") or "",
            resources={name: amounts.whole(name) for name
                       in fields.mapping("resources")},
            required_traits=frozenset(fields.texts("required_traits")),
            forbidden_traits=frozenset(fields.texts("forbidden_traits")),
            aggregates=tuple(map(frozenset,
                                 fields.text_lists("aggregates"))),
            forbidden_aggregates=frozenset(
                fields.texts("forbidden_aggregates")),
            in_tree=fields.text("in_tree"))


@dataclasses.dataclass(frozen=True, slots=True)
class RequestLevel:
    """What is asked of the whole tree of a host."""

    root_required: frozenset[str] = _NONE
    root_forbidden: frozenset[str] = _NONE
    same_subtree: tuple[frozenset[str], ...] = ()

    @classmethod
    def read(cls, fields: wire.Fields) -> "RequestLevel":
        return cls(
            root_required=frozenset(fields.texts("root_required")),
            root_forbidden=frozenset(fields.texts("root_forbidden")),
            same_subtree=tuple(map(frozenset,
                                   fields.text_lists("same_subtree"))))


@dataclasses.dataclass(frozen=True, slots=True)
class RequestedNetwork:
    network_id: str | None = None
    port_id: str | None = None

    @classmethod
    def read(cls, fields: wire.Fields) -> "RequestedNetwork":
        return cls(fields.text("network_id"), fields.text("port_id"))


class Call:
    """The call that a request came with, which may be for several servers:
    as it travelled, and what was found out of it so far, for all of them.

    ``reaches`` are what hosts have to reach of routed networks, None if that
    was not asked for.
    """

    def __init__(self, primitive: Any) -> None:
        self.primitive = primitive
        self.reaches: tuple[base.Reach, ...] | None = None
        # Third-party filter: uuids of the hosts that passed it.
        self.passed: dict[str, frozenset[str]] = {}
        self._decisions: list[str] = []

    def number(self, request_id: str) -> int:
        """Return how many servers of the call were decided before the one
        whose decision is kept under this id."""
        if request_id not in self._decisions:
            self._decisions.append(request_id)
        return self._decisions.index(request_id)


@dataclasses.dataclass(frozen=True, slots=True)
class RequestSpec:
    """One request. ``instance_uuid`` is that of the instance that is placed
    now: one spec may be for several.
    """

    flavor: Flavor
    instance_uuid: str | None = None
    project_id: str = ""
    user_id: str = ""
    num_instances: int = 1
    availability_zone: str | None = None
    is_bfv: bool = False
    image: Image | None = None
    ignore_hosts: tuple[str, ...] = ()
    force_hosts: tuple[str, ...] = ()
    force_nodes: tuple[str, ...] = ()
    requested_destination: Destination | None = None
    instance_group: InstanceGroup | None = None
    hints: Mapping[str, tuple[str, ...]] = dataclasses.field(
        default_factory=dict)
    requested_resources: tuple[RequestGroup, ...] = ()
    requested_networks: tuple[RequestedNetwork, ...] = ()
    request_level: RequestLevel = RequestLevel()
    pci_requests: tuple[devices.DeviceRequest, ...] = ()
    numa_topology: guest.GuestTopology | None = None
    network_metadata: networks.Networks | None = None
    # Of flavor, image and groups: filled in once the query is known.
    required_traits: frozenset[str] = _NONE
    # For who has to have it as it came. It is not to be shown.
    call: Call = dataclasses.field(
        default_factory=lambda: Call(None), repr=False, compare=False)

    def hint(self, name: str, default: Any = None) -> Any:
        """Return a scheduler hint: the text, if it is one, else all."""
        values = self.hints.get(name)
        if values is None:
            return default
        return values[0] if len(values) == 1 else values

    @property
    def has_hard_policy(self) -> bool:
        """Return whether its server group has a policy that must hold."""
        group = self.instance_group
        return group is not None and group.policy in _HARD

    @property
    def check_type(self) -> tuple[str, ...]:
        """Return what nova itself wants checked, if anything."""
        return self.hints.get(_CHECK_TYPE, ())

    @property
    def is_rebuild(self) -> bool:
        """Return whether an instance stays where it is, with another image:
        the host is to be checked, and nothing to be claimed."""
        return self.check_type == ("rebuild",)

    @property
    def is_forced(self) -> bool:
        """Return whether somebody wants this host, whatever filters say."""
        return bool((self.force_hosts or self.force_nodes)
                    and not self.check_type)


def read(primitive: Any) -> RequestSpec:
    """Return a RequestSpec from the bus.

    :raises MalformedMessage:
    """
    fields = wire.read(primitive, "RequestSpec")
    flavor = fields.object("flavor", "Flavor")
    if flavor is None:
        raise exception.MalformedMessage(reason="RequestSpec has no flavor")
    return RequestSpec(
        flavor=Flavor.read(flavor),
        instance_uuid=fields.text("instance_uuid"),
        project_id=fields.text("project_id") or "",
        user_id=fields.text("user_id") or "",
        num_instances=fields.whole("num_instances", 1),
        availability_zone=fields.text("availability_zone"),
        is_bfv=fields.flag("is_bfv"),
        image=fields.made("image", "ImageMeta", Image.read),
        ignore_hosts=fields.texts("ignore_hosts"),
        force_hosts=fields.texts("force_hosts"),
        force_nodes=fields.texts("force_nodes"),
        requested_destination=fields.made(
            "requested_destination", "Destination", Destination.read),
        instance_group=fields.made("instance_group", "InstanceGroup",
                                   InstanceGroup.read),
        hints=_hints(fields),
        requested_resources=tuple(
            RequestGroup.read(each) for each
            in fields.objects("requested_resources", "RequestGroup")),
        requested_networks=tuple(
            RequestedNetwork.read(each) for each in fields.listed(
                "requested_networks", "NetworkRequestList",
                "NetworkRequest")),
        request_level=fields.made(
            "request_level_params", "RequestLevelParams", RequestLevel.read)
        or RequestLevel(),
        pci_requests=_pci_requests(fields),
        numa_topology=fields.made("numa_topology", "InstanceNUMATopology",
                                  guest.GuestTopology.read),
        network_metadata=fields.made("network_metadata", "NetworkMetadata",
                                     networks.Networks.read),
        call=Call(primitive))


def _pci_requests(fields: wire.Fields
                  ) -> tuple[devices.DeviceRequest, ...]:
    found = fields.object("pci_requests", "InstancePCIRequests")
    if found is None:
        return ()
    return tuple(devices.DeviceRequest.read(each) for each
                 in found.objects("requests", "InstancePCIRequest"))


def _hints(fields: wire.Fields) -> Mapping[str, tuple[str, ...]]:
    hints = wire.Fields(f"{fields.name}.scheduler_hints",
                        fields.mapping("scheduler_hints"))
    return {name: hints.texts(name)
            for name in fields.mapping("scheduler_hints")}
