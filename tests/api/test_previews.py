"""Previews over HTTP: what a policy would do, published nowhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from domain.instants import DAY, format_instant
from tests.api.asking import answered
from tests.api.shop import START, Json, Shop, problem_of, purchase, registration

if TYPE_CHECKING:
    from typing import Any

FOUR: Json = {
    "policy": {"extends": "purchases-only", "signals": {"regularity": {"purchase_days": 4}}}
}


@pytest.fixture
def filled(shop: Shop) -> Shop:
    """Four contacts with 2, 4, 6 and 8 purchases, a week apart."""
    for number in range(4):
        sales = [purchase(str(n), at=START - n * 7 * DAY) for n in range(2 + 2 * number)]
        shop.append(f"pos:{number}", registration(), *sales)
    return shop


def stages(shop: Shop) -> dict[str, str]:
    """Every contact's stage by its own status."""
    ids = [one["contact_id"] for one in shop.get("/contacts").json()["items"]]
    return {one: shop.get(f"/contacts/{one}/status").json()["stage"] for one in ids}


def test_what_a_preview_says_comes_true_when_the_policy_is_published(filled: Shop) -> None:
    filled.get("/statuses", min_position=25)
    account, rows = answered(filled, "/policies/preview", FOUR)
    assert [one["policy_version"] for one in filled.get("/policies").json()["items"]] == [1]
    before = stages(filled)
    filled.post("/policies", {**FOUR, "effective_from": format_instant(0)})
    after = stages(filled)
    changed = {one: (before[one], after[one]) for one in before if before[one] != after[one]}
    assert len(changed) == account["changes"] == 3
    assert {row["contact_id"]: (row["from"], row["to"]) for row in rows} == changed
    assert account["from_to"] == [{"from": "customer", "to": "client", "count": 3}]


def test_the_same_question_has_the_same_digest(filled: Shop) -> None:
    question = {**FOUR, "from": format_instant(START - 60 * DAY), "to": format_instant(START)}
    accounts = [answered(filled, "/policies/preview", question)[0] for _ in range(2)]
    for account in accounts:
        account.pop("seconds")
    assert accounts[0] == accounts[1]
    assert accounts[0]["from"] == question["from"]
    assert accounts[0]["effective_from"] is None


def test_a_preset_is_previewed_by_name(filled: Shop) -> None:
    account, rows = answered(filled, "/policies/preview", {"preset": "purchases-only"})
    assert account["policy"]["name"] == "purchases-only"
    assert [(row["from"], row["to"]) for row in rows] == [("customer", "client")]


def test_with_effective_from_it_is_as_if_published_then(filled: Shop) -> None:
    late = {**FOUR, "effective_from": format_instant(START + DAY)}
    account, rows = answered(filled, "/policies/preview", late)
    assert (account["changes"], rows) == (0, [])
    now = {**FOUR, "effective_from": format_instant(START)}
    assert answered(filled, "/policies/preview", now)[0]["changes"] == 3


def test_a_window_lists_who_differed_within_it(filled: Shop) -> None:
    since = format_instant(START - 60 * DAY)
    _, rows = answered(filled, "/policies/preview", {**FOUR, "from": since})
    for row in rows:
        (stretch,) = row["stretches"]
        assert (stretch["before"], stretch["after"]) == (row["from"], row["to"])
        assert stretch["from"] >= since


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, "invalid-request", ""),
        ([], "invalid-request", ""),
        ({**FOUR, "preset": "cafe"}, "invalid-request", ""),
        ({"preset": "casino"}, "invalid-request", "/preset"),
        ({"policy": {"stage": {"stay_score": 999}}}, "invalid-request", "/policy/stage/stay_score"),
        ({**FOUR, "to": "2100-01-01T00:00:00Z"}, "invalid-time", "/to"),
        ({**FOUR, "from": "yesterday"}, "invalid-time", "/from"),
        ({**FOUR, "from": format_instant(START + 1)}, "invalid-request", "/from"),
        ({**FOUR, "colour": 1}, "invalid-request", "/colour"),
    ],
)
def test_what_cannot_be_previewed_is_refused_with_pointers(
    shop: Shop, body: Any, code: str, pointer: str
) -> None:
    problem = problem_of(shop.post("/policies/preview", body), 422, code)
    assert problem["errors"][0]["pointer"] == pointer


def test_a_preview_is_asked_for_and_nothing_else(shop: Shop) -> None:
    """Its path is no version of the policy."""
    for method in ("PUT", "GET"):
        answer = shop.client.request(method, f"{shop.base}/policies/preview")
        problem_of(answer, 405, "method-not-allowed")
        assert answer.headers["allow"] == "POST"


def test_a_policy_version_takes_over_at_its_instant_and_is_named_as_cause(
    filled: Shop,
) -> None:
    """Also for the lists, which follow by a clock, and only from that instant on."""
    takes_over_at = START + 2 * DAY
    later = {"preset": "purchases-only", "effective_from": format_instant(takes_over_at)}
    version = filled.post("/policies", later).json()
    (event,) = filled.get("/events", after_position=version["position"] - 1).json()["items"]
    assert [row["stage"] for row in listed(filled, min_position=version["position"])] == [
        "customer"
    ] * 4
    filled.clock.instant = takes_over_at
    clients = listed(filled, stage="client")
    assert len(clients) == 1
    assert clients[0]["since"] == format_instant(takes_over_at)
    history = filled.get(f"/contacts/{clients[0]['contact_id']}/status/history").json()
    last = history["intervals"][-1]
    assert (last["stage"], last["from"]) == ("client", format_instant(takes_over_at))
    assert last["policy_version"] == 2
    assert last["cause"] == {"kind": "policy", "name": "version 2", "event": event["id"]}
    before = format_instant(takes_over_at - 1)
    _, rows = answered(filled, "/replays", {"as_of": before})
    assert {(row["stage"], row["policy_version"]) for row in rows} == {("customer", 1)}


def listed(shop: Shop, **query: Any) -> list[Json]:
    """The list once it has come to the present instant."""
    deadline = time.monotonic() + 20
    while True:
        as_of = shop.get("/statuses/summary").json()["as_of"]
        if as_of == format_instant(shop.clock.instant):
            break
        assert time.monotonic() < deadline, "the clock never fired"
        time.sleep(0.005)
    items: list[Json] = shop.get("/statuses", **query).json()["items"]
    return items
