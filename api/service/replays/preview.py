"""Previews: every contact judged by the policies in force, and by a policy that is not published.

Each history is made once and folded twice. Nothing is appended. Source: the domain document,
section 8: "Preview shows what a version would have said for any period."
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING
from uuid import UUID

from api.service.answers.previews import (
    InstantBeforeAndAfter,
    PreviewedChange,
    ScoreBeforeAndAfter,
    SignalBeforeAndAfter,
    SignalReading,
    Silence,
    SilenceBeforeAndAfter,
)
from api.service.answers.replays import (
    Difference,
    Previewed,
    ProposedPolicy,
    RevenueBeforeAndAfter,
    StagesBeforeAndAfter,
)
from api.service.replays.replay import judging, steps
from domain.comparison import field_changes, stretches, switches
from domain.events import STAGES
from domain.history import effective_history
from domain.policy import digest
from domain.relationship import fold
from domain.revenue import net_revenue
from domain.timeline import PolicyTimeline, PolicyVersion
from projections.build import naming
from projections.contact_walk import Walk

if TYPE_CHECKING:
    from api.service.replays.lines import Lines
    from domain.history import History
    from domain.policy import Policy
    from domain.relationship import Relationship
    from domain.timeline import PolicyTimeline as Timeline
    from projections.folding import Moment
    from projections.operations import Work
    from projections.source import EventSource

_NOBODY = UUID(int=0)
"""Stands for the event that would publish the policy."""


@dataclass(frozen=True)
class Proposal:
    """A policy that is not published, and what it is to be compared with.

    Without ``effective_from`` it judges all instants; with it, it joins the versions that are known
    as the next one, in force from then on. ``from_at`` begins the window that is looked at, at
    whose end, the moment's instant, stages are counted; without it only that instant is looked at.
    """

    policy: Policy
    effective_from: int | None = None
    from_at: int | None = None

    def timeline(self, known: Timeline) -> Timeline:
        """What would judge, if the policy were published after these versions."""
        document = self.policy.document()
        proposed = PolicyVersion(
            version=max((one.version for one in known.versions), default=0) + 1,
            effective_from=self.effective_from or 0,
            policy=self.policy,
            sha256=digest(document),
            position=0,
            event_id=_NOBODY,
        )
        if self.effective_from is None:
            return PolicyTimeline((proposed,))
        return known.with_version(proposed)


@dataclass
class _Side:
    """What one of the two judgements comes to."""

    stages: Counter[str] = field(default_factory=Counter)
    revenue: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, stage: str, revenue: dict[str, int]) -> None:
        """Take in a contact that is in this stage and brought this much."""
        self.stages[stage] += 1
        for currency, amount_minor in revenue.items():
            self.revenue[currency, stage] += amount_minor


class Preview:
    """One comparison of all contacts, as known at a moment and judged by its policies."""

    def __init__(self, source: EventSource, moment: Moment, proposal: Proposal) -> None:
        self._source = source
        self._moment = moment
        self._proposal = proposal
        self._timeline = proposal.timeline(moment.policies)
        self._before, self._after = _Side(), _Side()
        self._from_to: Counter[tuple[str, str]] = Counter()

    def run(self, lines: Lines, work: Work) -> Previewed:
        """Write a line for every contact whose stage differs; answers with the account.

        Raises:
            Cancelled: someone asked for the end.
            Stumbled: the log holds something that cannot be folded.
        """
        moment = self._moment
        contacts = 0
        for contact, events in steps(Walk(self._source, moment.aliases, moment.position), work):
            with naming(contact, moment):
                history = effective_history(events, contact)
                before, after = self._both(history, moment.at)
                if not before.intervals:
                    continue
                contacts += 1
                self._count(history, before, after)
                row = self._row(contact, history, before, after)
            if row is not None:
                self._from_to[row.from_, row.to] += 1
                lines.write(row)
        return self._account(lines, contacts, work)

    def _both(self, history: History, at: int) -> tuple[Relationship, Relationship]:
        moment = self._moment
        return (
            fold(history, moment.policies, moment.time_zone, at),
            fold(history, self._timeline, moment.time_zone, at),
        )

    def _count(self, history: History, before: Relationship, after: Relationship) -> None:
        revenue = net_revenue(history.facts, self._proposal.from_at, self._moment.at)
        self._before.count(before.stage, revenue)
        self._after.count(after.stage, revenue)

    def _row(
        self, contact: UUID, history: History, before: Relationship, after: Relationship
    ) -> PreviewedChange | None:
        """Where the two differ last, and on which signals; None where they do not differ."""
        to_at, from_at = self._moment.at, self._proposal.from_at
        begins_at = to_at if from_at is None else from_at
        found = stretches(before.intervals, after.intervals, begins_at, to_at)
        if not found:
            return None
        last, at = found[-1], to_at
        if last.to_at is not None:
            # Over before the end of the window: what made the difference shows while it lasts.
            at = last.to_at - 1
            before, after = self._both(history, at)
        silences = _silence(before), _silence(after)
        differs = None if silences[0] == silences[1] else silences
        return PreviewedChange.model_validate(
            {
                "at": at,
                "contact_id": contact,
                "first_client_at": _instants(_first_client_at(before), _first_client_at(after)),
                "from": last.before,
                "score": ScoreBeforeAndAfter(before=before.score, after=after.score),
                "signals": _signals(before, after),
                "silence": differs and SilenceBeforeAndAfter(before=differs[0], after=differs[1]),
                "since": _instants(before.since, after.since),
                "stretches": None if from_at is None else found,
                "to": last.after,
            }
        )

    def _account(self, lines: Lines, contacts: int, work: Work) -> Previewed:
        moment, proposal = self._moment, self._proposal
        pairs = sorted(self._from_to.items(), key=lambda pair: (-pair[1], pair[0]))
        return Previewed.model_validate(
            {
                "changes": lines.count,
                "from_to": [{"from": a, "to": b, "count": count} for (a, b), count in pairs],
                "digest": lines.digest,
                "position": moment.position,
                "from": proposal.from_at,
                "to": moment.at,
                "effective_from": proposal.effective_from,
                "compared_with": judging(moment),
                "policy": _proposed_policy(proposal.policy, moment),
                "contacts": contacts,
                "stages": StagesBeforeAndAfter(
                    before=_by_stage(self._before.stages), after=_by_stage(self._after.stages)
                ),
                "revenue": _by_currency(self._before.revenue, self._after.revenue),
                "tzdata": version("tzdata"),
                "seconds": round(work.seconds(), 3),
            }
        )


def _proposed_policy(policy: Policy, moment: Moment) -> ProposedPolicy:
    """The policy, and how it differs from the one that judges the moment, if one does."""
    document, judged_by = policy.document(), {}
    if moment.policies.versions:
        judged_by = moment.policies.in_force(moment.at).policy.document()
    differs = field_changes(judged_by, document)
    return ProposedPolicy(
        name=policy.name,
        sha256=digest(document),
        differs=tuple(Difference.model_validate(one) for one in differs),
    )


def _instants(before: int | None, after: int | None) -> InstantBeforeAndAfter:
    return InstantBeforeAndAfter(before=before, after=after)


def _signals(before: Relationship, after: Relationship) -> tuple[SignalBeforeAndAfter, ...]:
    """Those that read otherwise, without the events behind them, which a status has."""
    return tuple(
        SignalBeforeAndAfter(
            name=one.name,
            before=one.before and SignalReading.model_validate(one.before),
            after=one.after and SignalReading.model_validate(one.after),
        )
        for one in switches(before, after)
    )


def _first_client_at(found: Relationship) -> int | None:
    """When the contact first became a client: it distinguishes a lapsed client from a customer."""
    return next((one.from_at for one in found.intervals if one.stage == "client"), None)


def _silence(found: Relationship) -> Silence | None:
    silence = found.silence
    if silence is None:
        return None
    return Silence(
        last_at=silence.last_at,
        due_at=silence.due_at,
        quiet_at=silence.quiet_at,
        demote_at=silence.demote_at,
        lapse_at=silence.lapse_at(was_ever_client=found.machine.was_ever_client),
    )


def _by_stage(counts: Counter[str]) -> dict[str, int]:
    return {stage: counts[stage] for stage in STAGES}


def _by_currency(
    before: Counter[tuple[str, str]], after: Counter[tuple[str, str]]
) -> tuple[RevenueBeforeAndAfter, ...]:
    return tuple(
        RevenueBeforeAndAfter(
            currency=currency,
            before={stage: before[currency, stage] for stage in STAGES},
            after={stage: after[currency, stage] for stage in STAGES},
        )
        for currency in sorted({currency for currency, _ in before})
    )
