"""What can be handed to a committer, and who receives the outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ledger.batch import Publication
from ledger.drafts import Append
from ledger.erasure import Erasure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Each:
    """Appends that share one answer and nothing else: each is recorded or refused by itself."""

    appends: Sequence[Append]


@dataclass(frozen=True)
class Trial:
    """A commit that changes nothing: it tells whether events could be recorded now."""


Work = Append | Each | Publication | Erasure | Trial


class Reply(Protocol):
    """The receiver of the outcome of work: a future of threads, or of an event loop.

    Told on the committer's thread, which waits for it: it must return at once.
    """

    def set_running_or_notify_cancel(self) -> bool:
        """The work is being done; False where nobody wants it any more."""

    def set_result(self, result: Any, /) -> None:
        """It is recorded, or was already so."""

    def set_exception(self, error: Exception, /) -> None:
        """It is not recorded."""


Job = tuple[Work, Reply]


def appends_of(works: Iterable[Work]) -> list[Append]:
    """Every append in these, in order."""
    found: list[Append] = []
    for work in works:
        if isinstance(work, Each):
            found.extend(work.appends)
        elif isinstance(work, Append):
            found.append(work)
    return found


def weight_of(work: Work) -> int:
    """How many drafts it counts for in a queue; at least one."""
    if isinstance(work, Append):
        return len(work.drafts) or 1
    return sum([len(append.drafts) for append in appends_of([work])]) or 1
