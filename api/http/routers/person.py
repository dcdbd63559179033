"""Everything that is held about one person, for the person."""

from __future__ import annotations

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
from api.service.answers.persons import PersonalExport
from api.service.personal_export import personal_export
from api.service.questions import subject_of
from ledger.access.scopes import ADMIN

HTML = "text/html"

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
        body = personal_export(question, subject)
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
