"""The care scorecard of one contact, and the mean over all clients, at a point in both times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.service.answers.scorecards import LedgerScorecard, Scorecard
from api.service.limits import LIMITS
from api.service.profiles import history_of_types
from api.service.questions import At, Knowledge, known_at, moment_of
from api.service.replays.replay import judging, relationship_at
from domain.errors import Invalid
from domain.kinds import MAX_WHOLE
from domain.scorecard import READ, ScorecardMeans, scorecard
from projections.contact_walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.service.answers.document import KnownAt
    from api.service.limits import ServiceLimits
    from api.service.questions import Question, Subject
    from api.service.server import OpenLedger
    from domain.history import History
    from ledger.ledger import Ledger
    from projections.folding import Moment


@dataclass(frozen=True)
class _RepeatedQuestion:
    """What an answer repeats of its question."""

    as_of: int
    as_known_at: KnownAt


def contact_scorecard(question: Question, subject: Subject) -> Scorecard:
    """How well a contact was treated."""
    judging_now = question.policies.in_force(question.as_of)
    time_zone, at = question.ledger.time_zone, question.as_of
    found = scorecard(subject.history, judging_now.policy, time_zone, at)
    return Scorecard.of(subject.contact_id, question, judging_now.version, found)


def ledger_scorecard(
    served: OpenLedger, at: At, now: int, limits: ServiceLimits | None = LIMITS
) -> LedgerScorecard:
    """The mean over all clients: those whom the projection knows, or else those that are folded.

    Of as many events as ``limits`` say; of any number where they are None. Nothing of it is kept.

    Raises:
        Invalid: an instant too far ahead, a position that is not recorded yet, or more to fold than
            one answer may.
        PolicyNotFound: no such version was published.
        ProjectionBehind: the clock has not fired yet for that instant.
    """
    ledger = served.ledger
    moment = moment_of(ledger, served.aliases, at, now)
    is_ahead = at.as_of is not None and at.as_of > now
    if at.as_known_at is not None or at.policy_version is not None or is_ahead:
        histories = _folded_clients(ledger, moment, limits.calibrated_events if limits else None)
    else:
        listed = served.projections.statuses(stage="client", as_of=at.as_of, limit=MAX_WHOLE - 1)
        pinned = At(listed.as_of, Knowledge(position=listed.position))
        moment = moment_of(ledger, served.aliases, pinned, max(now, listed.as_of))
        contacts = sorted(row.contact_id for row in listed.items)
        histories = (
            history_of_types(ledger, moment.aliases, one, moment.position, READ) for one in contacts
        )
    policy = moment.policies.in_force(moment.at).policy if moment.policies.versions else None
    means, events = ScorecardMeans(moment.at), 0
    for history in histories:
        assert policy is not None, "somebody was judged to be a client"
        events += len(history.facts)
        if limits is not None and events > limits.scored_events:
            raise _too_much(limits.scored_events)
        means.add(scorecard(history, policy, moment.time_zone, moment.at))
    asked = _RepeatedQuestion(moment.at, known_at(ledger, moment.position))
    return LedgerScorecard.of(asked, judging(moment), means.count, means.result())


def _folded_clients(ledger: Ledger, moment: Moment, most_events: int | None) -> Iterator[History]:
    """The histories of those who are clients at the moment, by its knowledge and its policies."""
    if most_events is not None and moment.position > most_events:
        raise _too_much(most_events)
    for contact, events in Walk(ledger, moment.aliases, moment.position):
        found = relationship_at(contact, events, moment)
        if found is not None and found.stage == "client":
            yield found.history


def _too_much(most_events: int) -> Invalid:
    detail = (
        f"this takes more than {most_events:,} events: ask rapport scorecard on a copy of the data"
        " folder"
    )
    return Invalid.at("", "takes-a-replay", detail)
