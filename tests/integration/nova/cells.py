"""Sets up nova's databases and cells, as ``nova-manage`` does it in four
commands; a program, since nova's options and Tachyon's have names in common.

Its arguments are nova.conf and the URL of the database of cell 0.
"""

import sys

from nova import monkey_patch

monkey_patch.patch(backend="threading")

from nova import config  # noqa: E402
from nova import objects  # noqa: E402
from nova.cmd import manage  # noqa: E402


def make(file: str, cell0: str) -> int | None:
    """Make all; return nothing, or the exit code of what went wrong."""
    config.parse_args(["nova-manage", "--config-file", file])
    objects.register_all()
    cells = manage.CellV2Commands()
    return (manage.ApiDbCommands().sync() or cells.map_cell0(cell0)
            or manage.DbCommands().sync() or cells.create_cell("cell1"))


if __name__ == "__main__":
    sys.exit(make(*sys.argv[1:]))
