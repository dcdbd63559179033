"""Which minutes events belong to, and what each minute restates of its contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.aliases import Aliases, merge_of
from domain.events.contacts import ContactRegistered
from domain.events.governance import EventCorrected, EventRetracted
from domain.history import effective_history
from domain.recorded import POLICY_STREAM
from domain.restatement import Belief, restated_intervals
from projections.build import both_sides, naming
from projections.folding import Moment
from projections.minutes import (
    ALWAYS,
    NOTHING_BELIEVED,
    Minute,
    News,
    minute_of,
    reach_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from domain.aliases import Merge
    from domain.recorded import RecordedEvent
    from domain.restatement import RestatedInterval
    from projections.beliefs import Beliefs
    from projections.minutes import Intake
    from projections.source import BeliefSource


class RestatedMinutes:
    """The newest minute of some contacts, as their events are noted in the order of the log.

    ``minute`` is the minute of the newest event, ``minutes`` what it has of each contact.
    """

    def __init__(
        self,
        source: BeliefSource,
        beliefs: Beliefs,
        referred_contact: Callable[[RecordedEvent], UUID | None],
        long_events: int,
    ) -> None:
        """``referred_contact`` says who was referred by what an event retracts or corrects."""
        self.minutes: dict[UUID, Minute] = {}
        self.minute: int | None = None
        self._source = source
        self._beliefs = beliefs
        self._referred_contact = referred_contact
        self._long_events = long_events

    def pass_to(self, minute: int, taken: Intake) -> None:
        """Another minute has begun: what was recorded in the one before is whole."""
        self.minute = minute
        self.minutes.clear()
        taken.minutes.clear()
        taken.passed = True

    def is_another(self, recorded: RecordedEvent) -> bool:
        """Whether an event is of another minute than the newest before it."""
        return minute_of(recorded) != self.minute

    def note(self, recorded: RecordedEvent, taken: Intake) -> None:
        """One event more, whomever it is about."""
        if recorded.contact_id == POLICY_STREAM:
            return  # it judges nothing of the past, but what is folded from here on
        merge = merge_of(recorded)
        if merge is not None:
            self._note_merge(recorded, merge, taken)
            return
        survivor = taken.aliases.survivor_of(recorded.contact_id)
        if isinstance(recorded.event, EventRetracted | EventCorrected):
            self.note_referred(recorded, taken)
            self._touch(survivor, recorded, taken, ALWAYS)
            return
        self._touch(survivor, recorded, taken, reach_of(recorded))

    def note_referred(self, recorded: RecordedEvent, taken: Intake) -> None:
        """A retraction or correction, as far as it concerns the contact that was referred."""
        referred = self._referred_contact(recorded)
        if referred is None:
            return
        other = taken.aliases.survivor_of(referred)
        if other != taken.aliases.survivor_of(recorded.contact_id):
            self._touch(other, recorded, taken, ALWAYS)

    def _note_merge(self, recorded: RecordedEvent, merge: Merge, taken: Intake) -> None:
        """A merge or its undoing concerns the contacts that are no alias before or after it.

        A contact that becomes an alias ends, and one that is none any more begins: nothing was
        believed of it while another stood for it.
        """
        before, after = taken.aliases, taken.aliases.copy()
        applies = after.apply(merge)
        if not applies:
            after = before
        for contact in sorted(both_sides(before, merge) | both_sides(after, merge)):
            if after.survivor_of(contact) != contact:
                self.settle(contact, taken)
                self.minutes.pop(contact, None)
                taken.minutes.add(contact)
                self._beliefs.drop(contact)
            elif before.survivor_of(contact) != contact:
                self._beliefs.drop(contact)
                self._touch(contact, recorded, taken, NOTHING_BELIEVED)
            else:
                self._touch(contact, recorded, taken, ALWAYS)
        if applies:
            taken.aliases = after
            taken.merges.append(merge)

    def _touch(self, contact: UUID, recorded: RecordedEvent, taken: Intake, since_at: int) -> None:
        """One event more of a contact, which changes nothing before an instant."""
        minute = self.minutes.get(contact)
        if minute is None:
            if _is_the_first(recorded) and recorded.contact_id == contact:
                begins = taken.aliases.members(contact) == (contact,)
                since_at = NOTHING_BELIEVED if begins else since_at
            minute = self.minutes[contact] = Minute(recorded.position, since_at)
        minute.add(recorded, since_at)
        taken.minutes.add(contact)
        news = taken.news.setdefault(contact, News())
        if since_at == ALWAYS or minute.since_at == NOTHING_BELIEVED:
            news.anew = True
        else:
            news.events.append(recorded)
        if recorded.version > max(news.long_count, self._long_events):
            taken.long_count += recorded.version - news.long_count
            news.long_count = recorded.version

    def settle(self, contact: UUID, taken: Intake) -> None:
        """Fold what was noted of a contact, and find what that restates."""
        news = taken.news.pop(contact, None)
        if news is None:
            return
        minute = self.minutes[contact]
        assert taken.tip is not None
        with naming(contact, self._moment(taken)):
            since_at = minute.changed_since(self._source.policies(minute.last))
            if since_at is None:
                self._beliefs.go_on(contact, minute, news)
                return
            if minute.stands_at:
                taken.replaced.append((minute.stands_at, contact.bytes))
            minute.stands_at = minute.last
            then = taken.aliases.at(minute.first - 1)  # the same where no merge came since
            both = self._beliefs.stages(contact, minute, news, taken.aliases, then)
            found = tuple(
                restated_intervals(both.believed, both.known, minute.recorded_at, since_at)
            )
            taken.add(contact, minute.last, minute.id, found)

    def _moment(self, taken: Intake) -> Moment:
        """Where it stands, for what is said of errors."""
        assert taken.tip is not None
        position, at = taken.tip.position, taken.tip.recorded_at
        policies = self._source.policies(position)
        return Moment(position, at, policies, self._source.time_zone, taken.aliases)


def _is_the_first(recorded: RecordedEvent) -> bool:
    """Whether nothing was known of the event's contact before, as far as its own stream says.

    A name that was an address before has older events, and is known from its registration on.
    """
    return recorded.version == 1 or isinstance(recorded.event, ContactRegistered)


def restated_by_policy(
    contact: UUID,
    events: Sequence[RecordedEvent],
    published: RecordedEvent,
    source: BeliefSource,
) -> tuple[RestatedInterval, ...]:
    """What a policy for the past restates of a contact, by its events known where it stands."""
    position, zone = published.position, source.time_zone
    before, after = source.policies(position - 1), source.policies(position)
    with naming(contact, Moment(position, published.recorded_at, after, zone, Aliases())):
        history = effective_history(events, contact)
        belief = Belief(history, before, zone, published.recorded_at)
        return belief.learn(history, after, published.recorded_at)
