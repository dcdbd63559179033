"""Every error, as one tree of classes with stable codes.

The classes know nothing about HTTP: one table in ``api/http/problems.py`` has the status of each.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID


class LedgerError(Exception):
    """An error that callers may see. ``code`` is stable, ``str(error)`` is for people."""

    code = "internal"

    def fields(self) -> Mapping[str, object]:
        """The fields for programs besides code and detail; JSON values only."""
        return {}


@dataclass(frozen=True)
class FieldError:
    """One error in a document. ``pointer`` is an RFC 6901 JSON Pointer into it."""

    pointer: str
    code: str
    detail: str

    def within(self, prefix: str) -> FieldError:
        """The same error seen from the document that holds this one at ``prefix``."""
        return FieldError(prefix + self.pointer, self.code, self.detail)


class Invalid(LedgerError):
    """The request is not valid."""

    code = "invalid-request"

    def __init__(self, errors: Iterable[FieldError], detail: str | None = None) -> None:
        self.errors = tuple(errors)
        first = self.errors[0] if self.errors else None
        where = f"{first.pointer}: {first.detail}" if first and first.pointer else None
        super().__init__(detail or where or (first.detail if first else "invalid request"))
        for code in ("invalid-time", "invalid-text"):
            if self.errors and all(error.code == code for error in self.errors):
                self.code = code

    @classmethod
    def at(cls, pointer: str, code: str, detail: str) -> Self:
        """One error at one place."""
        return cls([FieldError(pointer, code, detail)])

    def within(self, prefix: str) -> Invalid:
        """The same errors seen from the document that holds this one at ``prefix``."""
        return Invalid([error.within(prefix) for error in self.errors])


class NotFound(LedgerError):
    """The request names something that does not exist."""

    code = "not-found"


class LedgerNotFound(NotFound):
    """No ledger of that name."""

    code = "ledger-not-found"


class ContactNotFound(NotFound):
    """No such contact is registered."""

    code = "contact-not-found"


class EventNotFound(NotFound):
    """No event at that position."""

    code = "event-not-found"


class PolicyNotFound(NotFound):
    """No policy of that version."""

    code = "policy-not-found"


class ProjectionNotFound(NotFound):
    """No projection of that name."""


class OperationNotFound(NotFound):
    """No operation of that id."""

    code = "operation-not-found"


class ImportNotFound(NotFound):
    """No import of that id."""

    code = "import-not-found"


class KeyNotFound(NotFound):
    """No access key has that id."""


class TileNotFound(NotFound):
    """No such tile, or not under the last signed checkpoint."""


class Conflict(LedgerError):
    """The request contradicts the content of the ledger."""


class NotFinished(Conflict):
    """The result is not finished yet."""

    code = "not-finished"


class VersionMismatch(Conflict):
    """Version mismatch: the precondition names another version than that of the stream."""

    code = "version-mismatch"

    def __init__(self, current_version: int) -> None:
        super().__init__(f"the contact's stream is at version {current_version}")
        self.current_version = current_version

    def fields(self) -> Mapping[str, object]:
        return {"version": self.current_version}


class EventIdReused(Conflict):
    """An event with this id has different content.

    ``position`` is that event's, and is absent if both events are in one request.
    """

    code = "event-id-reused"

    def __init__(self, event_id: UUID, position: int | None) -> None:
        detail = f"event {event_id} was recorded at position {position} with other content"
        if position is None:
            detail = f"event {event_id} occurs twice in the request with different content"
        super().__init__(detail)
        self.event_id = event_id
        self.position = position

    def fields(self) -> Mapping[str, object]:
        shown: dict[str, object] = {"event_id": str(self.event_id)}
        return shown if self.position is None else {**shown, "position": self.position}


class Refused(Conflict):
    """A decision refused the request. ``reason`` is the decision's own code."""

    code = "refused"

    def __init__(self, reason: str, detail: str, **fields: object) -> None:
        super().__init__(detail)
        self.reason = reason
        self.extra = fields

    def fields(self) -> Mapping[str, object]:
        return {"reason": self.reason, **self.extra}


class NotYetSigned(Conflict):
    """The event is recorded, but no signed checkpoint covers it yet."""

    code = "not-yet-sealed"


class Unauthenticated(LedgerError):
    """The request has no access key, or one that is not valid."""

    code = "unauthenticated"


class Unavailable(LedgerError):
    """The ledger cannot do this now; trying again later may help."""

    code = "unavailable"


class ProjectionBehind(Unavailable):
    """The projection did not reach the wanted position in time."""

    code = "projection-behind"


class Corrupt(LedgerError):
    """Stored bytes are not what this program wrote: the file is damaged or another program's."""

    code = "unavailable"


class Unproven(LedgerError):
    """The evidence is malformed, or it does not prove what it should.

    Evidence is a proof, a note, a checkpoint, a tile or an entry. Code that reads such a thing from
    the ledger's own files raises ``Corrupt`` instead.
    """


class LogRefused(Corrupt):
    """The log signs nothing more, because a signature could contradict an earlier one."""


DISK_FULL = "cannot be written: the disk is full or no more may be written to it"
NO_PERMISSION = "cannot be opened or written: check the permissions of the file and its folder"
_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def unusable_file(error: OSError, name: str) -> Unavailable:
    """The error for a file or folder that the system does not allow us to use."""
    return Unavailable(f"{name} {DISK_FULL if error.errno in _FULL_ERRNOS else NO_PERMISSION}")
