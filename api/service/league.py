"""The league of referral partners as it is now, from the projection."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from api.service.answers.lists import StandingRow
from domain.rewards import rewards
from domain.won_value import won_value
from projections.answers import Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.server import OpenLedger
    from domain.policy import Policy
    from domain.rewards import Reward
    from domain.timeline import PolicyTimeline
    from projections.answers import ContactStanding, Cursor
    from projections.standing_reading import PartnerRows


class Partner(NamedTuple):
    """Where somebody stands, what their won referrals brought by currency, and their rewards."""

    found: ContactStanding
    won_value: Mapping[str, int]
    rewards: tuple[Reward, ...]


def league_page(
    served: OpenLedger, standing: str | None, after: Cursor | None, limit: int
) -> Page[StandingRow]:
    """The next partners of one standing or of any, the most influential first."""
    with served.projections.partners() as rows:
        policies = served.ledger.policies(upto=rows.position or None)
        return league_in(rows, policies, standing, after, limit)


def league_in(
    rows: PartnerRows,
    policies: PolicyTimeline,
    standing: str | None,
    after: Cursor | None,
    limit: int,
) -> Page[StandingRow]:
    """The same from the tables, with the policies known at their position."""
    page = partners_in(rows, policies, standing, after, limit)
    items = tuple(
        StandingRow.of(one.found.contact_id, one.found.standing, one.won_value, one.rewards)
        for one in page.items
    )
    return Page(items, page.next_cursor, page.position, page.as_of)


def partners_in(
    rows: PartnerRows,
    policies: PolicyTimeline,
    standing: str | None,
    after: Cursor | None,
    limit: int,
) -> Page[Partner]:
    """The next partners as they are found, each with every reward."""

    def policy_at(at: int) -> Policy:
        return policies.in_force(at).policy

    page, items, at = rows.standings(standing, after, limit), [], rows.as_of
    known = rows.referrals([found.contact_id for found in page.items])
    for found in page.items:
        made = known.made.get(found.contact_id, ())
        brought = won_value(made, known.commerce, policy_at(at), at)
        earned = rewards(made, known.edges_to, known.commerce, policy_at, at)
        items.append(Partner(found, brought, earned))
    return Page(tuple(items), page.next_cursor, page.position, page.as_of)
