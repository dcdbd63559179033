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
from api.service.known_contacts import KnownContacts
from api.service.labels import LabelsWanted
from api.service.league import partners_in
from api.service.questions import standing_of, subject_of
from api.service.referral_trees import circles_of, connection_between, downstream_of
from api.service.referrals import referrals_of
from api.service.rewards import rewards_of
from domain.errors import Invalid
from domain.revenue import sum_of
from domain.standing import STANDINGS
from ledger.access.scopes import APPEND, READ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from uuid import UUID

    from starlette.responses import Response

    from api.console.visit import Visit
    from api.service.league import Partner
    from api.service.questions import Question
    from projections.answers import ContactStanding

T = TypeVar("T")

ROWS = 50
"""How many partners are listed."""

MOST_ADDED = 1_000
"""How many partners the totals are added up of, the most influential first."""


@dataclass(frozen=True)
class Row:
    """A partner in the list, with what is owed and was paid to them by currency."""

    name: str | None
    found: ContactStanding
    owed: Mapping[str, int]
    paid: Mapping[str, int]


@dataclass(frozen=True)
class Totals:
    """What the referrals of ``partners`` come to; ``is_all`` says that there are no others."""

    partners: int
    is_all: bool
    open: int
    won: int
    owed: Mapping[str, int]
    paid: Mapping[str, int]


def show(visit: Visit) -> Response:
    """The partners, the most influential first, of one standing or of all.

    Raises:
        Invalid: there is no such standing.
    """
    served, standing = visit.served, visit.parameter("standing")
    if standing not in (None, *STANDINGS):
        raise Invalid.at("/standing", "not-a-choice", f"must be one of {', '.join(STANDINGS)}")
    fresh, question = freshness(served, "standing"), visit.question()
    with served.projections.partners() as rows:
        policies = served.ledger.policies(upto=rows.position or None)
        league = partners_in(rows, policies, standing, None, MOST_ADDED)
    name_of = names_at(served.ledger, question.moment, wanted=True)
    path = visit.api_path
    return visit.page(
        "partners.html",
        partners=[
            Row(name_of(one.found.contact_id), one.found, _debts([one]), _payments([one]))
            for one in league.items[:ROWS]
        ],
        totals=_totals(league.items, is_all=league.next_cursor is None),
        standing=standing,
        standings=STANDINGS,
        counts=served.projections.standing_counts(),
        twins=[
            Twin("the partners", path_with(f"{path}/standings", standing=standing, names=True)),
            Twin("what is owed and was paid", path_with(f"{path}/rewards", names=True)),
        ],
        fresh=fresh,
        position=league.position,
    )


def _totals(found: Sequence[Partner], *, is_all: bool) -> Totals:
    referrals = [one.found.standing.referrals for one in found]
    return Totals(
        partners=len(found),
        is_all=is_all,
        open=sum(one.open for one in referrals),
        won=sum(one.won for one in referrals),
        owed=_debts(found),
        paid=_payments(found),
    )


def _debts(found: Iterable[Partner]) -> dict[str, int]:
    rewards = (reward for one in found for reward in one.rewards)
    return _amounts((one.currency, one.owed_minor) for one in rewards)


def _payments(found: Iterable[Partner]) -> dict[str, int]:
    rewards = (reward for one in found for reward in one.rewards)
    return _amounts((one.currency, one.paid_minor - one.reversed_minor) for one in rewards)


def _amounts(amounts: Iterable[tuple[str | None, int]]) -> dict[str, int]:
    """The sums by currency of what has one, without those that come to nothing."""
    found = sum_of({currency: minor} for currency, minor in amounts if currency is not None)
    return {currency: minor for currency, minor in found.items() if minor}


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
        bases=_bases(visit, question, contact),
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


@dataclass(frozen=True)
class Basis:
    """What a reward is a part of: ``percent`` of ``base_minor``, unless that is more than the most
    that there is for one referral.
    """

    base_minor: int
    percent: str
    is_capped: bool


def _bases(visit: Visit, question: Question, contact: UUID) -> dict[tuple[UUID, str], Basis]:
    """The basis of each reward that was earned once, by the event of the referral and currency."""
    most_events = visit.served.limits.calibrated_events
    known = KnownContacts(visit.served.ledger, question.moment, most_events)
    found = {}
    for one in _unless_too_much(lambda: rewards_of(known, contact)) or ():
        amount_minor, base_minor, won_at = one.amount_minor, one.base_minor, one.won_at
        if amount_minor is None or base_minor is None or won_at is None or one.currency is None:
            continue
        if amount_minor == one.earned_minor:
            basis_points = known.policy_at(won_at).rewards.basis_points[one.level]
            is_capped = amount_minor < base_minor * basis_points // 10_000
            basis = Basis(base_minor, f"{basis_points / 100:g}", is_capped)
            found[one.event_id, one.currency] = basis
    return found


PAGES = (
    Page("/ledgers/{ledger}/partners", show, (READ,)),
    Page("/ledgers/{ledger}/partners/{contact}", show_one, (READ,)),
)
