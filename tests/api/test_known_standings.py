"""Referral partners as they were, as they were known, and as a version would have judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.service.limits import ServiceLimits
from domain.instants import DAY, HOUR, format_instant
from tests.api.asking import all_rows
from tests.api.shop import START, Json, Shop, problem_of, purchase, registration, set_limits

if TYPE_CHECKING:
    from typing import Any

    from api.service.server import Server

AS_OF = format_instant(START - 20 * DAY)
QUESTIONS: tuple[Json, ...] = (
    {"as_of": AS_OF},
    {"as_of": format_instant(START + HOUR)},
    {"as_known_at": 12},
    {"as_known_at": format_instant(START)},
    {"policy_version": 1},
    {"policy_version": 2},
    {"as_of": AS_OF, "as_known_at": 12},
    {"as_of": AS_OF, "policy_version": 2},
    {"as_known_at": 12, "policy_version": 2},
    {"as_of": AS_OF, "as_known_at": 12, "policy_version": 2},
)


def referral(name: str, other: str, days: int, level: int = 3) -> Json:
    data = {"referral_id": name, "direction": "inbound", "other": other, "level": level}
    return {"type": "referral-made", "data": data, "occurred_at": ago(days)}


def shop_owes(shop: Shop, contact: str, question: Json) -> list[Json]:
    """What the list of rewards comes to for a referrer, by currency."""
    found = shop.get("/rewards", contact=contact, **question).json()["totals"]
    sums = dict[str, int]()
    for one in found:
        if one["currency"] is not None:
            sums[one["currency"]] = sums.get(one["currency"], 0) + one["owed_minor"]
    return [{"currency": one, "minor": minor} for one, minor in sorted(sums.items())]


def ago(days: int) -> str:
    return format_instant(START - days * DAY)


@pytest.fixture
def filled(shop: Shop) -> Shop:
    """Six contacts and what they sent: some of it late, corrected, or between two who are one."""
    for number in range(6):
        shop.append(f"pos:{number}", registration())
    shop.append("pos:0", referral("a", "pos:4", 40), referral("b", "pos:5", 10, level=5))
    shop.append("pos:1", referral("a", "pos:4", 30), referral("b", "pos:2", 25))
    made = shop.append("pos:2", referral("a", "pos:5", 300), referral("b", "pos:4", 5)).json()
    shop.append("pos:4", purchase("1", at=START - 20 * DAY))
    shop.append("pos:5", purchase("1", at=START - DAY))
    target = made["events"][1]["id"]
    shop.append("pos:2", {"type": "event-retracted", "data": {"target": target, "reason": "-"}})
    into = shop.get("/contacts/pos:1").json()["contact_id"]
    shop.append("pos:2", {"type": "contact-merged", "data": {"into": into}})
    partner = {"window_days": 35, "outcome_weights": {"won": 9}}
    policy = {"extends": "retail", "partner": partner}
    answer = shop.post("/policies", {"policy": policy})
    assert answer.status_code == 201, answer.text
    return shop


def listed(shop: Shop, **query: Any) -> list[Json]:
    """All rows of the list that is asked for."""
    return all_rows(shop, "/standings", **query)


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_each_row_is_the_contacts_own_standing(filled: Shop, question: Json) -> None:
    """In the order of their ids; sorted, the most influential first."""
    rows = listed(filled, **question)
    assert rows
    assert [row["contact_id"] for row in rows] == sorted({row["contact_id"] for row in rows})
    for row in rows:
        told = filled.get(f"/contacts/{row['contact_id']}/standing", **question).json()
        owed = shop_owes(filled, row["contact_id"], question)
        of_row = {**told, **told["reciprocity"], "won_value": row["won_value"], "owed": owed}
        assert row == {name: of_row[name] for name in row}
    by_influence = sorted(rows, key=lambda row: (-row["influence"], row["contact_id"]))
    for limit in (1, 2, 100):
        assert listed(filled, limit=limit, **question) == rows
        assert listed(filled, limit=limit, sort="influence", **question) == by_influence
    for standing in {row["standing"] for row in rows}:
        chosen = [row for row in rows if row["standing"] == standing]
        assert listed(filled, limit=1, standing=standing, **question) == chosen


def test_the_present_is_in_one_order_whether_or_not_that_is_asked_for(filled: Shop) -> None:
    head = int(filled.append("pos:9", registration()).headers["rapport-position"])
    present = listed(filled, min_position=head)
    assert present
    assert listed(filled, sort="influence", limit=1) == present
    assert listed(filled, sort="influence", as_of=ago(0)) == present


def test_the_same_question_has_the_same_bytes_whatever_was_appended_since(filled: Shop) -> None:
    question: Json = {"as_of": AS_OF, "as_known_at": 12, "policy_version": 2, "limit": 1}
    for sort in ({}, {"sort": "influence"}):
        before = filled.get("/standings", **question, **sort)
        filled.append("pos:0", referral("c", "pos:1", 30), purchase("9", at=START - 50 * DAY))
        filled.clock.pass_days(3)
        after = filled.get("/standings", **question, **sort)
        assert after.content == before.content
        for name in ("etag", "rapport-position", "link"):
            assert after.headers[name] == before.headers[name]
        filled.clock.pass_days(-3)


def test_all_pages_speak_of_one_position_and_instant(filled: Shop) -> None:
    for sort in ({}, {"sort": "influence"}):
        expected = listed(filled, policy_version=1, **sort)
        answer = filled.get("/standings", policy_version=1, limit=1, **sort)
        head = answer.headers["rapport-position"]
        seen = answer.json()["items"]
        late = referral(f"late {len(sort)}", "pos:1", 1, level=5)
        assert filled.append("pos:0", late).status_code == 201
        filled.clock.pass_days(300)
        while "next" in answer.links:
            answer = filled.client.get(answer.links["next"]["url"])
            assert answer.headers["rapport-position"] == head
            seen += answer.json()["items"]
        assert seen == expected
        filled.clock.pass_days(-300)


def test_a_cursor_belongs_to_its_question(filled: Shop) -> None:
    cursor = filled.get("/standings", policy_version=1, limit=1).json()["next_cursor"]
    others: tuple[Json, ...] = (
        {},
        {"policy_version": 2},
        {"policy_version": 1, "as_known_at": 12},
        {"policy_version": 1, "sort": "influence"},
    )
    for other in others:
        answer = filled.get("/standings", cursor=cursor, **other)
        problem = problem_of(answer, 422, "invalid-request")
        assert problem["errors"][0]["code"] == "bad-cursor"
    answer = filled.get("/statuses", cursor=cursor, policy_version=1)
    problem_of(answer, 422, "invalid-request")


def test_a_page_folds_so_much_and_no_more(filled: Shop, server: Server) -> None:
    """Then it is short, or empty, and the next goes on; sorting is refused and says what to do."""
    whole = listed(filled, as_of=AS_OF)
    set_limits(server, filled, ServiceLimits(folded_events=1))
    first = filled.get("/standings", as_of=AS_OF).json()
    assert len(first["items"]) <= 1 < len(whole)
    assert listed(filled, as_of=AS_OF) == whole
    assert listed(filled, as_of=AS_OF, standing="key_partner") == []
    answer = filled.get("/standings", as_of=AS_OF, sort="influence")
    (error,) = problem_of(answer, 422, "invalid-request")["errors"]
    assert (error["pointer"], error["code"]) == ("/sort", "takes-a-replay")
    assert "without sort" in error["detail"]
    assert filled.get("/standings", sort="influence").status_code == 200


def test_whom_somebody_referred_counts_as_folded_too(shop: Shop, server: Server) -> None:
    """Once in a page, however many referred the same contact."""
    for number in range(3):
        shop.append(f"pos:{number}", registration())
    shop.append("pos:9", registration(), *(purchase(str(n), at=START - DAY) for n in range(8)))
    for number in range(3):
        shop.append(f"pos:{number}", referral("a", "pos:9", 2))
    set_limits(server, shop, ServiceLimits(folded_events=14))
    first = shop.get("/standings", policy_version=1).json()
    assert len(first["items"]) == 1
    assert len(listed(shop, policy_version=1)) == 3
    set_limits(server, shop, ServiceLimits(folded_events=3 * 2 + 12 + 12 + 1))
    assert shop.get("/standings", policy_version=1).json()["next_cursor"] is None


def test_a_question_that_is_none_is_refused(filled: Shop) -> None:
    path = "/standings"
    problem_of(filled.get(path, policy_version=9), 404, "policy-not-found")
    answer = filled.get(path, as_known_at=99)
    problem = problem_of(answer, 422, "invalid-request")
    assert problem["errors"][0]["pointer"] == "/as_known_at"
    answer = filled.get(path, as_of=format_instant(START + DAY + 1))
    assert problem_of(answer, 422, "invalid-time")["errors"][0]["pointer"] == "/as_of"
    ahead = format_instant(START + HOUR)
    problem_of(filled.get(path, as_known_at=ahead), 422, "invalid-time")
    assert listed(filled, as_known_at=0) == []
