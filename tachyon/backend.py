"""The choice of oslo.service's backend, once a process, before all else."""

import warnings

# futurist imports eventlet where it is installed, which warns of itself.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")

from oslo_service import backend  # noqa: E402


def choose() -> None:
    """Choose the threading backend (cotyledon, futurist), if not yet done.

    :raises BackendAlreadySelected: something imported an oslo library that
        chose eventlet before.
    """
    if backend.get_backend_type() is not backend.BackendType.THREADING:
        backend.init_backend(backend.BackendType.THREADING)
