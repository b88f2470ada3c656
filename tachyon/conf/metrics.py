"""The options of nova's MetricsFilter and MetricsWeigher."""

from oslo_config import cfg

GROUP = cfg.OptGroup("metrics", title="Metrics that computes report")

OPTS = [
    cfg.FloatOpt("weight_multiplier", default=1.0, mutable=True, help="""
Multiplier of the sum of the weighed metrics.

The metadata of an aggregate may have another value for its hosts, under the
name ``metrics_weight_multiplier``; of several the least counts.
"""),
    cfg.ListOpt("weight_setting", default=[], mutable=True, help="""
Metrics to weigh, with the factor of each: ``name1=1.0, name2=-1.3``.

What is not written like that is left out.
"""),
    cfg.BoolOpt("required", default=True, mutable=True, help="""
Whether each host must have all of the metrics.

If so, a request fails when one has not: enable MetricsFilter to refuse those
hosts instead.
"""),
    cfg.FloatOpt("weight_of_unavailable", default=-10000.0, mutable=True,
                 help="""
Weight of a host that lacks a metric, if it need not have it.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    return {GROUP: OPTS}
