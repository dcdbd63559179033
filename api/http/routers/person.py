"""Everything that is held about one person, for the person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter

from api.http.access import allow
from api.http.dependencies import ContactInPath, CurrentAudit, CurrentExchange, InquiryNow
from api.http.exchange import Reply
from api.http.openapi.person_examples import EXPORT
from api.http.openapi.responses import form, problems, response_of
from api.http.routing import LedgerRoute
from api.http.wire import person_page
from api.http.wire.rendered import WholeAnswer
from api.service.answers.contacts import Consent, Registration
from api.service.answers.events import Event
from api.service.answers.persons import Notes, PersonalExport
from api.service.answers.status import Standing, Status, StatusHistory
from api.service.marks import Marks
from api.service.profiles import profile_at
from api.service.questions import Question, Subject, relationship_of, standing_of, subject_of
from domain.consents import consents_of
from domain.history import effective_history
from domain.naming import TYPES, naming
from domain.noted import noted_of
from domain.recorded import RecordedEvent
from ledger.access.scopes import ADMIN
from ledger.ledger import Ledger

HTML = "text/html"

_PAGE = 1000

router = APIRouter(tags=["Contacts"], route_class=LedgerRoute)


@router.get(
    "/v1/ledgers/{ledger}/contacts/{contact}/export",
    dependencies=[allow(ADMIN)],
    summary="Export everything that is recorded about a person",
    response_model=PersonalExport,
    responses={
        200: response_of(
            "Registration, consents, notes, status with sentences, standing, and every "
            "event, decrypted; with `Accept: text/html` as a page.",
            EXPORT,
            "Rapport-Position",
            "Content-Location",
            "Cache-Control",
            more={HTML: form({"type": "string"}, "<!doctype html>...")},
        ),
        **problems("contact-not-found"),
    },
)
def export_contact(
    exchange: CurrentExchange, contact_id: ContactInPath, inquiry: InquiryNow, audit: CurrentAudit
) -> Any:
    """The export answers a person's request for access to their data. The audit trail records it.

    The events are those of every contact that is the same person by merges, as they were recorded;
    what was retracted or corrected later says so. `named_by` are events of others that name them,
    such as a link or a referral, without what is personal about those others.
    """
    question = inquiry.question()
    subject = subject_of(question, contact_id)
    with audit.order("contact-exported", str(subject.contact_id)):
        body = _personal_export(question, subject)
    reply = exchange.reply
    reply.answers_for(subject.contact_id)
    reply.headers["Cache-Control"] = "no-store"
    reply.position = question.position
    return _page(body, reply) if exchange.wanted == HTML else body


def _page(body: PersonalExport, reply: Reply) -> WholeAnswer:
    """The same as a page that people read, printed or kept as it is."""
    headers = {
        **reply.headers,
        "Content-Type": f"{HTML}; charset=utf-8",
        "Content-Security-Policy": person_page.POLICY,
        "Vary": "Accept",
        "Rapport-Position": str(reply.position),
    }
    return WholeAnswer(200, headers, person_page.page(body).encode())


def _personal_export(question: Question, subject: Subject) -> PersonalExport:
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
