"""Who a contact is, and finding them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from api.http.coordinates import question_of
from api.http.endpoint import Answer, Routes, Shown
from api.http.openapi import examples
from api.http.routers.lists import listed, page_after
from api.http.wire.cursors import make_cursor, read_place
from api.http.wire.parameters import (
    CONSENT_CHANNEL,
    CONSENT_PURPOSE,
    CURSOR,
    FLAG,
    LIMIT,
    MIN_POSITION,
    NAME,
    STAGE,
)
from api.service.answers.contacts import Contact, Stream
from api.service.answers.document import Page
from api.service.answers.lists import FoundContact
from api.service.marks import MARKING
from api.service.questions import relationship_of, standing_of, subject_of
from domain.consents import allows, consents_of
from domain.errors import Invalid
from domain.events.contacts import (
    ConsentChanged,
    ContactLinked,
    ContactRegistered,
    RegistrationAmended,
)
from domain.history import effective_history
from domain.kinds import MAX_WHOLE
from domain.profile import profile_of
from ledger.access.scopes import READ

if TYPE_CHECKING:
    from uuid import UUID

    from api.http.call import Call
    from api.service.questions import Question
    from domain.history import History
    from domain.profile import Profile
    from projections.answers import StatusRow

ROUTES = Routes("Contacts")

_PROFILE_TYPES = (
    ContactRegistered.TYPE,
    RegistrationAmended.TYPE,
    ContactLinked.TYPE,
    *MARKING,
)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/contacts/{contact}",
    scopes=(READ,),
    summary="Who a contact is, and where they stand",
    query=(MIN_POSITION,),
    answers={
        200: Shown(
            description="The registration as it stands, with stage and standing at `position`.",
            example=examples.CONTACT,
            headers=("ETag", "Rapport-Position", "Content-Location"),
        )
    },
    problems=("contact-not-found", "projection-behind"),
)
async def read_contact(call: Call) -> Answer:
    """A merged contact answers as the one it was merged into; `Content-Location` says which.

    `streams` are those whose events count here, the contact's own first: each takes events under
    its own name, at its own version.
    """
    await call.wait_until_known(call.get(MIN_POSITION))
    return await call.in_thread(_contact)


def _contact(call: Call) -> Answer:
    question = question_of(call)
    subject = subject_of(question, call.contact_id)
    found = relationship_of(question, subject)
    members = question.aliases.members(subject.contact_id)
    versions = {member: question.ledger.version(member) for member in members}
    body = Contact.model_validate(
        {
            "contact_id": subject.contact_id,
            **Contact.fields_of(profile_at(question, subject.contact_id)),
            "consents": consents_of(subject.history, question.as_of),
            "version": versions[subject.contact_id],
            "streams": [
                Stream(contact_id=member, version=version) for member, version in versions.items()
            ],
            "stage": found.stage,
            "score": found.score,
            "flags": found.flags,
            "standing": standing_of(question, subject).standing,
            "position": question.position,
        }
    )
    headers = call.located(subject.contact_id)
    return Answer(body=body, headers=headers, position=question.position, digest=True)


def profile_at(question: Question, survivor: UUID) -> Profile:
    """Who a survivor is, unsealed."""
    history = _history_of(question, survivor, _PROFILE_TYPES)
    return profile_of(history, survivor, question.aliases.survivor_of)


def _history_of(question: Question, survivor: UUID, types: tuple[str, ...]) -> History:
    ledger, aliases = question.ledger, question.aliases
    events = [
        recorded
        for member in aliases.members(survivor)
        for recorded in ledger.stream(member, types=types, upto=question.position, unseal=True)
    ]
    return effective_history(events, survivor)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/contacts",
    scopes=(READ,),
    summary="Find contacts by name, stage or flag",
    query=(NAME, STAGE, FLAG, CONSENT_PURPOSE, CONSENT_CHANNEL, LIMIT, CURSOR, MIN_POSITION),
    answers={
        200: Shown(
            description="The contacts, with their names; the greatest score first without `name`.",
            example=Page[FoundContact](items=(examples.FOUND_CONTACT,), next_cursor=None),
            headers=("ETag", "Link", "Rapport-Position"),
        )
    },
    problems=("projection-behind",),
)
async def find_contacts(call: Call) -> Answer:
    """Names are found as they are or were; stage and flags are those at `Rapport-Position`.

    With `consent_purpose` and `consent_channel` only those who allow it now; who never said so does
    not. A page looks at no more than `limit` contacts then: it may be short, or empty, and still
    have a next one.
    """
    _require_both(call)
    await call.wait_until_reflected(call.get(MIN_POSITION), "status")
    return await call.in_thread(_found if call.get(NAME) is None else _found_by_name)


def _found(call: Call) -> Answer:
    page = call.open_ledger.projections.statuses(
        stage=call.get(STAGE),
        flag=call.get(FLAG),
        after=page_after(call, "contacts"),
        limit=call.get(LIMIT) or 100,
    )
    question = question_of(call)
    items = [_named(question, row) for row in page.items if _allowed(call, question, row)]
    return listed(call, items, "contacts", page.next_cursor, page.position)


def _found_by_name(call: Call) -> Answer:
    """Those with the name are few enough to look at one by one."""
    question, limit = question_of(call), call.get(LIMIT) or 100
    open_ledger = call.open_ledger
    (skipped,) = read_place(open_ledger.ledger, call.get(CURSOR), "names", 0)
    found = open_ledger.ledger.names().find(call.get(NAME) or "", MAX_WHOLE)
    survivors = list(dict.fromkeys(question.aliases.survivor_of(one) for one in found))
    items: list[FoundContact] = []
    more: str | None = None
    position = open_ledger.projections.wait_for(0, 0)
    for place, survivor in enumerate(survivors[skipped:], start=skipped):
        if len(items) == limit:
            more = make_cursor(open_ledger.ledger, "names", place)
            break
        row = open_ledger.projections.contact_status(survivor)
        if row is None or not _wanted(call, row) or not _allowed(call, question, row):
            continue
        position = row.position
        items.append(_named(question, row))
    body = Page[FoundContact](items=tuple(items), next_cursor=more)
    return Answer(body=body, headers=call.next_page(more), position=position, digest=True)


def _wanted(call: Call, row: StatusRow) -> bool:
    stage, flag = call.get(STAGE), call.get(FLAG)
    return stage in (None, row.stage) and (flag is None or flag in row.flags)


def _require_both(call: Call) -> None:
    given = [one for one in (CONSENT_PURPOSE, CONSENT_CHANNEL) if call.get(one) is not None]
    if len(given) == 1:
        (missing,) = {CONSENT_PURPOSE.name, CONSENT_CHANNEL.name} - {given[0].name}
        raise Invalid.at(f"/{missing}", "contradiction", f"is required with {given[0].name}")


def _allowed(call: Call, question: Question, row: StatusRow) -> bool:
    purpose, channel = call.get(CONSENT_PURPOSE), call.get(CONSENT_CHANNEL)
    if purpose is None or channel is None:
        return True
    history = _history_of(question, row.contact_id, (ConsentChanged.TYPE, *MARKING))
    return allows(consents_of(history, question.as_of), purpose, channel)


def _named(question: Question, row: StatusRow) -> FoundContact:
    name = profile_at(question, row.contact_id).name
    return FoundContact.model_validate({**asdict(row), "name": name})
