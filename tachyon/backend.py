"""The choice of oslo.service's backend, once a process, before all else."""

from oslo_service import backend


def choose() -> None:
    """Choose the threading backend (cotyledon, futurist), if not yet done.

    :raises BackendAlreadySelected: something imported an oslo library that
        chose eventlet before.
    """
    if backend.get_backend_type() is not backend.BackendType.THREADING:
        backend.init_backend(backend.BackendType.THREADING)
