"""What nova's own conductor sends in the words of RPC versions 4.0 to 4.2; a
program, since nova's options and Tachyon's can't be in one process.

It reads a list of RequestSpecs, as they travel, from standard input, and
writes for each [request_spec, filter_properties], as these do.
"""

import json
import sys

from nova import context
from nova import objects
from nova.objects import base
from oslo_serialization import jsonutils


def run(primitive):
    ctxt = context.get_admin_context()
    serializer = base.NovaObjectSerializer()
    spec = objects.RequestSpec.obj_from_primitive(primitive)
    return [serializer.serialize_entity(ctxt, each) for each in (
        spec.to_legacy_request_spec_dict(),
        spec.to_legacy_filter_properties_dict())]


def main():
    objects.register_all()
    json.dump(jsonutils.to_primitive([run(each) for each
                                      in json.load(sys.stdin)]), sys.stdout)


if __name__ == "__main__":
    main()
