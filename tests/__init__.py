"""The tests. oslo.service's backend is chosen before all other imports."""

from tachyon import backend

backend.choose()
