"""Over random histories: what is owed is the sum of the entries, and a second reading agrees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as some

from domain.events.commerce import PurchaseMade, PurchaseReversed
from domain.events.governance import EventRetracted
from domain.events.referrals import (
    ReferralClosed,
    ReferralLevelRaised,
    RewardApproved,
    RewardDeclined,
    RewardPaid,
    RewardReversed,
)
from domain.instants import DAY
from domain.policy import Policy
from domain.rewards import STATES, Reward, rewards
from tests.domain.referral_stories import ANNA, BEN, Told, recorded, refers, town
from tests.domain.reward_oracle import read_slowly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.events import Event

LAST_DAY = 40
_RULES = replace(
    Policy().rewards, basis_points=(0, 999, 2000, 3333, 5000, 9999), caps={"EUR": 90, "USD": 60}
)
EARLY = replace(Policy(), rewards=_RULES)
LATE = replace(
    Policy(), rewards=replace(_RULES, basis_points=(0, 100, 9999, 1, 7777, 10_000), hold_days=3)
)
ONLY_CLOSING = replace(LATE, partner=replace(Policy().partner, won_by_purchase=False))
IN_KIND = replace(LATE, rewards=replace(_RULES, cash_allowed=False))

amounts = some.sampled_from([100, 50, 200, 33, 7, 0, 1])
currencies = some.sampled_from(["EUR", "EUR", "USD"])
names = some.sampled_from("aabc")
money = some.one_of(
    some.just({}),
    some.builds(lambda minor, code: {"amount_minor": minor, "currency": code}, amounts, currencies),
)


def _bought(name: str, amount_minor: int) -> Event:
    """Each purchase has its own currency, as a refund is in the currency of its purchase."""
    return PurchaseMade(
        purchase_id=name,
        amount_minor=amount_minor,
        currency="USD" if name == "c" else "EUR",
        initiated_by="contact",
    )


def _returned(name: str, amount_minor: int) -> Event:
    currency = "USD" if name == "c" else "EUR"
    return PurchaseReversed(purchase_id=name, amount_minor=amount_minor, currency=currency)


def _act(kind: type[Event], said: dict[str, Any], in_kind: str | None) -> Event:
    return kind.read({"referral_id": "r1", **said, **({"in_kind": in_kind} if in_kind else {})})


acts = some.builds(
    _act,
    some.sampled_from([RewardApproved, RewardPaid, RewardPaid, RewardReversed, RewardDeclined]),
    money,
    some.sampled_from([None, None, None, "tea"]),
)
of_anna = some.one_of(
    acts,
    acts,
    acts,
    some.builds(ReferralLevelRaised, referral_id=some.just("r1"), level=some.integers(0, 5)),
    some.builds(
        lambda outcome, said: ReferralClosed.read(
            {"referral_id": "r1", "outcome": outcome, **said}
        ),
        some.sampled_from(["won", "won", "lost"]),
        money,
    ),
)
of_ben = some.one_of(some.builds(_bought, names, amounts), some.builds(_returned, names, amounts))
events = some.one_of(
    some.tuples(some.just(ANNA), of_anna),
    some.tuples(some.just(BEN), of_ben),
)


@some.composite
def stories(draw: some.DrawFn) -> list[Told]:
    """Anna refers Ben, and much happens at instants of its own, told in any order.

    Mostly Ben buys and returns something after it, or hardly any story would have a reward.
    """
    happened = draw(some.lists(events, max_size=12))
    if draw(some.integers(0, 3)):
        happened += [(BEN, _bought("a", 100)), (BEN, _returned("a", draw(amounts)))]
    days = draw(
        some.lists(
            some.integers(0, LAST_DAY),
            unique=True,
            min_size=len(happened) + 1,
            max_size=len(happened) + 1,
        )
    )
    if draw(some.integers(0, 3)):
        days.sort(reverse=True)
        days[:-1] = draw(some.permutations(days[:-1]))
    told = [refers(days[-1], level=draw(some.integers(1, 5)))]
    told += [Told(who, day, event) for (who, event), day in zip(happened, days, strict=False)]
    return told


policies = some.sampled_from([EARLY, LATE, ONLY_CLOSING, IN_KIND])


def shown(told: Sequence[Told], day: float, late: Policy = EARLY) -> list[Reward]:
    """Anna's rewards on a day, under a policy that another one follows on day 20."""
    known = town(*told)
    return list(
        rewards(
            known.edges_from(ANNA),
            known.edges_to,
            known.commerce,
            lambda at: EARLY if at < 20 * DAY else late,
            round(day * DAY),
        )
    )


@settings(max_examples=300)
@given(stories(), policies, some.integers(0, LAST_DAY + 1))
def test_a_second_reading_of_the_rules_comes_to_the_same_sums(
    told: list[Told], late: Policy, day: int
) -> None:
    expected = read_slowly(told, lambda at: EARLY if at < 20 * DAY else late, day * DAY)
    found: dict[str, dict[str, int]] = {}
    for reward in shown(told, day, late):
        for entry in reward.entries:
            if entry.amount_minor:
                of = found.setdefault(entry.currency, {})
                of[entry.kind] = of.get(entry.kind, 0) + entry.amount_minor
    assert found == expected


@settings(max_examples=300)
@given(stories(), policies, some.integers(0, LAST_DAY + 1))
def test_owed_is_the_sum_of_the_entries_and_the_state_fits_it(
    told: list[Told], late: Policy, day: int
) -> None:
    for reward in shown(told, day, late):
        assert reward.owed_minor == sum(entry.amount_minor for entry in reward.entries)
        assert reward.owed_minor == (
            reward.earned_minor
            - reward.clawed_back_minor
            - reward.paid_minor
            + reward.reversed_minor
            - reward.declined_minor
        )
        assert 0 <= reward.reversed_minor <= reward.paid_minor
        assert 0 <= reward.clawed_back_minor <= reward.earned_minor
        assert reward.owed_minor <= reward.earned_minor - reward.clawed_back_minor
        assert {entry.currency for entry in reward.entries} <= {reward.currency}
        assert reward.state in STATES
        assert (reward.state == "overpaid") == (reward.owed_minor < 0)
        if reward.owed_minor > 0:
            assert reward.state in ("held", "due", "approved")
            assert reward.due_at is not None
            assert reward.state != "held" or day * DAY < reward.due_at
            assert reward.state != "due" or day * DAY >= reward.due_at


@given(stories(), policies, some.integers(0, LAST_DAY + 1))
def test_no_payment_is_ever_missing_from_the_answer(
    told: list[Told], late: Policy, day: int
) -> None:
    paid: dict[str, int] = {}
    in_kind = 0
    for one in told:
        event = one.event
        if isinstance(event, RewardPaid) and one.day <= day:
            in_kind += event.in_kind is not None
            if event.currency is not None and event.amount_minor is not None:
                paid[event.currency] = paid.get(event.currency, 0) + event.amount_minor
    found = {reward.currency: reward.paid_minor for reward in shown(told, day, late)}
    assert all(found.get(currency, 0) >= minor for currency, minor in paid.items())
    if not any(isinstance(one.event, RewardReversed) for one in told):
        assert sum(reward.in_kind for reward in shown(told, day, late)) == in_kind


@given(stories(), policies, some.integers(0, LAST_DAY), some.integers(0, LAST_DAY))
def test_what_was_entered_by_a_day_is_not_changed_by_what_comes_later(
    told: list[Told], late: Policy, one: int, other: int
) -> None:
    before, after = min(one, other), max(one, other)
    lines = [
        [entry for reward in shown(told, day, late) for entry in reward.entries]
        for day in (before, after)
    ]
    early = [sorted(entry for entry in found if entry.at <= before * DAY) for found in lines]
    assert early[0] == early[1]


@given(stories(), some.data())
def test_a_retracted_event_leaves_no_entry(told: list[Told], data: some.DataObject) -> None:
    place = data.draw(some.integers(0, len(told) - 1))
    gone = recorded(told)[place]
    told = [replace(one, id=event.id) for one, event in zip(told, recorded(told), strict=True)]
    retraction = Told(
        gone.contact_id, LAST_DAY, EventRetracted(target=gone.id, reason="it never happened")
    )
    without = shown([one for one in told if one.id != gone.id], LAST_DAY)
    with_retraction = shown([*told, retraction], LAST_DAY)
    assert [(one.currency, one.owed_minor, one.state) for one in with_retraction] == [
        (one.currency, one.owed_minor, one.state) for one in without
    ]
