"""What is believed of the contacts that events are recorded of, and was before their minute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.history import History, effective_history, extend
from domain.restatement import Belief
from projections.folding import CONTACT_WEIGHT, WeightedCache
from projections.groups import known_of, read_group

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from domain.aliases import Aliases
    from domain.intervals import Interval
    from projections.minutes import Minute, News
    from projections.source import BeliefSource


@dataclass(slots=True)
class _BeliefEntry:
    """What is kept of a contact: its belief, and what was believed before its newest minute.

    ``before`` is the history before the event at ``first``, ``stages`` what it said, once asked.
    """

    belief: Belief
    first: int = 0
    before: History | None = None
    stages: Sequence[Interval] | None = None


@dataclass(frozen=True, slots=True)
class BothStages:
    """The stages as believed before the first event of a minute, and as known with the last."""

    believed: Sequence[Interval]
    known: Sequence[Interval]


class Beliefs:
    """The beliefs of a log's contacts, kept and gone on with as far as there is room.

    ``folded_count`` counts the facts that were folded.
    """

    def __init__(self, source: BeliefSource, most_facts: Callable[[], int]) -> None:
        """``most_facts`` is how many the kept beliefs may have, which bounds their memory."""
        self.folded_count = 0
        self._source = source
        self._kept: WeightedCache[_BeliefEntry] = WeightedCache(most_facts)

    def begin_round(self) -> None:
        """Count what is used from now on as used in the next round."""
        self._kept.begin_round()

    def drop(self, contact: UUID) -> None:
        """Keep nothing of a contact."""
        self._kept.drop(contact)

    def clear(self) -> None:
        """Keep nothing."""
        self._kept.clear()

    def go_on(self, contact: UUID, minute: Minute, news: News) -> None:
        """Know of events that restate nothing, where anything is kept of the contact."""
        known = self._kept.get(contact)
        if known is None:
            return
        longer = None if news.anew else extend(known.belief.history, news.events)
        if longer is None:
            self._kept.drop(contact)
            return
        _begin(known, minute)
        known.belief.note(longer)
        self._keep(contact, known)

    def stages(
        self, contact: UUID, minute: Minute, news: News, aliases: Aliases, then: Aliases
    ) -> BothStages:
        """The stages of a contact before its minute, and with the newest event of it.

        ``aliases`` are those known with the newest event, ``then`` those before the first; the same
        object where no merge came in between.
        """
        known = self._kept.get(contact)
        if known is None:
            known = self._read(contact, minute, aliases, then)
        else:
            self._learn(contact, known, minute, news, aliases)
        assert known.stages is not None
        stages = self._stages(known.belief, minute)
        self._keep(contact, known)
        return BothStages(known.stages, stages)

    def _learn(
        self, contact: UUID, known: _BeliefEntry, minute: Minute, news: News, aliases: Aliases
    ) -> None:
        """Bring what is kept to the newest event of the minute."""
        belief = known.belief
        longer = None if news.anew else extend(belief.history, news.events)
        if longer is None:
            events = read_group(self._source, contact, aliases, minute.last)
            longer = effective_history(events, contact)
        _begin(known, minute)
        if known.stages is None:
            assert known.before is not None
            belief.note(known.before, self._source.policies(minute.first - 1))
            known.stages, known.before = self._stages(belief, minute), None
        belief.note(longer, self._source.policies(minute.last))

    def _read(self, contact: UUID, minute: Minute, aliases: Aliases, then: Aliases) -> _BeliefEntry:
        """What is believed of a contact of which nothing is kept."""
        first, source = minute.first, self._source
        events = read_group(source, contact, aliases, minute.last)
        if then is aliases:
            earlier = known_of([one for one in events if one.position < first])
        else:
            earlier = read_group(source, contact, then, first - 1)
        history = effective_history(earlier, contact)
        belief = Belief(history, source.policies(first - 1), source.time_zone, minute.ends_at)
        self.folded_count += belief.folded_count
        stages = self._stages(belief, minute)
        longer = None
        if then is aliases:
            longer = extend(history, [one for one in events if one.position >= first])
        belief.note(longer or effective_history(events, contact), source.policies(minute.last))
        return _BeliefEntry(belief, first, None, stages)

    def _stages(self, belief: Belief, minute: Minute) -> Sequence[Interval]:
        """To the end of the minute, so that they serve whatever is recorded in it."""
        before = belief.folded_count
        stages = belief.stages_until(minute.ends_at)
        self.folded_count += belief.folded_count - before
        return stages

    def _keep(self, contact: UUID, known: _BeliefEntry) -> None:
        stages = len(known.stages) if known.stages else 0
        weight = CONTACT_WEIGHT + len(known.belief.history.facts) + stages
        self._kept.put(contact, known, weight)


def _begin(known: _BeliefEntry, minute: Minute) -> None:
    """Remember what was known before a minute of which nothing is known yet."""
    if known.first != minute.first:
        known.first, known.before, known.stages = minute.first, known.belief.history, None
