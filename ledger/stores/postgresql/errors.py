"""What psycopg's errors mean: the one place that turns them into errors of ours.

Source of the codes: PostgreSQL, "Error Codes".
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from eventsourcing.persistence import ConnectionPoolClosedError, PersistenceError

from domain.errors import Corrupt, LedgerError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAMAGED = ("XX",)
_MISSING = {"3F000", "42P01", "3D000"}
_FULL = {"53100"}
_LOCKED = {"55P03", "40001", "40P01"}
_REFUSED = {"42501", "28000", "28P01", "25006"}
_OF_OURS = ("42", "22", "26", "34")
"""Classes of codes of a statement that is wrong."""


class OutcomeUnknown(Unavailable):
    """Whether a commit came about is not known; the events' ids tell once they are sent again."""


OUTCOME_UNKNOWN = (
    "the connection to {} was lost during a commit: whether this was recorded is not known; "
    "send it again with the same ids"
)
NOT_REPLICATED = (
    "{} did not wait for its standby: whether this is recorded for good is not known; "
    "send it again with the same ids"
)


class WriterLost(Unavailable):
    """Another process took over recording in this ledger; this one records nothing any more."""


def to_ledger_error(error: BaseException, name: str, outcome: str = "") -> LedgerError:
    """The error for a caller of the ledger: it says what to do, and nothing of the content.

    ``name`` is how messages call what was used. ``outcome`` ends the text.
    """
    cause = _cause_of(error)
    if isinstance(cause, LedgerError):
        return cause
    if cause is None:
        if isinstance(error, ConnectionPoolClosedError):
            return Unavailable(f"the ledger is closed{outcome}")
        return Unavailable(f"{name} failed{outcome}")
    return _of_the_database(cause, name, outcome)


def _of_the_database(cause: psycopg.Error, name: str, outcome: str) -> LedgerError:
    code = cause.sqlstate or ""
    if code.startswith(_DAMAGED):
        return Corrupt(f"{name} is damaged: restore it from a backup")
    if code in _MISSING:
        return Corrupt(f"{name} is missing in the database: restore it from a backup")
    if code in _FULL:
        return Unavailable(f"the disk that holds {name} is full{outcome}")
    if code in _LOCKED:
        return Unavailable(f"another program holds {name}{outcome}")
    if code in _REFUSED:
        return Unavailable(f"the database does not let this program use {name}{outcome}")
    if isinstance(cause, psycopg.IntegrityError):
        return Unavailable(f"{name} failed{outcome}")
    if code.startswith(_OF_OURS) or isinstance(cause, psycopg.ProgrammingError):
        return LedgerError(f"a statement to {name} is wrong: {cause.diag.message_primary}")
    return Unavailable(f"the database that holds {name} cannot be reached{outcome}")


@contextmanager
def ledger_errors(name: str, outcome: str = "") -> Iterator[None]:
    """Raise the errors of the library as errors of ours.

    Raises:
        Corrupt: what is named is damaged or missing.
        Unavailable: it cannot be read or written now.
    """
    try:
        yield
    except (PersistenceError, ConnectionPoolClosedError, psycopg.Error) as error:
        raise to_ledger_error(error, name, outcome) from error


def derived_error(error: BaseException, name: str) -> LedgerError | None:
    """The error for tables that can be built again; None where it is a bug of ours.

    What other code raised because of an error of the library is looked through.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, psycopg.Error):
        cause = cause.__cause__
    if cause is None:
        return None
    found = _of_the_database(cause, name, "")
    if cause.sqlstate in _MISSING:
        return Unavailable(f"{name} is not there")
    return found


def _cause_of(error: BaseException) -> LedgerError | psycopg.Error | None:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, LedgerError | psycopg.Error):
        cause = cause.__cause__ or next((a for a in cause.args if isinstance(a, Exception)), None)
    return cause
