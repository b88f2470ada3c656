"""The choice of oslo.service's backend, once a process, before all else."""

import sys

# futurist imports eventlet where it is installed, which oslo.service sees to:
# a third of the time that a command takes to start, for what nobody uses.
# This says that it is not there, unless whoever runs us has it already.
sys.modules.setdefault("eventlet", None)  # type: ignore[arg-type]

from oslo_service import backend  # noqa: E402


def choose() -> None:
    """Choose the threading backend (cotyledon, futurist), if not yet done.

    :raises BackendAlreadySelected: something imported an oslo library that
        chose eventlet before.
    """
    if backend.get_backend_type() is not backend.BackendType.THREADING:
        backend.init_backend(backend.BackendType.THREADING)
