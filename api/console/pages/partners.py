"""Referral partners: how each stands, whom we owe, and what each referral came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.console.freshness import freshness
from api.console.visit import Page
from api.service.agendas.answering import names_at
from api.service.labels import LabelsWanted
from api.service.questions import standing_of, subject_of
from api.service.referral_trees import downstream_of
from api.service.referrals import referrals_of
from domain.errors import Invalid
from domain.standing import STANDINGS
from ledger.access.scopes import APPEND, READ

if TYPE_CHECKING:
    from uuid import UUID

    from starlette.responses import Response

    from api.console.visit import Visit
    from api.service.answers.referrals import Reward
    from api.service.answers.trees import Downstream
    from api.service.questions import Question
    from projections.answers import ContactStanding

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
    name_of = names_at(served.ledger, question.moment, wanted=True)
    return visit.page(
        "partner.html",
        tree=_tree(visit, question, found.contact_id),
        name=name_of(found.contact_id),
        name_of=name_of,
        referrals=found,
        standing=standing_of(question, subject_of(question, found.contact_id)),
        position=found.position,
        may_append=visit.may(APPEND),
    )


def _tree(visit: Visit, question: Question, contact: UUID) -> Downstream | None:
    """Whom they brought and what these brought; None where a page cannot read so much.

    Raises:
        Invalid: it is refused for something else.
    """
    served, moment = visit.served, question.moment
    labels = served.labels(LabelsWanted(names=True), moment.position)
    most_events = served.limits.calibrated_events
    try:
        return downstream_of(served.ledger, moment, contact, None, labels, most_events)
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
