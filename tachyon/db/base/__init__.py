"""The store, abstractly: one data driver, and a controller a kind of thing.

Managers know the store only through this module, the door of its package,
and ``tachyon.db.models``. What every driver promises (the contract suite
holds it to that):

* **Atomic.** A controller call is one transaction: all of it or nothing.
* **Compare and swap.** A write that carries a generation or an attempt is
  compared inside its transaction; a stale one raises ``ConcurrentUpdate`` or
  ``Fenced`` and changes nothing. Capacity is checked inside the transaction
  that takes it.
* **Changes.** Once a write has returned, every ``changes`` call that starts
  later, in any process, includes it; none ever sees half of one.
* **Bounded.** Connection loss, deadlock and lock waits are retried inside the
  driver within its deadline, then raise ``DriverUnavailable``.

All methods may be called from any thread, and a driver is made after the
fork. Records go in and out; sequences returned are in a stable order.
"""

from tachyon.db.base.bulk import BulkController
from tachyon.db.base.driver import DataDriverBase
from tachyon.db.base.driver import Tell
from tachyon.db.base.driver import silent
from tachyon.db.base.lifecycle import DecisionsController
from tachyon.db.base.lifecycle import FlavorsController
from tachyon.db.base.lifecycle import InstancesController
from tachyon.db.base.lifecycle import MessagesController
from tachyon.db.base.lifecycle import ServicesController
from tachyon.db.base.placement import AggregatesController
from tachyon.db.base.placement import AllocationsController
from tachyon.db.base.placement import InventoriesController
from tachyon.db.base.placement import ResourceClassesController
from tachyon.db.base.placement import ResourceProvidersController
from tachyon.db.base.placement import TraitsController

__all__ = [
    "AggregatesController",
    "AllocationsController",
    "BulkController",
    "DataDriverBase",
    "DecisionsController",
    "FlavorsController",
    "InstancesController",
    "InventoriesController",
    "MessagesController",
    "ResourceClassesController",
    "ResourceProvidersController",
    "ServicesController",
    "Tell",
    "TraitsController",
    "silent",
]
