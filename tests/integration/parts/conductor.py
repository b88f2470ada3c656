"""nova-conductor's side of the scheduler's RPC interface, by nova's own code.

Run as a program of its own, since nova's options and Tachyon's have names in
common. Its argument is nova.conf. It reads a call a line, ``[name, spec or
None, uuids]`` in JSON, and writes a line for each: what nova has made of the
answer, or ``{"error": class, "message": text}``.
"""

import json
import sys
from typing import Any


def main() -> None:
    from nova import baserpc
    from nova import conf
    from nova import context
    from nova import objects
    from nova import rpc
    from nova.scheduler import rpcapi

    rpc.set_defaults(control_exchange="nova")   # as nova's daemons do
    conf.CONF([], project="nova", default_config_files=[sys.argv[1]],
              default_config_dirs=[])
    conf.CONF.set_override("long_rpc_timeout", 60)
    objects.register_all()
    rpc.init(conf.CONF)
    scheduler = rpcapi.SchedulerAPI()
    caller = context.RequestContext(
        user_id="admin", project_id="p1", is_admin=True,
        auth_token="hush-token")

    def select(spec: Any, uuids: list[str]) -> Any:
        found = scheduler.select_destinations(
            caller, objects.RequestSpec.obj_from_primitive(spec, caller),
            uuids, return_objects=True, return_alternates=True)
        return [[{"node": each.nodename, "cell": each.cell_uuid,
                  "zone": each.availability_zone,
                  "request": json.loads(each.allocation_request),
                  "limits": each.limits.to_dict()}
                 for each in one] for one in found]

    def ping(spec: None, uuids: list[str]) -> Any:
        return baserpc.BaseAPI("scheduler").ping(caller, "hello")

    def tell(spec: Any, uuids: list[str]) -> None:
        scheduler.update_aggregates(
            caller, [objects.Aggregate.obj_from_primitive(spec, caller)])
        scheduler.sync_instance_info(caller, "n1-service", uuids)

    calls = {"select": select, "ping": ping, "tell": tell}
    for line in sys.stdin:
        name, spec, uuids = json.loads(line)
        try:
            answer = calls[name](spec, uuids)
        except Exception as e:
            answer = {"error": f"{type(e).__mro__[1].__module__}."
                               f"{type(e).__mro__[1].__name__}",
                      "message": str(e).partition("\n")[0]}
        sys.stdout.write(f"{json.dumps(answer)}\n")


if __name__ == "__main__":
    main()
