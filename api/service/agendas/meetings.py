"""When we met a contact last, and who of ours was there, kept until an event may change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from api.service.agendas.kept import Answer, KeptAnswers
from api.service.agendas.reading import Agendas
from domain.encounters import is_meeting

if TYPE_CHECKING:
    from uuid import UUID

    from ledger.ledger import Ledger
    from projections.folding import Moment


class Meeting(NamedTuple):
    """An instant, and the ``actor`` of the event, where one is named."""

    at: int
    by: str | None


class LastMeetings:
    """The last meeting of contacts at the present, of one ledger. Any thread may ask."""

    def __init__(self, ledger: Ledger) -> None:
        """For a ledger that nobody appends to yet."""
        self._ledger = ledger
        self._kept: KeptAnswers[Meeting | None] = KeptAnswers(ledger)

    def close(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def of(self, contact: UUID, moment: Moment) -> Meeting | None:
        """The last meeting with a survivor; None where there was none."""
        return self._kept.get(contact, moment, moment.at, lambda: self._find(contact, moment))

    def _find(self, contact: UUID, moment: Moment) -> Answer[Meeting | None]:
        found = Agendas(self._ledger, moment).relationship(contact, moment.at)
        counted = {one.fact_id for one in found.machine.commerce.counted_purchases()}
        facts = found.history.facts
        met = next(
            (one for one in reversed(facts[: found.absorbed]) if is_meeting(one, counted)), None
        )
        later = [one.occurred_at for one in facts[found.absorbed :]]
        changes = [*later, *([] if found.next_breakpoint is None else [found.next_breakpoint])]
        meeting = None if met is None else Meeting(met.occurred_at, self._actor(met.position))
        return Answer(meeting, min(changes, default=None))

    def _actor(self, position: int) -> str | None:
        """Who of ours recorded an event; None where nobody is named."""
        recorded = self._ledger.log(after=position - 1, limit=1, upto=position)
        actor = recorded[0].actor if recorded else None
        return actor if isinstance(actor, str) else None
