"""Referral partners: how each stands, whom we owe, and what each referral came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from api.console.freshness import freshness
from api.console.participants import matches
from api.console.trees import drawing, entries_of
from api.console.twins import Twin, path_with
from api.console.visit import Page
from api.service.agendas.answering import names_at
from api.service.labels import LabelsWanted
from api.service.questions import standing_of, subject_of
from api.service.referral_trees import circles_of, connection_between, downstream_of
from api.service.referrals import referrals_of
from domain.errors import Invalid
from domain.standing import STANDINGS
from ledger.access.scopes import APPEND, READ

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from starlette.responses import Response

    from api.console.visit import Visit
    from api.service.answers.referrals import Reward
    from api.service.questions import Question
    from projections.answers import ContactStanding

T = TypeVar("T")

ROWS = 50


@dataclass(frozen=True)
class Partner:
    """A partner in the list, with what is owed and was paid to them by currency."""

    name: str | None
    found: ContactStanding
    owed: tuple[tuple[str, int], ...]
    paid: tuple[tuple[str, int], ...]


def show(visit: Visit) -> Response:
    """The partners, the most influential first, of one standing or of all.

    Raises:
        Invalid: there is no such standing.
    """
    served, standing = visit.served, visit.parameter("standing")
    if standing not in (None, *STANDINGS):
        raise Invalid.at("/standing", "not-a-choice", f"must be one of {', '.join(STANDINGS)}")
    fresh, question = freshness(served, "standing"), visit.question()
    found = served.projections.standings(standing=standing, limit=ROWS)
    name_of = names_at(served.ledger, question.moment, wanted=True)
    partners = [
        _partner(one, name_of(one.contact_id), referrals_of(served, one.contact_id).rewards)
        for one in found.items
    ]
    owed: dict[str, int] = {}
    for partner in partners:
        for currency, minor in partner.owed:
            owed[currency] = owed.get(currency, 0) + minor
    return visit.page(
        "partners.html",
        partners=partners,
        standing=standing,
        standings=STANDINGS,
        counts=served.projections.standing_counts(),
        owed=owed,
        won=sum(one.found.standing.referrals.won for one in partners),
        open=sum(one.found.standing.referrals.open for one in partners),
        more=found.next_cursor is not None,
        fresh=fresh,
        position=found.position,
    )


def show_one(visit: Visit) -> Response:
    """One partner's referrals, and the sum of each reward.

    Raises:
        ContactNotFound: nobody registered it.
    """
    served, question = visit.served, visit.question()
    found = referrals_of(served, visit.contact_id)
    contact, moment = found.contact_id, question.moment
    name_of = names_at(served.ledger, moment, wanted=True)
    most_events = served.limits.calibrated_events
    labels = served.labels(LabelsWanted(names=True), moment.position)
    tree = _unless_too_much(
        lambda: downstream_of(served.ledger, moment, contact, None, labels, most_events)
    )
    circles = _unless_too_much(lambda: circles_of(served.ledger, moment, contact, most_events))
    typed = visit.parameter("to")
    called = [] if typed is None else matches(visit, typed)
    to = called[0].contact_id if len(called) == 1 else None
    way = None if to is None else _way(visit, question, contact, to)
    path = f"{visit.api_path}/contacts/{contact}"
    twins = [Twin("the referrals and rewards", f"{path}/referrals")]
    twins.append(Twin("those whom they brought", f"{path}/downstream"))
    if way is not None:
        between = path_with(f"{visit.api_path}/referrals/path", from_=contact, to=to)
        twins.append(Twin("how they are connected", between))
    return visit.page(
        "partner.html",
        tree=tree,
        entries=[] if tree is None else entries_of(tree),
        drawing=None if tree is None or not tree.nodes else drawing(tree, name_of(contact)),
        circles=circles or (),
        typed=typed,
        called=called,
        way=way,
        twins=twins,
        name=name_of(contact),
        name_of=name_of,
        referrals=found,
        standing=standing_of(question, subject_of(question, contact)),
        position=found.position,
        may_append=visit.may(APPEND),
    )


def _way(visit: Visit, question: Question, start: UUID, end: UUID) -> list[UUID] | None:
    """Those along whose referrals two contacts are connected, empty where they are not.

    None where a page cannot read so much.
    """
    limit = visit.served.limits.calibrated_events
    steps = _unless_too_much(
        lambda: connection_between(visit.served.ledger, question.moment, start, end, limit)
    )
    return None if steps is None else [one.contact_id for one in steps]


def _unless_too_much(read: Callable[[], T]) -> T | None:
    """What is read; None where it takes more events than a page may read.

    Raises:
        Invalid: it is refused for something else.
    """
    try:
        return read()
    except Invalid as error:
        if any(one.code != "takes-a-replay" for one in error.errors):
            raise
        return None


def _partner(found: ContactStanding, name: str | None, rewards: tuple[Reward, ...]) -> Partner:
    owed: dict[str, int] = {}
    paid: dict[str, int] = {}
    for one in rewards:
        if one.currency is not None:
            owed[one.currency] = owed.get(one.currency, 0) + one.owed_minor
            net_minor = one.paid_minor - one.reversed_minor
            paid[one.currency] = paid.get(one.currency, 0) + net_minor
    return Partner(name, found, _amounts(owed), _amounts(paid))


def _amounts(minor_by_currency: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((one, minor) for one, minor in minor_by_currency.items() if minor)


PAGES = (
    Page("/ledgers/{ledger}/partners", show, (READ,)),
    Page("/ledgers/{ledger}/partners/{contact}", show_one, (READ,)),
)
