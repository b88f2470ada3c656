"""Every error that Tachyon raises on purpose.

No class here knows HTTP: ``tachyon.api.errors`` is the one place that maps
them to a status. Each class formats ``msg_fmt`` with its keyword arguments,
which stay readable as attributes of the same names.
"""


class TachyonException(Exception):
    """Base of all errors of Tachyon."""

    msg_fmt = "An unknown error occurred."

    def __init__(self, message: str | None = None, **kwargs: object):
        self.kwargs = kwargs
        super().__init__(message or self.msg_fmt % kwargs)

    def __getattr__(self, name: str) -> object:
        try:
            return self.__dict__["kwargs"][name]
        except KeyError:
            raise AttributeError(name) from None


# ------------------------------------------------------------ kinds of error
class NotFound(TachyonException):
    """What was named does not exist."""


class Conflict(TachyonException):
    """What was asked contradicts what the store holds."""


class BadRequest(TachyonException):
    """What was asked makes no sense, whatever the store holds."""


class ValidationError(BadRequest):
    """A request is malformed; ``field`` says where: ``resources.VCPU``."""

    msg_fmt = "%(field)s: %(reason)s"


# ------------------------------------------------------------------ the store
class ConcurrentUpdate(Conflict):
    """A write carried a generation that is no longer the current one."""

    msg_fmt = "%(what)s was changed by somebody else: generation conflict."


class CompanionsMoved(ConcurrentUpdate):
    """A claim was decided on where others of its group were before."""

    msg_fmt = "Another member of its group was placed meanwhile."


class CursorExpired(TachyonException):
    """``changes`` can't continue from this cursor: load afresh."""

    msg_fmt = "The change cursor is from before the last gc, or another store."


class DriverUnavailable(TachyonException):
    """The store could not be reached within its deadline."""

    msg_fmt = "The store is unavailable: %(reason)s"


class SchemaOutOfDate(TachyonException):
    msg_fmt = ("The store's schema is at version %(found)s, this code needs "
               "%(needed)s: run 'tachyon-manage db sync'.")


# ------------------------------------------------------------------ placement
class BackupFailed(TachyonException):
    """A copy of the store can't be made, or can't take its place."""

    msg_fmt = "%(path)s: %(reason)s"


class BackupNotSupported(TachyonException):
    msg_fmt = "This store is backed up and restored with its own tools."


class ResourceProviderNotFound(NotFound):
    msg_fmt = "No resource provider with uuid %(uuid)s found"


class ReshapedProviderNotFound(ResourceProviderNotFound):
    """It was to get other inventories."""


class ProviderGenerationConflict(ConcurrentUpdate):
    """The caller knows a provider of another generation."""

    msg_fmt = ("resource provider generation conflict for provider %(uuid)s: "
               "actual: %(actual)s, given: %(given)s")


class ParentProviderNotFound(BadRequest):
    msg_fmt = "parent provider UUID %(uuid)s does not exist"


class ProviderLoop(BadRequest):
    msg_fmt = ("creating loop in the provider tree is not allowed: "
               "%(uuid)s is in the subtree of the provider.")


class ProviderHasParent(BadRequest):
    """``action`` is ``re-parenting`` or ``un-parenting``."""

    msg_fmt = "%(action)s the resource provider %(uuid)s is not allowed."


class DuplicateProvider(Conflict):
    """``field`` is ``name`` or ``uuid``, ``value`` what is taken."""

    msg_fmt = ("Conflicting resource provider %(field)s: %(value)s already "
               "exists.")


class ProviderInUse(Conflict):
    msg_fmt = ("Unable to delete resource provider %(uuid)s: it has "
               "allocations.")


class ProviderHasChildren(Conflict):
    msg_fmt = ("Unable to delete parent resource provider %(uuid)s: "
               "It has child resource providers.")


class InventoryNotFound(NotFound):
    msg_fmt = "No inventory of class %(resource_class)s for %(uuid)s"


class InventoryExists(Conflict):
    msg_fmt = ("Resource provider '%(uuid)s' already has an inventory of "
               "class '%(resource_class)s'.")


class InventoryInUse(Conflict):
    msg_fmt = ("Inventory for '%(resource_classes)s' on resource provider "
               "'%(uuid)s' in use.")


class InvalidInventory(BadRequest):
    """An allocation names a class of which the provider has no inventory."""

    msg_fmt = ("Inventory for '%(resource_class)s' on resource provider "
               "'%(uuid)s' invalid.")


class InvalidInventoryCapacity(BadRequest):
    """``excess`` tells by how much too much is reserved."""

    msg_fmt = ("Invalid inventory for '%(resource_class)s' on resource "
               "provider '%(uuid)s'. The reserved value is %(excess)s "
               "total.")


class CapacityExceeded(Conflict):
    msg_fmt = ("Unable to create allocation for '%(resource_class)s' on "
               "resource provider '%(uuid)s'. The requested amount would "
               "exceed the capacity.")


class AllocationConstraintsViolated(Conflict):
    """The amount breaks min_unit, max_unit or step_size."""

    msg_fmt = ("Unable to create allocation for '%(resource_class)s' on "
               "resource provider '%(uuid)s'. The requested amount would "
               "violate inventory constraints.")


class ResourceClassNotFound(NotFound):
    msg_fmt = "No such resource class %(resource_class)s."


class ResourceClassExists(Conflict):
    msg_fmt = "Resource class %(resource_class)s already exists."


class ResourceClassInUse(Conflict):
    msg_fmt = "Cannot delete resource class %(resource_class)s: it is in use."


class ResourceClassStandard(BadRequest):
    msg_fmt = "Cannot delete standard resource class %(resource_class)s."


class TraitNotFound(NotFound):
    msg_fmt = "No such trait(s): %(names)s."


class TraitInUse(Conflict):
    msg_fmt = "The trait %(name)s is in use by a resource provider."


class TraitStandard(BadRequest):
    msg_fmt = "Cannot delete standard trait %(name)s."


class ConsumerGenerationConflict(ConcurrentUpdate):
    """The caller knows a consumer of another generation; "null" is none."""

    msg_fmt = ("consumer generation conflict - expected %(expected)s but got "
               "%(got)s")


class ConsumerNotFound(NotFound):
    msg_fmt = "No allocations for consumer '%(uuid)s'"


# ------------------------------------------------------------------ instances
class InstanceNotFound(NotFound):
    msg_fmt = "No instance with id %(id)s found."


class InstanceExists(Conflict):
    msg_fmt = "An instance with id %(id)s exists already."


class FlavorNotFound(NotFound):
    msg_fmt = "No flavor named %(name)s found."


class FlavorExists(Conflict):
    msg_fmt = "A flavor named %(name)s exists already."


class InvalidTransition(Conflict):
    """``allowed`` is a tuple of the actions that the state allows."""

    msg_fmt = ("Instance %(id)s is %(status)s: cannot %(action)s it. "
               "Allowed actions: %(allowed)s.")

    def __init__(self, message: str | None = None, *,
                 allowed: tuple[str, ...] = (), **kwargs: object):
        words = {**kwargs, "allowed": ", ".join(allowed) or "none"}
        super().__init__(message or self.msg_fmt % words,
                         allowed=allowed, **kwargs)


class InstanceBusy(Conflict):
    msg_fmt = ("Instance %(id)s is %(status)s and has a %(task)s under way. "
               "Allowed actions: delete.")


class MarkerNotFound(BadRequest):
    msg_fmt = "marker: %(marker)s does not name anything in this list."


class Fenced(Conflict):
    """A write carried an attempt that is not, or no longer, the current one.

    Whoever is told so was overtaken: it drops what it was doing.
    """

    msg_fmt = "Attempt %(attempt)s at instance %(id)s was overtaken."


class RequestNotFound(NotFound):
    msg_fmt = "No request with id %(id)s found."


class ServiceNotFound(NotFound):
    msg_fmt = "No service with id %(id)s found."


# ----------------------------------------------------------- plug-ins, policy
class PluginError(TachyonException):
    """A named plug-in is missing or broken: the daemon must not start."""

    msg_fmt = "Plug-in %(name)s of %(namespace)s can't be loaded: %(reason)s"


class PluginFailed(TachyonException):
    """A third-party plug-in failed while it was asked; the log has how."""

    msg_fmt = "%(name)s failed (%(error)s)."


class HostSourceUnavailable(TachyonException):
    """What is needed of hosts besides Placement's could not be read."""

    msg_fmt = "Nothing is known of the hosts: %(reason)s"


class PolicyFileInvalid(TachyonException):
    """What ``[oslo_policy] policy_file`` names: a daemon must not start."""

    msg_fmt = "The policy file can't be used: %(reason)s"


class PolicyNotAuthorized(TachyonException):
    msg_fmt = "Policy does not allow %(action)s to be performed."


class SchedulingDataInvalid(BadRequest):
    """An action's ``validate`` refused the data before anything ran."""

    msg_fmt = "Action %(action)s can't run: %(reason)s"


class ClaimConflict(Conflict):
    """The chosen host was taken, or changed, since it was chosen."""

    msg_fmt = "Host %(host)s can't be claimed any more: %(reason)s"


class OutcomeUnknown(DriverUnavailable):
    """The store broke off during a write that it may have done or not."""

    msg_fmt = "It is not known whether the store did %(what)s: %(reason)s"


class DomainError(TachyonException):
    """A domain driver could not do what it was told."""

    msg_fmt = "%(action)s of instance %(id)s failed: %(reason)s"


# -------------------------------------------------------------------- the bus
class SchedulerUnavailable(TachyonException):
    """No scheduler answered a call in time."""

    msg_fmt = "No scheduler answers: %(reason)s"


class BusUnavailable(TachyonException):
    """No broker of the bus takes a connection."""

    msg_fmt = "The bus is unavailable: %(reason)s"


class MalformedMessage(TachyonException):
    """A message of the bus can't be understood: it is dropped."""

    msg_fmt = "Malformed message: %(reason)s"


# ----------------------------------------------------------- other Placements
class TransferFailed(TachyonException):
    """Another service can't be read, or does not take what is written."""

    msg_fmt = "%(where)s: %(reason)s"
