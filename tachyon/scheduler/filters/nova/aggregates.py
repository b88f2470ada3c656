"""Filters by the metadata of a host's aggregates."""

from typing import Any

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters.nova import base
from tachyon.scheduler.filters.nova import operators
from tachyon.scheduler.host_sources import metadata
from tachyon.scheduler.host_sources import table

_SCOPE = "aggregate_instance_extra_specs"
_TENANT = "filter_tenant_id"


class _AggregateFilter(base.ValueFilter):
    """What is looked at are the aggregates of a host."""

    def values(self, hosts: scheduler_data.HostSet,
               asked: Any) -> table.Coded:
        return hosts.nodes.aggregates


class AggregateInstanceExtraSpecsFilter(_AggregateFilter):
    """Extra specs without a scope, or of scope
    ``aggregate_instance_extra_specs``, must be in the metadata."""

    def asked(self, data: scheduler_data.SchedulingData) -> Any:
        wanted = []
        for key, spec in data.nova.flavor.extra_specs.items():
            scope, colon, bare = key.partition(":")
            if not colon or scope == _SCOPE:
                wanted.append((bare if colon else key, spec))
        return wanted or None

    def refuse(self, value: Any, asked: Any) -> str | None:
        found = metadata.merged(value)
        for key, spec in asked:
            if not found.get(key):
                return f"no aggregate has {key}"
            if not any(operators.match(each, spec) for each in found[key]):
                return f"no aggregate has a {key} that is asked for"
        return None


class AggregateImagePropertiesIsolation(_AggregateFilter):
    """Where metadata is named like a property that the image has, it must
    have the image's value."""

    on_rebuild = True

    def asked(self, data: scheduler_data.SchedulingData) -> Any:
        image = data.nova.image
        return {key: str(value) for key, value
                in (image.properties if image else {}).items()
                if value} or None

    def refuse(self, value: Any, asked: Any) -> str | None:
        options = self.conf.filter_scheduler
        start = ""
        if options.aggregate_image_properties_isolation_namespace:
            start = (options.aggregate_image_properties_isolation_namespace
                     + options.aggregate_image_properties_isolation_separator)
        for key, allowed in metadata.merged(value).items():
            if (key.startswith(start) and key in asked
                    and asked[key] not in allowed):
                return f"its aggregates are for images with another {key}"
        return None


class AggregateMultiTenancyIsolation(_AggregateFilter):
    """An aggregate with metadata ``filter_tenant_id...`` is for these
    projects only."""

    def asked(self, data: scheduler_data.SchedulingData) -> Any:
        return data.nova.project_id or ""

    def refuse(self, value: Any, asked: Any) -> str | None:
        allowed = frozenset().union(*(
            projects for key, projects in metadata.merged(value).items()
            if key.startswith(_TENANT)))
        if not allowed or asked in allowed:
            return None
        return "its aggregates are for other projects"


class AggregateTypeAffinityFilter(_AggregateFilter):
    """An aggregate with metadata ``instance_type`` is for these flavors
    only."""

    def asked(self, data: scheduler_data.SchedulingData) -> Any:
        return data.nova.flavor.name

    def refuse(self, value: Any, asked: Any) -> str | None:
        listed = metadata.values(value, "instance_type")
        allowed = {each.strip() for names in listed
                   for each in names.split(",")}
        if not listed or asked in allowed:
            return None
        return "its aggregates are for other flavors"
