"""The rows of lists that no projection holds, each folded from all that is known of a contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from api.service.answers.lists import StandingRow, StatusRow
from api.service.known_contacts import KnownContacts
from api.service.replays.replay import row_of
from api.service.rewards import rewards_of
from domain.events.referrals import ReferralMade
from domain.won_value import won_value
from projections.build import naming

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from api.service.answers.document import Document
    from domain.recorded import RecordedEvent
    from projections.folding import Moment
    from projections.source import StreamSource


class Rows(Protocol):
    """What a list shows of one contact after another, and how many events that took so far."""

    @property
    def events_read(self) -> int:
        """How many events were read for the rows so far."""

    def row(self, contact: UUID, events: Sequence[RecordedEvent]) -> Document | None:
        """The row of a contact, by all events that are known of it; None where none is wanted.

        Raises:
            Stumbled: a history that cannot be folded.
        """


class StatusRows:
    """The stages of the contacts with any history, all or only those of a stage or a flag."""

    def __init__(self, moment: Moment, stage: str | None = None, flag: str | None = None) -> None:
        self._moment = moment
        self._stage = stage
        self._flag = flag
        self.events_read = 0

    def row(self, contact: UUID, events: Sequence[RecordedEvent]) -> Document | None:
        """The stage, score and flags of the moment."""
        self.events_read += len(events)
        found = row_of(contact, events, self._moment)
        if found is None or self._stage not in (None, found.stage):
            return None
        if self._flag not in (None, *found.flags):
            return None
        return StatusRow.model_validate(found)


class StandingRows:
    """The standings of the partners: those who had referred or been sent someone by then."""

    def __init__(self, source: StreamSource, moment: Moment, named: str | None = None) -> None:
        self._moment = moment
        self._contacts = KnownContacts(source, moment)
        self._named = named
        self._other_events = 0

    @property
    def events_read(self) -> int:
        """The contacts' own events, and those of whom they referred, each read once."""
        return self._other_events + self._contacts.events_read

    def row(self, contact: UUID, events: Sequence[RecordedEvent]) -> Document | None:
        """The standing, influence, value and debts of the moment."""
        if not any(isinstance(one.event, ReferralMade) for one in events):
            self._other_events += len(events)
            return None  # as of most contacts, whose histories need not be made for it
        known, moment = self._contacts, self._moment
        with naming(contact, moment):
            known.history(contact, events)
            if not any(edge.made_at <= moment.at for edge in known.edges(contact)):
                return None
            found = known.standing(contact)
        if self._named not in (None, found.standing):
            return None
        referrals = known.referrals(contact)
        brought = won_value(
            referrals.edges, referrals.commerce, known.policy_at(moment.at), moment.at
        )
        return StandingRow.of(contact, found, brought, rewards_of(known, contact))
