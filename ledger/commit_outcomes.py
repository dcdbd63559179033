"""What came of work that was to be recorded: each with its own answer or error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import Corrupt, LedgerError, Unavailable
from domain.events.governance import PersonalDataErased
from ledger.commit_work import Each, Trial
from ledger.drafts import Append
from ledger.erasure import Erasure
from ledger.mapper import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from ledger.batch import Batch, DecisionContext
    from ledger.commit_work import Work


def outcome_of(batch: Batch, work: Work) -> object:
    """Decide the work; what it comes to once the batch is durable, or the error that keeps it out.

    Raises:
        Corrupt: no neighbour may be recorded in a damaged file either.
    """
    if isinstance(work, Each):
        return [outcome_of(batch, append) for append in work.appends]
    if isinstance(work, Trial):
        return None
    try:
        if isinstance(work, Erasure):
            return batch.erase(work)
        return batch.take(work) if isinstance(work, Append) else batch.publish(work)
    except Corrupt:
        raise
    except LedgerError as error:
        return error


def is_held_up(outcomes: Iterable[object]) -> bool:
    """Whether some work could not be decided because a part of the store is away, such as keys."""
    return any(
        is_held_up(one) if isinstance(one, list) else isinstance(one, Unavailable)
        for one in outcomes
    )


def recorded_beyond(context: DecisionContext, head: int) -> tuple[list[RecordedEvent], set[UUID]]:
    """The events beyond a head, decrypted, and the contacts whose erasures are among them."""
    rows = context.recorder.rows_after(head, context.head)
    recorded = [context.mapper.to_event(*row, decrypt=EVERYTHING) for row in rows]
    erased = {one.contact_id for one in recorded if isinstance(one.event, PersonalDataErased)}
    return recorded, erased
