"""What oslo-config-generator asks for (entry point ``oslo.config.opts``)."""

from oslo_config import cfg

from tachyon import conf
from tachyon.conf import neutron


def list_opts() -> list[tuple[str | cfg.OptGroup, list[cfg.Opt]]]:
    """Return every option of Tachyon with its group."""
    return [item for module in (*conf.MODULES, neutron)
            for item in module.list_opts().items()]
