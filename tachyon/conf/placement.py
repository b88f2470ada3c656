from oslo_config import cfg

GROUP = cfg.OptGroup("placement", title="Placement")

# What Placement itself stores where a client of old says nothing.
_MISSING_ID = "00000000-0000-0000-0000-000000000000"

OPTS = [
    cfg.BoolOpt("randomize_allocation_candidates", default=False, help="""
Whether allocation candidates are returned in random order.
"""),
    cfg.IntOpt("max_allocation_candidates", default=-1, min=-1, help="""
Allocation candidates that are generated for one request, -1 for no limit.

A request may ask for fewer with its own ``limit``. Candidates are generated
only as they are needed, so that this is no protection of memory, as it is in
Placement.
"""),
    cfg.StrOpt("allocation_candidates_generation_strategy",
               default="depth-first",
               choices=[("depth-first", "all candidates of one root provider, "
                                        "then all of the next"),
                        ("breadth-first", "one candidate of each root "
                                          "provider, then a second one of "
                                          "each, and so on")],
               help="""
Order in which root providers are visited for allocation candidates.

Where requests are limited and one host has many ways to meet them, such as
many equal devices, breadth-first names more hosts.
"""),
    cfg.IntOpt("allocation_conflict_retry_count", default=10, min=0, help="""
Times a write that meets a generation conflict not of its caller is retried.
"""),
    cfg.StrOpt("incomplete_consumer_project_id", default=_MISSING_ID, help="""
Project of what is allocated by a client that names none, as clients of
microversions before 1.8 do.
"""),
    cfg.StrOpt("incomplete_consumer_user_id", default=_MISSING_ID, help="""
User of what is allocated by a client that names none, as clients of
microversions before 1.8 do.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    return {GROUP: OPTS}
