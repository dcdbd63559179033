"""What a person can be given or asks for: a receipt, everything that is held, an erasure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.responses import Response

from api.console.appending import WAIT_SECONDS
from api.console.sent_fields import STALE
from api.console.visit import Page
from api.service.answers.persons import DONE, REMAINS
from api.service.personal_export import personal_export
from api.service.profiles import profile_at
from api.service.questions import subject_of
from api.service.receipts.making import make_receipt, needed_position
from domain.errors import Invalid, NotYetSigned
from domain.events.governance import PersonalDataErased
from ledger.access.scopes import ADMIN, AUDIT, READ
from ledger.erasure import Erasure

if TYPE_CHECKING:
    from api.console.visit import Visit
    from ledger.stores.transparency_log import StoredCheckpoint

SIGNING_SECONDS = 2.0
"""Seconds that a receipt waits for a checkpoint over the newest events."""


def receipt(visit: Visit) -> Response:
    """A status with its proof, as a file.

    Raises:
        ContactNotFound: nobody registered it.
        NotYetSigned: the newest events are under no checkpoint yet.
    """
    question = visit.question()
    signed = _checkpoint(visit, needed_position(question, None))
    _, made = make_receipt(question, visit.contact_id, None, signed)
    return _file(made.json_bytes(), "receipt.json")


def export(visit: Visit) -> Response:
    """Everything that is held about the person, as a file; the audit trail records it.

    Raises:
        ContactNotFound: nobody registered it.
    """
    question = visit.question()
    subject = subject_of(question, visit.contact_id)
    trails, name = visit.server.trails, visit.served.ledger.name
    with trails.order(name, visit.principal, "contact-exported", str(subject.contact_id)):
        body = personal_export(question, subject)
    return _file(body.json_bytes(), "everything-held.json")


def ask_erasure(visit: Visit) -> Response:
    """What an erasure does and what it does not, before it is ordered.

    Raises:
        ContactNotFound: nobody registered it.
    """
    return _erasure_page(visit, "", 200)


def erase(visit: Visit) -> Response:
    """Erase the person, if the word was typed.

    Raises:
        LedgerError: it was not done, and why.
    """
    if visit.is_stale:
        return _erasure_page(visit, f"{STALE} Nothing was erased.", 409)
    if visit.field("confirmed") != "erase":
        return _erasure_page(visit, "Type the word erase to confirm. Nothing was erased.", 422)
    sent = {"requested_by": visit.field("requested_by"), "reason": visit.field("reason")}
    try:
        event = PersonalDataErased.read({name: text for name, text in sent.items() if text})
    except Invalid:
        problem = "Say who asked for it, and why. Nothing was erased."
        return _erasure_page(visit, problem, 422)
    served = visit.served
    wish = Erasure(contact_id=visit.contact_id, event=event)
    name = served.ledger.name
    with visit.server.trails.order(name, visit.principal, "erasure", str(visit.contact_id)):
        served.ledger.erase(wish).result(timeout=WAIT_SECONDS)
    visit.session.announce("Their personal data is erased.")
    person = f"/people/{visit.contact_id}" if visit.may(READ) else visit.first_page
    return visit.lead_to(f"{visit.ledger_path}{person}")


def _erasure_page(visit: Visit, problem: str, status: int) -> Response:
    question = visit.question()
    subject = subject_of(question, visit.contact_id)
    profile = profile_at(question.ledger, question.aliases, subject.contact_id, question.position)
    return visit.page(
        "erasure.html",
        status=status,
        contact_id=subject.contact_id,
        name=profile.name,
        erased=subject.erased,
        count=len(question.aliases.members(subject.contact_id)),
        done=DONE,
        remains=REMAINS,
        problem=problem,
        position=question.position,
        requested_by=visit.field("requested_by"),
        reason=visit.field("reason"),
    )


def _checkpoint(visit: Visit, position: int) -> StoredCheckpoint:
    """A checkpoint that covers the position.

    Raises:
        NotYetSigned: there is none in time.
    """
    log, ends = visit.served.ledger.transparency, time.monotonic() + SIGNING_SECONDS
    while (signed := log.checkpoint()).size < position:
        if time.monotonic() >= ends or log.state == "stopped":
            raise NotYetSigned(f"position {position} is under no checkpoint yet")
        log.wake()
        time.sleep(0.02)
    return signed


def _file(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type="application/json")


PAGES = (
    Page("/ledgers/{ledger}/people/{contact}/receipt", receipt, (READ, AUDIT)),
    Page("/ledgers/{ledger}/people/{contact}/export", export, (ADMIN,)),
    Page("/ledgers/{ledger}/people/{contact}/erasure", ask_erasure, (ADMIN,)),
    Page(
        "/ledgers/{ledger}/people/{contact}/erasure",
        erase,
        (ADMIN,),
        method="POST",
        asks_again=True,
    ),
)
