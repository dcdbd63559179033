"""What was earned, paid and is owed of a reward, over HTTP."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from domain.instants import DAY, format_instant
from tests.api.shop import START, Json, Shop, problem_of, registration

if TYPE_CHECKING:
    import httpx

SUMS = ("earned", "clawed_back", "paid", "reversed", "declined", "owed")


def event(type_name: str, day: float | None = None, **data: Any) -> Json:
    """An event, some days before now or, without a day, now."""
    when = {} if day is None else {"occurred_at": format_instant(START - round(day * DAY))}
    return {"type": type_name, "data": data, **when}


def refers(day: float, other: str = "rw:b") -> Json:
    return event("referral-made", day, referral_id="x", direction="inbound", other=other, level=5)


def buys(day: float | None, amount_minor: int = 20_000, currency: str = "EUR") -> Json:
    return event(
        "purchase-made",
        day,
        purchase_id=f"p-{day}",
        amount_minor=amount_minor,
        currency=currency,
        initiated_by="contact",
    )


def acts(
    type_name: str, amount_minor: int | None = None, currency: str = "EUR", day: float | None = None
) -> Json:
    money = {} if amount_minor is None else {"amount_minor": amount_minor, "currency": currency}
    return event(type_name, day, referral_id="x", **money)


def taken(answer: httpx.Response) -> int:
    """The position of what was taken."""
    assert answer.status_code == 201, answer.text
    position: int = answer.json()["position"]
    return position


def rewards(shop: Shop, position: int, contact: str = "rw:r") -> list[Json]:
    answer = shop.get(f"/contacts/{contact}/referrals", min_position=position)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["rewards"]
    return found


def sums(reward: Json) -> tuple[object, ...]:
    return (reward["state"], *(reward[f"{name}_minor"] for name in SUMS))


def refused(answer: httpx.Response, reason: str) -> Json:
    problem = problem_of(answer, 409, "refused")
    assert problem["reason"] == reason
    return problem


def referred(shop: Shop, *more: str) -> None:
    """A contact has referred another one, ninety days ago."""
    for contact in ("rw:r", "rw:b", *more):
        shop.register(contact)
    taken(shop.append("rw:r", refers(90)))


def test_what_was_paid_a_hundredfold_and_in_yen_is_shown_and_refused(shop: Shop) -> None:
    """The case of the issue: 20.00 due, 200,000.00 paid, and then in yen."""
    referred(shop)
    taken(shop.append("rw:b", buys(60)))
    position = taken(shop.append("rw:r", acts("reward-paid", 20_000_000)))
    problem = refused(shop.append("rw:r", acts("reward-paid", 200_000, "JPY")), "currency-differs")
    assert problem["currency"] == "EUR"
    assert "EUR" in problem["detail"]
    (reward,) = rewards(shop, position)
    assert sums(reward) == ("overpaid", 2_000, 0, 20_000_000, 0, 0, -19_998_000)
    assert (reward["amount_minor"], reward["currency"], reward["in_kind"]) == (2_000, "EUR", 0)


def test_what_was_paid_before_any_win_is_in_the_answer(shop: Shop) -> None:
    referred(shop)
    position = taken(shop.append("rw:r", acts("reward-paid", 500)))
    (reward,) = rewards(shop, position)
    assert sums(reward) == ("overpaid", 0, 0, 500, 0, 0, -500)
    assert (reward["won_at"], reward["due_at"], reward["reason"]) == (None, None, "not-won")


def test_a_purchase_for_nothing_wins_nothing_and_the_first_above_0_does(shop: Shop) -> None:
    referred(shop)
    position = taken(shop.append("rw:b", buys(70, 0)))
    assert rewards(shop, position) == []
    position = taken(shop.append("rw:b", buys(60, 10_000)))
    found = shop.get("/contacts/rw:r/referrals", min_position=position).json()
    assert found["made"][0]["outcome"] == "won"
    assert sums(found["rewards"][0]) == ("due", 1_000, 0, 0, 0, 0, 1_000)
    assert shop.get("/contacts/rw:r/standing").json()["referrals"]["won"] == 1


@pytest.mark.parametrize(("currency", "most"), [("EUR", 50_000), ("JPY", 500), ("KWD", 500_000)])
def test_a_reward_is_capped_at_500_whole_units_of_its_currency(
    shop: Shop, currency: str, most: int
) -> None:
    referred(shop)
    position = taken(shop.append("rw:b", buys(60, 100_000_000, currency)))
    assert rewards(shop, position)[0]["earned_minor"] == most


def test_a_policy_caps_each_currency_by_itself(shop: Shop) -> None:
    policy = {"extends": "retail", "rewards": {"caps": {"JPY": 1_234, "EUR": 1}}}
    answer = shop.post("/policies", {"policy": policy, "effective_from": "2020-01-01T00:00:00Z"})
    assert answer.status_code == 201, answer.text
    referred(shop)
    position = taken(shop.append("rw:b", buys(60, 100_000_000, "JPY")))
    assert rewards(shop, position)[0]["earned_minor"] == 1_234
    wrong = {"extends": "retail", "rewards": {"caps": {"EURO": 1, "USD": -1}}}
    problem = problem_of(shop.post("/policies", {"policy": wrong}), 422, "invalid-request")
    assert [one["pointer"] for one in problem["errors"]] == [
        "/policy/rewards/caps/EURO",
        "/policy/rewards/caps/USD",
    ]


def test_a_win_and_its_payment_stand_in_one_batch(shop: Shop) -> None:
    """The purchase is read where it stands: in the same batch, before the payment."""
    shop.register("rw:r")
    batch = [
        {**registration(), "contact": "rw:b"},
        {**refers(9), "contact": "rw:r"},
        {**buys(None), "contact": "rw:b"},
        {**acts("reward-paid"), "contact": "rw:r"},
    ]
    position = taken(shop.post("/events", batch))
    (reward,) = rewards(shop, position)
    assert sums(reward) == ("paid", 2_000, 0, 2_000, 0, 0, 0)


def test_a_batch_with_a_payment_in_another_currency_is_refused_whole(shop: Shop) -> None:
    shop.register("rw:r")
    batch = [
        {**registration(), "contact": "rw:b"},
        {**refers(9), "contact": "rw:r"},
        {**buys(None), "contact": "rw:b"},
        {**acts("reward-paid", 100, "JPY"), "contact": "rw:r"},
    ]
    problem = refused(shop.post("/events", batch), "currency-differs")
    assert problem["index"] == 3
    assert shop.get("/contacts/rw:b").status_code == 404
    batch[3] = {**acts("reward-paid", 100), "contact": "rw:r"}
    assert shop.post("/events", batch).status_code == 201


def test_of_two_reversals_at_once_of_all_that_was_paid_one_is_taken(shop: Shop) -> None:
    referred(shop)
    taken(shop.append("rw:b", buys(60)))
    taken(shop.append("rw:r", acts("reward-paid", 2_000)))
    answers: list[httpx.Response] = []
    waiting = threading.Barrier(2)

    def take_back() -> None:
        waiting.wait()
        answers.append(shop.append("rw:r", acts("reward-reversed", 2_000)))

    threads = [threading.Thread(target=take_back) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    (loser,) = (answer for answer in answers if answer.status_code == 409)
    assert refused(loser, "beyond-what-was-paid")["left_minor"] == 0


def test_a_clawback_a_reversal_and_a_decline_come_to_nothing_owed(shop: Shop) -> None:
    referred(shop)
    taken(shop.append("rw:b", buys(60)))
    taken(shop.append("rw:r", acts("reward-paid", 1_500, day=50)))
    refund = event("purchase-reversed", 40, purchase_id="p-60", amount_minor=10_000, currency="EUR")
    position = taken(shop.append("rw:b", refund))
    assert sums(rewards(shop, position)[0]) == ("overpaid", 2_000, 1_000, 1_500, 0, 0, -500)
    taken(shop.append("rw:r", acts("reward-reversed", 700, day=30)))
    position = taken(shop.append("rw:r", acts("reward-declined", day=20)))
    assert sums(rewards(shop, position)[0]) == ("declined", 2_000, 1_000, 1_500, 700, 200, 0)


def test_a_purchase_on_a_merged_contact_says_in_which_currency(shop: Shop) -> None:
    referred(shop, "rw:c")
    taken(shop.append("rw:c", buys(60, currency="JPY")))
    into = shop.get("/contacts/rw:b").json()["contact_id"]
    merged = event("contact-merged", into=into)
    batch = [{**merged, "contact": "rw:c"}, {**acts("reward-paid", 5), "contact": "rw:r"}]
    refused(shop.post("/events", batch), "currency-differs")
    taken(shop.append("rw:c", merged))
    refused(shop.append("rw:r", acts("reward-paid", 5)), "currency-differs")
    position = taken(shop.append("rw:r", acts("reward-paid", 5, "JPY")))
    (reward,) = rewards(shop, position)
    assert (reward["currency"], sums(reward)) == ("JPY", ("due", 500, 0, 5, 0, 0, 495))


def test_an_erasure_leaves_what_was_earned_and_paid(shop: Shop) -> None:
    referred(shop)
    taken(shop.append("rw:b", buys(60)))
    taken(shop.append("rw:r", acts("reward-paid", 500)))
    for contact in ("rw:r", "rw:b"):
        erased = shop.post(
            f"/contacts/{contact}/erasure", {"requested_by": "the contact", "reason": "asked"}
        )
        assert erased.status_code in (200, 201, 202), erased.text
    position = taken(shop.append("rw:r", acts("reward-paid", 100)))
    refused(shop.append("rw:r", acts("reward-paid", 100, "JPY")), "currency-differs")
    assert sums(rewards(shop, position)[0]) == ("due", 2_000, 0, 600, 0, 0, 1_400)
