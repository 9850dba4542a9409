"""The root of everything that handlers refuse on purpose, and its common fates."""

from engine.errors import Conflict, Invalid, NotAllowed, NotFound, Problem, Refused


class DomainError(Problem):
    """Root of everything the trade refuses on purpose."""


class RuleRefused(DomainError, Refused):
    """A rule of the trade says no."""


class FieldsInvalid(DomainError, Invalid):
    """Single fields of an entry have to be changed."""


class RecordNotFound(DomainError, NotFound):
    """There is no such record, or this actor may not know of it."""


class RecordConflict(DomainError, Conflict):
    """Somebody was faster, or the record is in another state by now."""


class ActionNotAllowed(DomainError, NotAllowed):
    """This actor may not do this."""


class Overloaded(DomainError):
    """Too much of this is being done right now; the same is possible in a moment."""


class NoRoom(DomainError):
    """The disk is full; the same is possible once there is room, and nothing was kept of it."""
