"""Who a contact is, and finding them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from api.http.access import allow
from api.http.dependencies import (
    ContactInPath,
    CurrentReply,
    Inquiry,
    InquiryNow,
    LabelsInQuery,
    LedgerInPath,
    PageInQuery,
    PageRequest,
    PositionKnown,
)
from api.http.exchange import Reply
from api.http.openapi import examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.waiting import wait_until_reflected
from api.http.wire.cursors import make_cursor, read_place
from api.http.wire.listed import list_page, page_after, with_labels
from api.http.wire.query_types import (
    ConsentChannel,
    ConsentPurpose,
    FlagWanted,
    MinPosition,
    NameWanted,
    SearchWanted,
    SortOfContacts,
    StageWanted,
    StandingWanted,
    StewardWanted,
)
from api.service.answers.contacts import Contact, Stream
from api.service.answers.lists import FoundContact, FoundContacts
from api.service.finding.pages import ContactFilter, found_page, index_of
from api.service.finding.people import PeopleFilter, people_among, people_page
from api.service.profiles import profile_at
from api.service.questions import Question, relationship_of, standing_of, subject_of
from api.service.server import OpenLedger
from domain.consents import consents_of
from domain.errors import Invalid, ProjectionBehind
from domain.profile import Profile
from ledger.access.scopes import READ
from projections.answers import StatusRow

router = APIRouter(
    prefix="/v1/ledgers/{ledger}/contacts", tags=["Contacts"], route_class=LedgerRoute
)


@router.get(
    "/{contact}",
    dependencies=[allow(READ)],
    summary="Get a contact's profile and stage",
    responses={
        200: response_of(
            "The registration as it stands, with stage and standing at `position`.",
            examples.CONTACT,
            "ETag",
            "Rapport-Position",
            "Content-Location",
        ),
        **problems("contact-not-found", "projection-behind"),
    },
)
def read_contact(
    contact_id: ContactInPath, inquiry: InquiryNow, reply: CurrentReply, _known: PositionKnown
) -> Contact:
    """For a merged contact the answer is that of its survivor, which `Content-Location` names.

    `streams` are those whose events count here, the contact's own first: each takes events under
    its own name, at its own version.
    """
    question = inquiry.question()
    subject = subject_of(question, contact_id)
    found = relationship_of(question, subject)
    members = question.aliases.members(subject.contact_id)
    versions = {member: question.ledger.version(member) for member in members}
    reply.answers_for(subject.contact_id)
    reply.reflects(question.position)
    return Contact.model_validate(
        {
            "contact_id": subject.contact_id,
            **Contact.fields_of(_profile_of(question, subject.contact_id)),
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


def _profile_of(question: Question, survivor: UUID) -> Profile:
    return profile_at(question.ledger, question.aliases, survivor, question.position)


@dataclass(frozen=True)
class WantedContacts:
    """Which contacts the query looks for: by what they are called, and by all that is known."""

    called: ContactFilter
    people: PeopleFilter

    def is_looked_up(self, served: OpenLedger) -> bool:
        """Whether indexes say who is wanted; consents alone can be folded until they are there.

        Raises:
            ProjectionBehind: an index that is needed is not there yet.
        """
        people = self.people
        if (people.steward, people.consent) == (None, None):
            return people.standing is not None
        is_whole = served.said.counts().is_whole
        if not is_whole and (people.steward, people.standing) != (None, None):
            raise ProjectionBehind("who looks after whom is being read: ask again soon")
        return is_whole


async def wanted_of(
    q: SearchWanted = None,
    name: NameWanted = None,
    stage: StageWanted = None,
    flag: FlagWanted = None,
    standing: StandingWanted = None,
    steward: StewardWanted = None,
    consent_purpose: ConsentPurpose = None,
    consent_channel: ConsentChannel = None,
) -> WantedContacts:
    """Which contacts the query looks for.

    Raises:
        Invalid: a purpose without a channel, or the other way round, or two ways to search.
    """
    purpose, channel = consent_purpose, consent_channel
    if (purpose is None) != (channel is None):
        missing, is_there = "consent_purpose", "consent_channel"
        if channel is None:
            missing, is_there = is_there, missing
        raise Invalid.at(f"/{missing}", "contradiction", f"is required with {is_there}")
    if q is not None and name is not None:
        raise Invalid.at("/name", "contradiction", "is not taken with q, which finds names too")
    consent = None if purpose is None or channel is None else (purpose, channel)
    return WantedContacts(
        ContactFilter(q, name, stage, flag, purpose, channel),
        PeopleFilter(stage, flag, standing, steward, consent),
    )


async def wait_for_stages(served: LedgerInPath, min_position: MinPosition = None) -> None:
    """Wait until stages reflect the position that is asked for."""
    await wait_until_reflected(served, min_position, "status")


@router.get(
    "",
    dependencies=[allow(READ)],
    summary="Find contacts by what they are called, stage, flag or steward",
    responses={
        200: response_of(
            "The contacts, with their names; the greatest score first without `q` and `name`.",
            examples.FOUND_CONTACTS,
            "ETag",
            "Link",
            "Rapport-Position",
        ),
        **problems("projection-behind"),
    },
)
def find_contacts(
    wanted: Annotated[WantedContacts, Depends(wanted_of)],
    page: PageInQuery,
    inquiry: InquiryNow,
    labels: LabelsInQuery,
    reply: CurrentReply,
    _reflected: Annotated[None, Depends(wait_for_stages)],
    sort: SortOfContacts = None,
) -> FoundContacts:
    """`q` finds people by words, or beginnings of words, of their names, refs, e-mail addresses and
    phone numbers, in any order: whole names first, then whole words, beginnings, and names with
    one or two mistakes. `name` finds a part of a name. Both take names as they are or were, without
    regard to case, accents and signs. They are looked up in memory, and `index` says how much of
    the ledger was read for it since the start.

    Stage and flags are those at `Rapport-Position`.

    With `consent_purpose` and `consent_channel` the list has only contacts who allow this use now;
    a contact who never said so does not. Until that was read after a start, a page may be short, or
    empty, and still have a next one. `steward` is answered once it was read, and `standing` says
    what the contact is as a referral partner. All filters hold together. With `q` or `name` the
    best match comes first, and `sort` makes no difference.
    """
    if wanted.called.is_search:
        answer = _search_page(wanted, page, inquiry, reply)
    else:
        answer = _sorted_list(wanted, sort or "score", page, inquiry, reply)
    return with_labels(answer, inquiry.served, labels, reply.position)


def _sorted_list(
    wanted: WantedContacts, sort: str, page: PageRequest, inquiry: Inquiry, reply: Reply
) -> FoundContacts:
    """Those who are wanted, the greatest score or the newest stage first."""
    served, kind = inquiry.served, "contacts" if sort == "score" else f"contacts {sort}"
    after, question = page_after(served.ledger, page.cursor, kind), inquiry.question()
    if wanted.is_looked_up(served):
        found = people_page(served, wanted.people, sort, after, page.limit)
        rows = list(found.items)
    else:
        people = replace(wanted.people, consent=None)
        found = people_page(served, people, sort, after, page.limit)
        rows = [row for row in found.items if wanted.called.is_allowed(question, row)]
    items = [_with_name(question, row) for row in rows]
    listed = list_page(served.ledger, reply, items, kind, found.next_cursor, found.position)
    return FoundContacts(items=listed.items, index=index_of(served), next_cursor=listed.next_cursor)


def _search_page(
    wanted: WantedContacts, page: PageRequest, inquiry: Inquiry, reply: Reply
) -> FoundContacts:
    served, called = inquiry.served, wanted.called
    kind = "names" if called.q is None else "search"
    (skipped,) = read_place(served.ledger, page.cursor, kind, 0)
    if wanted.is_looked_up(served):
        among = people_among(served, wanted.people)
        called = replace(called, among=among, purpose=None, channel=None)
    found = found_page(served, inquiry.question(), called, skipped, page.limit)
    more = None if found.more is None else make_cursor(served.ledger, kind, found.more)
    reply.goes_on(more)
    reply.reflects(found.position)
    return FoundContacts(items=found.items, index=index_of(served), next_cursor=more)


def _with_name(question: Question, row: StatusRow) -> FoundContact:
    name = _profile_of(question, row.contact_id).name
    return FoundContact.model_validate({**asdict(row), "name": name, "matched": None})
