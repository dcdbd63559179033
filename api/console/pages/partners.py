"""Referral partners: how each stands, whom we owe, and what each referral came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.console.visit import Page
from api.service.agendas.answering import names_at
from api.service.questions import standing_of, subject_of
from api.service.referrals import referrals_of
from domain.errors import Invalid
from domain.standing import STANDINGS
from ledger.access.scopes import APPEND, READ

if TYPE_CHECKING:
    from starlette.responses import Response

    from api.console.visit import Visit
    from api.service.answers.referrals import Reward
    from projections.answers import ContactStanding

ROWS = 50


@dataclass(frozen=True)
class Partner:
    """A partner in the list, with what is owed to them by currency."""

    name: str | None
    found: ContactStanding
    owed: tuple[tuple[str, int], ...]


def show(visit: Visit) -> Response:
    """The partners, the most influential first, of one standing or of all.

    Raises:
        Invalid: there is no such standing.
    """
    served, standing = visit.served, visit.parameter("standing")
    if standing not in (None, *STANDINGS):
        raise Invalid.at("/standing", "not-a-choice", f"must be one of {', '.join(STANDINGS)}")
    question = visit.question()
    found = served.projections.standings(standing=standing, limit=ROWS)
    name_of = names_at(served.ledger, question.moment, wanted=True)
    partners = [
        Partner(
            name_of(one.contact_id),
            one,
            _debts(referrals_of(served, one.contact_id).rewards),
        )
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
        position=found.position,
    )


def show_one(visit: Visit) -> Response:
    """One partner's referrals, and the sum of each reward.

    Raises:
        ContactNotFound: nobody registered it.
    """
    served, question = visit.served, visit.question()
    found = referrals_of(served, visit.contact_id)
    name_of = names_at(served.ledger, question.moment, wanted=True)
    return visit.page(
        "partner.html",
        name=name_of(found.contact_id),
        name_of=name_of,
        referrals=found,
        standing=standing_of(question, subject_of(question, found.contact_id)),
        position=found.position,
        may_append=visit.may(APPEND),
    )


def _debts(rewards: tuple[Reward, ...]) -> tuple[tuple[str, int], ...]:
    sums: dict[str, int] = {}
    for one in rewards:
        if one.currency is not None and one.owed_minor:
            sums[one.currency] = sums.get(one.currency, 0) + one.owed_minor
    return tuple(sums.items())


PAGES = (
    Page("/ledgers/{ledger}/partners", show, (READ,)),
    Page("/ledgers/{ledger}/partners/{contact}", show_one, (READ,)),
)
