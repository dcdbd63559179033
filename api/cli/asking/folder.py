"""The answers of a data folder that this process holds."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from api.bootstrap import now, on_dask
from api.cli.acts import order_act
from api.cli.asking.answers import ERASED, UNKNOWN, WITHHELD, ContactHistory
from api.cli.asking.money import FolderMoney
from api.cli.asking.operations import result_of, told_progress
from api.cli.output import progress
from api.cli.policies.publishing import publish_policy
from api.cli.questions.long import answer_with_progress
from api.service.agendas.answering import names_at, whole_agenda
from api.service.agendas.gratitude import gratitude
from api.service.answers.events import AppendedToMany
from api.service.answers.gratitude import GratitudeAnswer
from api.service.answers.lists import Summary
from api.service.answers.projections import Operation
from api.service.answers.status import Status
from api.service.calibration import calibration
from api.service.cards import welcome_card
from api.service.envelope import read_many
from api.service.finding.pages import ContactFilter, duplicates_page, found_contacts
from api.service.fitting import fit_policy
from api.service.known_aliases import KnownAliases
from api.service.marks import MARKING
from api.service.profiles import profile_at
from api.service.questions import At, Question, group_of, known_at, moment_of, subject_in
from api.service.replays.preview import Preview, Proposal
from api.service.replays.replay import replay
from api.service.replays.steps import steps
from api.service.scorecards import contact_scorecard, ledger_scorecard
from domain.errors import Invalid, ProjectionBehind
from domain.events.contacts import ContactRegistered, RegistrationAmended
from domain.events.governance import PersonalDataErased
from domain.history import effective_history
from domain.instants import format_instant
from domain.kinds import MAX_WHOLE, ContactId
from domain.profile import profile_of
from domain.relationship import fold
from ledger.drafts import Append

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from api.cli.asking.answers import Document, Folding
    from api.service.agendas.answering import AgendaQuestion
    from api.service.answers.document import KnownAt
    from api.service.calibration import Period
    from api.service.questions import Subject
    from api.service.replays.lines import Lines
    from api.service.server import Server
    from domain.fitting.fit import Target
    from domain.policy import Policy
    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyTimeline, PolicyVersion
    from ledger.ledger import Ledger
    from projections.folding import Moment
    from projections.operations import Operation as StartedOperation
    from projections.operations import Work
    from projections.range_filling import FillElsewhere

_NAMING = (
    ContactRegistered.TYPE,
    RegistrationAmended.TYPE,
    PersonalDataErased.TYPE,
    *MARKING,
)

STALLED_LOOKS = 600
"""After how many looks without any progress the command gives up."""
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class _RepeatedQuestion:
    """The part of the question that an answer repeats."""

    as_of: int
    as_known_at: KnownAt


class FolderAnswers(FolderMoney):
    """A ledger that is open in this process."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._aliases = KnownAliases(ledger)

    def time_zone(self) -> str | None:
        """See ``LedgerAnswers``."""
        return self._ledger.time_zone

    def status(self, contact: str, asked: At, *, explained: bool = False) -> Document:
        """See ``LedgerAnswers``."""
        moment = self._moment(asked)
        _, subject = self._events_of(moment, contact)
        found = fold(subject.history, moment.policies, moment.time_zone, moment.at)
        question = _RepeatedQuestion(moment.at, known_at(self._ledger, moment.position))
        survivor = subject.contact_id
        profile = profile_at(self._ledger, moment.aliases, survivor, moment.position)
        return Status.of_question(
            question, subject, found, explained=explained, name=profile.name
        ).plain()

    def scorecard(self, contact: str, asked: At) -> Document:
        """See ``LedgerAnswers``."""
        moment = self._moment(asked)
        _, subject = self._events_of(moment, contact)
        return contact_scorecard(self._question(moment), subject).plain()

    def card(self, contact: str, asked: At) -> Document:
        """See ``LedgerAnswers``."""
        question = self._question(self._moment(asked))
        return welcome_card(question, self._contact_id(contact)).at(question).plain()

    def _question(self, moment: Moment) -> Question:
        policies, aliases = moment.policies, moment.aliases
        return Question(self._ledger, moment.at, moment.position, policies, aliases)

    def steps(self, contact: str, asked: At) -> ContactHistory:
        """See ``LedgerAnswers``."""
        moment = self._moment(asked)
        group, subject = self._events_of(moment, contact)
        at = format_instant(moment.at)
        walked = [*steps(group, subject.history, moment)]
        return ContactHistory(str(subject.contact_id), at, moment.position, walked)

    def names(self, contacts: Sequence[str]) -> dict[str, str]:
        """See ``LedgerAnswers``."""
        return {contact: _name(self._ledger, self._aliases, UUID(contact)) for contact in contacts}

    def replay(self, asked: At, out: Path | None, *, quiet: bool) -> Document:
        """See ``LedgerAnswers``."""
        moment = self._moment(asked)

        def answer(lines: Lines, work: Work) -> Document:
            known = known_at(self._ledger, moment.position)
            return replay(self._ledger, moment, known, lines, work).plain()

        return answer_with_progress("replaying", answer, out, quiet=quiet)

    def preview(
        self, proposal: Proposal, to_at: int | None, out: Path | None, *, quiet: bool
    ) -> tuple[Document, list[Document]]:
        """See ``LedgerAnswers``."""
        moment = self._moment(At(as_of=to_at))
        if proposal.from_at is not None and proposal.from_at > moment.at:
            raise Invalid.at("/from", "contradiction", "must not be later than to")
        first: list[Any] = []

        def answer(lines: Lines, work: Work) -> Document:
            account = Preview(self._ledger, moment, proposal).run(lines, work)
            first.extend(row.plain() for row in lines.first)
            return account.plain()

        return answer_with_progress("previewing", answer, out, quiet=quiet), first

    def fit(self, base: Policy, target: Target, as_of: int | None, *, quiet: bool) -> Document:
        """See ``LedgerAnswers``."""
        moment = self._moment(At(as_of=as_of))

        def answer(_: Lines, work: Work) -> Document:
            return fit_policy(self._ledger, moment, base, target, work).plain()

        return answer_with_progress("fitting", answer, None, quiet=quiet)

    def agenda(self, asked: At, question: AgendaQuestion, contact: str | None) -> Document:
        """See ``LedgerAnswers``."""
        if contact is not None:
            question = replace(question, contact=self._contact_id(contact))
        moment = self._moment(asked)
        return whole_agenda(self._ledger, moment, question, MAX_WHOLE).plain()

    def gratitude(self, asked: At, from_: str | None, to: str | None) -> Document:
        """See ``LedgerAnswers``."""
        moment = self._moment(asked)
        found = gratitude(self._ledger, moment, from_, to, MAX_WHOLE)
        name_of = names_at(self._ledger, moment, wanted=True)
        return GratitudeAnswer.of(found, name_of).plain()

    def policies(self) -> PolicyTimeline:
        """See ``LedgerAnswers``."""
        return self._ledger.policies()

    def publish(self, policy: Policy, effective_from: int | None) -> PolicyVersion:
        """See ``LedgerAnswers``."""
        return publish_policy(self._ledger, policy, effective_from)

    def append_many(self, events: Sequence[Document]) -> Document:
        """See ``AppendingAnswers``."""
        drafts = read_many(list(events), None, self._ledger.contact_id, lambda _place: None)
        return AppendedToMany.of(self._ledger.append(Append(drafts=drafts)).result()).plain()

    def _moment(self, asked: At) -> Moment:
        return moment_of(self._ledger, self._aliases, asked, now())

    def _contact_id(self, contact: str) -> UUID:
        try:
            return ContactId().read(contact, self._ledger.contact_id)
        except Invalid as error:
            raise error.within("/contact") from None

    def _events_of(self, moment: Moment, contact: str) -> tuple[Sequence[RecordedEvent], Subject]:
        named = self._contact_id(contact)
        survivor, group = group_of(self._ledger, moment.aliases, moment.position, named)
        return group, subject_in(survivor, group)


class OpenServerAnswers:
    """Answers from the projections of a ledger that is open in this process."""

    def __init__(self, server: Server, name: str) -> None:
        self._folder = server.folder.path
        self._open_ledger = server.ledger(name)
        self._name = name

    def time_zone(self) -> str | None:
        """See ``ProjectionAnswers``."""
        return self._open_ledger.ledger.time_zone

    def names(self, contacts: Sequence[str]) -> dict[str, str]:
        """See ``ProjectionAnswers``."""
        served = self._open_ledger
        return {one: _name(served.ledger, served.aliases, UUID(one)) for one in contacts}

    def summary(self, as_of: int | None, *, quiet: bool) -> Document:
        """See ``ProjectionAnswers``.

        Raises:
            ProjectionBehind: it does not get there.
        """
        self._catch_up(quiet=quiet)
        return Summary.model_validate(self._open_ledger.projections.summary(as_of)).plain()

    def contacts(self, typed: str, most: int, *, quiet: bool) -> Document:
        """See ``ProjectionAnswers``.

        Raises:
            ProjectionBehind: the projections do not get there.
        """
        self._catch_up(quiet=quiet)
        self._read_names(quiet=quiet)
        return found_contacts(self._open_ledger, ContactFilter(q=typed), most, now()).plain()

    def duplicates(self, most: int, *, quiet: bool) -> Document:
        """See ``ProjectionAnswers``."""
        self._read_names(quiet=quiet)
        return duplicates_page(self._open_ledger, 0, most).plain()

    def _read_names(self, *, quiet: bool) -> None:
        finder = self._open_ledger.finder
        with progress("reading names", finder.state().total, quiet=quiet) as advance:
            while finder.advance():
                advance(finder.state().done, "")

    def calibration(self, period: Period, asked: At, *, quiet: bool) -> Document:
        """See ``ProjectionAnswers``.

        Raises:
            ProjectionBehind: it does not get there.
        """
        self._catch_up(quiet=quiet)
        return calibration(self._open_ledger, asked, period, now()).plain()

    def ledger_scorecard(self, asked: At, *, quiet: bool) -> Document:
        """See ``ProjectionAnswers``.

        Raises:
            ProjectionBehind: it does not get there.
        """
        self._catch_up(quiet=quiet)
        return ledger_scorecard(self._open_ledger, asked, now(), None).plain()

    def _catch_up(self, *, quiet: bool) -> None:
        projections, head = self._open_ledger.projections, self._open_ledger.ledger.head()
        with progress("catching up", head, quiet=quiet) as advance:
            for look in range(1, STALLED_LOOKS + 1):
                try:
                    projections.wait_for(head, LOOK_SECONDS if look == 1 else 1.0)
                    break
                except ProjectionBehind:
                    state = {one.name: one for one in projections.states()}["status"]
                    if look == STALLED_LOOKS or state.state == "failed":
                        raise
                    advance(state.position, f"{state.state}, {state.position:,} of {head:,}")

    def projections(self) -> list[str]:
        """See ``ProjectionAnswers``."""
        return [state.name for state in self._open_ledger.projections.states()]

    def rebuild(self, name: str, folding: Folding, *, quiet: bool) -> Document:
        """See ``ProjectionAnswers``."""
        projections = self._open_ledger.projections
        projections.require(name)
        how = self._fillers(folding)
        with order_act(self._folder, self._name, "rebuild-started", name):
            return self._watch(name, projections.rebuild(name, *how), quiet=quiet)

    def rebuild_all(self, folding: Folding, *, quiet: bool) -> Iterator[Document]:
        """See ``ProjectionAnswers``. They are rebuilt in one pass over the contacts."""
        how = self._fillers(folding)
        with ExitStack() as orders:
            for name in self.projections():
                orders.enter_context(order_act(self._folder, self._name, "rebuild-started", name))
            operation = self._open_ledger.projections.rebuild_all(*how)
            result = self._watch("all projections", operation, quiet=quiet)
        yield from result["rebuilds"]

    def _fillers(self, folding: Folding) -> tuple[int, FillElsewhere | None]:
        """In how many processes of this machine, or by what cluster."""
        jobs = folding.jobs or _cores()
        if folding.on is None:
            return jobs, None
        ledger = self._open_ledger.ledger
        return jobs, on_dask(
            ledger, folding.on, jobs, segments=folding.segments, replica=folding.replica
        )

    def _watch(self, what: str, operation: StartedOperation, *, quiet: bool) -> Document:
        with progress(f"rebuilding {what}", 100, quiet=quiet) as advance:
            look = partial(self._open_ledger.projections.operation, operation.id)
            while operation.state == "running":
                advance(*told_progress(Operation.model_validate(operation).plain()))
                time.sleep(LOOK_SECONDS)
                operation = look()
        return result_of(f"the rebuild of {what}", Operation.model_validate(operation).plain())


def _cores() -> int:
    """How many processes can run at a time here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _name(ledger: Ledger, aliases: KnownAliases, contact: UUID) -> str:
    """The name of a contact now, which is that of the survivor if it was merged."""
    known = aliases.at(ledger.head())
    survivor = known.survivor_of(contact)
    events = [
        recorded
        for member in known.members(survivor)
        for recorded in ledger.stream(member, types=_NAMING, decrypt=True)
    ]
    if not any(isinstance(one.event, ContactRegistered) for one in events):
        return UNKNOWN
    history = effective_history(events, survivor)
    name = profile_of(history, survivor, known.survivor_of).name
    if name is not None:
        return name
    erased = any(isinstance(one.event, PersonalDataErased) for one in events)
    return ERASED if erased else WITHHELD
