"""Everything that is held about one person, for the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.http.coordinates import question_of
from api.http.endpoint import Answer, Form, Routes, Shown
from api.http.openapi import person_shapes, shapes
from api.http.routers.contacts import profile_at
from api.http.wire import present_person
from api.http.wire.rendered import Rendered
from api.service.answers.contacts import Consent, Registration
from api.service.answers.events import Event
from api.service.answers.persons import Notes, PersonalExport
from api.service.answers.status import Standing, Status, StatusHistory
from api.service.marks import Marks
from api.service.questions import relationship_of, standing_of, subject_of
from domain.consents import consents_of
from domain.history import effective_history
from domain.naming import TYPES, naming
from domain.noted import noted_of
from ledger.access.scopes import ADMIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

    from api.http.call import Call
    from api.service.questions import Question, Subject
    from domain.recorded import Recorded
    from ledger.ledger import Ledger

HTML = "text/html"

_PAGE = 1000

ROUTES = Routes("Contacts")


async def export_page(call: Call) -> ASGIApp:
    """The same as a page that people read, printed or kept as it is."""
    answer = await call.in_thread(_export)
    assert isinstance(answer.body, PersonalExport)
    content = present_person.page(answer.body.plain()).encode()
    headers = {
        **answer.headers,
        "Content-Type": f"{HTML}; charset=utf-8",
        "Content-Security-Policy": present_person.POLICY,
        "Vary": "Accept",
        "Rapport-Position": str(answer.position),
    }
    return Rendered(200, headers, content)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/contacts/{contact}/export",
    scopes=(ADMIN,),
    summary="Everything held about a person",
    answers={
        200: Shown(
            description="Registration, consents, notes, status with sentences, standing, and every "
            "event in clear; with `Accept: text/html` as a page.",
            example=person_shapes.EXPORT_EXAMPLE,
            headers=("Rapport-Position", "Content-Location", "Cache-Control"),
        )
    },
    problems=("contact-not-found",),
    streams=(
        Form(
            media_types=(HTML,),
            function=export_page,
            schema=shapes.TEXT,
            shown="<!doctype html>...",
        ),
    ),
)
async def export_contact(call: Call) -> Answer:
    """For whoever asks what is known of them. It stands in the audit trail.

    The events are those of every contact that is the same person by merges, as they were recorded;
    what was retracted or corrected later says so. `named_by` are events of others that name them,
    such as a link or a referral, without what is personal about those others.
    """
    return await call.in_thread(_export)


def _export(call: Call) -> Answer:
    question = question_of(call)
    subject = subject_of(question, call.contact_id)
    with call.order("contact-exported", str(subject.contact_id)):
        return _exported(call, question, subject)


def _exported(call: Call, question: Question, subject: Subject) -> Answer:
    ledger, members = question.ledger, question.aliases.members(subject.contact_id)
    events = [
        recorded
        for member in members
        for recorded in ledger.stream(member, upto=question.position, unseal=True)
    ]
    in_clear = effective_history(events, subject.contact_id)
    others = list(naming(_log(ledger, question.position), set(members)))
    marks, found = Marks(ledger, [*events, *others]), relationship_of(question, subject)
    body = PersonalExport(
        contact_id=subject.contact_id,
        ledger=ledger.name,
        exported_at=question.as_of,
        position=question.position,
        erased=subject.erased,
        contacts=tuple(members),
        registration=Registration.of(profile_at(question, subject.contact_id)),
        consents=tuple(
            Consent.model_validate(one) for one in consents_of(in_clear, question.as_of)
        ),
        noted=Notes.of(noted_of(in_clear)),
        status=Status.of_question(question, subject, found, explained=True),
        history=StatusHistory.of(question, subject, found, explained=True).intervals,
        standing=Standing.of(question, subject, standing_of(question, subject)),
        events=tuple(Event.of(one, marks) for one in events),
        named_by=tuple(Event.of(one, marks) for one in others),
    )
    headers = {**call.located(subject.contact_id), "Cache-Control": "no-store"}
    return Answer(body=body, headers=headers, position=question.position)


def _log(ledger: Ledger, upto: int) -> Iterator[Recorded]:
    """The log's events that can name somebody, sealed."""
    after = 0
    while page := ledger.log(after=after, limit=_PAGE, types=TYPES, upto=upto, unseal=False):
        yield from page
        after = page[-1].position
