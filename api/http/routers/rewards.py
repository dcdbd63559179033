"""The rewards of all referrals: what was earned, paid and is owed."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.http.access import allow
from api.http.dependencies import (
    CurrentReply,
    Inquiry,
    InquiryAt,
    LabelsInQuery,
    PageInQuery,
    PageRequest,
    PositionKnown,
    contact_named,
)
from api.http.exchange import Reply
from api.http.openapi import money_examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.whole_lists import WholeList
from api.http.wire.money_query_types import RewardedContact, RewardStateWanted
from api.service.answers.rewards import RewardsPage
from api.service.labels import LabelsWanted
from api.service.rewards import RewardFilter, place_of, rewards_at, rewards_page
from ledger.access.scopes import READ

router = APIRouter(
    prefix="/v1/ledgers/{ledger}",
    tags=["Money"],
    dependencies=[allow(READ)],
    route_class=LedgerRoute,
)


@router.get(
    "/rewards",
    summary="List what referrals earned, and what is owed",
    responses={
        200: response_of(
            "An item for each referral and currency, what is due first comes first; totals by "
            "currency and state.",
            money_examples.REWARDS,
            "ETag",
            "Rapport-Position",
            "Link",
        ),
        **problems("projection-behind", "invalid-time", "policy-not-found"),
    },
)
async def list_rewards(
    inquiry: InquiryAt,
    page: PageInQuery,
    labels: LabelsInQuery,
    reply: CurrentReply,
    _known: PositionKnown,
    state: RewardStateWanted = None,
    contact: RewardedContact = None,
) -> RewardsPage:
    """`contact_id` is the referrer, `other` whom they sent. `owed_minor` is the sum of `entries`,
    and below 0 where more was paid than earned. `stream` takes the events with which a reward is
    approved, paid, reversed or declined.

    A reward is `held` until the days of its policy have passed since it was won, then `due`;
    `approved`, `paid` or `declined` by what we did; `overpaid` where more was paid than earned,
    `clawed_back` where the purchase was given back, and `none` where there is nothing to decide.
    `totals` are those of everything that the filters let pass, on every page the same. Payments in
    kind are counted in `in_kind` and stand in no sum.

    All pages speak of one position and instant. The events of those who referred and of those whom
    they sent are read, up to 200,000 of them.
    """
    wanted = RewardFilter(state, contact_named(inquiry.served.ledger, contact))
    return await run_in_threadpool(_rewards, inquiry, wanted, page, labels, reply)


def _rewards(
    inquiry: Inquiry, wanted: RewardFilter, page: PageRequest, labels: LabelsWanted, reply: Reply
) -> RewardsPage:
    served = inquiry.served
    whole = WholeList.begin(inquiry, page, f"rewards {wanted}")
    found = rewards_at(served.ledger, whole.moment, wanted, served.limits.calibrated_events)
    listed = whole.page(found.rewards, place_of, page.limit, reply)
    beside = served.labels(labels, whole.moment.position)
    return rewards_page(found, listed.rows, beside, listed.next_cursor)
