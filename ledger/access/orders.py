"""An act from its order to its outcome: both stand in the audit trail, whatever happens between.

The order is written before the act, so that nothing is done without a trace; the outcome after it,
so that the trail names nothing as done that was refused or failed. Where the process ends between
the two, the order stands alone.
"""

from __future__ import annotations

import logging
from errno import errorcode
from typing import TYPE_CHECKING

from domain.errors import Corrupt, LedgerError, LedgerNotFound, Refused, Unavailable
from ledger.files import FolderInUse
from ledger.stores.access import DONE, FAILED, REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Self

    from ledger.access.scopes import Principal
    from ledger.access.trail import AuditTrail

logger = logging.getLogger("rapport.trail")

CANCELLED = "cancelled"
"""The reason of work that was cancelled, or that ended with the process."""

INTERRUPTED = "interrupted"


class Order:
    """An act under way. As a context it ends with the block: done, refused or failed.

    Only the first outcome counts. If it cannot be written, a log line says so, which changes
    nothing for the principal: the act happened, or did not happen, all the same.
    """

    def __init__(
        self,
        trail: Callable[[], AbstractContextManager[AuditTrail]],
        principal: Principal,
        act: str,
        subject: str,
        /,
        **detail: object,
    ) -> None:
        """Record the order; ``trail`` opens the trail again for the outcome.

        Raises:
            LedgerNotFound: there is no such ledger.
            Unavailable: it could not be written: then the act must not be done.
        """
        self._trail = trail
        self._detail: dict[str, object] = {}
        self._open = True
        self._left = False
        with trail() as opened:
            self._entry = opened.record(principal, act, subject, **detail)

    def add_detail(self, **detail: object) -> None:
        """Put more into the detail of the outcome."""
        self._detail |= detail

    def leave_open(self) -> None:
        """Do not end with the block: the act continues after it, and ``end`` is called then."""
        self._left = True

    def moved_to(self, trail: Callable[[], AbstractContextManager[AuditTrail]]) -> None:
        """The act took the trail to another place, where its outcome belongs."""
        self._trail = trail

    def end(self, outcome: str, **detail: object) -> None:
        """Record what came of it."""
        if not self._open:
            return
        self._open = False
        number, act = self._entry.number, self._entry.act
        try:
            with self._trail() as opened:
                opened.conclude(self._entry, outcome, **self._detail, **detail)
        except LedgerNotFound:
            pass  # the trail went with its ledger
        except (Corrupt, Unavailable, OSError) as error:
            logger.error(
                "entry %d, %s, is %s, which is not recorded: %s", number, act, outcome, error
            )

    def end_by(self, error: BaseException) -> None:
        """Record that it was refused, or failed, by this error."""
        outcome, reason = outcome_of(error)
        self.end(outcome, reason=reason)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None:
            self.end_by(error)
        elif not self._left:
            self.end(DONE)


def outcome_of(error: BaseException) -> tuple[str, str]:
    """What an error makes of an act, and a reason: a stable code, or the class of the error.

    ``refused``: a rule forbids it, also the rule that only one process holds a folder. All else
    failed. No message of an error is repeated, since one may quote a person.
    """
    if isinstance(error, Refused):
        return REFUSED, error.reason
    if isinstance(error, FolderInUse):
        return REFUSED, "folder-in-use"
    if isinstance(error, KeyboardInterrupt):
        return FAILED, INTERRUPTED
    if isinstance(error, OSError) and error.errno is not None:
        return FAILED, errorcode.get(error.errno, type(error).__name__)
    if not isinstance(error, LedgerError):
        return FAILED, type(error).__name__
    reason = type(error).__name__ if error.code == LedgerError.code else error.code
    return FAILED if isinstance(error, Corrupt | Unavailable) else REFUSED, reason
