"""Neutron, where it is asked: keystoneauth's options.

They are registered when they are needed, which is seldom: keystoneauth takes
a while to be imported.
"""

import copy

from oslo_config import cfg

GROUP = cfg.OptGroup("neutron", title="Neutron, where it is asked for the "
                                      "segments of routed networks")
# Seconds that one request may take.
TIMEOUT = 10


def _session_opts() -> list[cfg.Opt]:
    from keystoneauth1 import loading

    opts = copy.deepcopy(
        loading.get_session_conf_options()
        + loading.get_adapter_conf_options(include_deprecated=False))
    cfg.set_defaults(opts, timeout=TIMEOUT, service_type="network",
                     valid_interfaces=["internal", "public"])
    return opts


def register_opts(conf: cfg.ConfigOpts) -> None:
    from keystoneauth1 import loading

    conf.register_group(GROUP)
    conf.register_opts(_session_opts(), group=GROUP)
    loading.register_auth_conf_options(conf, GROUP.name)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    from keystoneauth1 import loading

    return {GROUP: _session_opts() + loading.get_auth_common_conf_options()
            + loading.get_auth_plugin_conf_options("password")}
