"""Everything that is held about one person, in one document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.answers.contacts import Consent, Registration
from api.service.answers.events import Event
from api.service.answers.persons import Notes, PersonalExport
from api.service.answers.status import Standing, Status, StatusHistory
from api.service.marks import Marks
from api.service.profiles import profile_at
from api.service.questions import relationship_of, standing_of
from domain.consents import consents_of
from domain.history import effective_history
from domain.naming import TYPES, naming
from domain.noted import noted_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.service.questions import Question, Subject
    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger

_PAGE = 1000


def personal_export(question: Question, subject: Subject) -> PersonalExport:
    """The registration, the notes, the status and every event of a person, decrypted."""
    ledger, members = question.ledger, question.aliases.members(subject.contact_id)
    events = [
        recorded
        for member in members
        for recorded in ledger.stream(member, upto=question.position, decrypt=True)
    ]
    in_clear = effective_history(events, subject.contact_id)
    others = list(naming(_log(ledger, question.position), set(members)))
    profile = profile_at(ledger, question.aliases, subject.contact_id, question.position)
    marks, found = Marks(ledger, [*events, *others]), relationship_of(question, subject)
    return PersonalExport(
        contact_id=subject.contact_id,
        ledger=ledger.name,
        exported_at=question.as_of,
        position=question.position,
        erased=subject.erased,
        contacts=tuple(members),
        registration=Registration.of(profile),
        consents=tuple(
            Consent.model_validate(one) for one in consents_of(in_clear, question.as_of)
        ),
        noted=Notes.of(noted_of(in_clear)),
        status=Status.of_question(question, subject, found, explained=True, name=profile.name),
        history=StatusHistory.of(question, subject, found, explained=True).intervals,
        standing=Standing.of(question, subject, standing_of(question, subject)),
        events=tuple(Event.of(one, marks) for one in events),
        named_by=tuple(Event.of(one, marks) for one in others),
    )


def _log(ledger: Ledger, upto: int) -> Iterator[RecordedEvent]:
    """The events of the log that can name somebody, not decrypted."""
    after = 0
    while page := ledger.log(after=after, limit=_PAGE, types=TYPES, upto=upto, decrypt=False):
        yield from page
        after = page[-1].position
