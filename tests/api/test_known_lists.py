"""Lists and counts as they were known, and as a version would have judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.service.limits import ServiceLimits
from domain.instants import DAY, HOUR, format_instant, parse_instant
from tests.api.asking import all_rows, answered
from tests.api.shop import START, Json, Shop, problem_of, purchase, registration, set_limits
from tests.api.test_replays import QUESTIONS, fill

if TYPE_CHECKING:
    from typing import Any

    from api.service.server import Server

NAMES = ("contact_id", "stage", "score", "since", "flags", "policy_version")
"""What a row of the list says, each the same as in the row of a replay."""

FOLDED = [one for one in QUESTIONS if {"as_known_at", "policy_version"} & one.keys()]


@pytest.fixture
def filled(shop: Shop) -> Shop:
    fill(shop)
    return shop


def listed(shop: Shop, **query: Any) -> list[Json]:
    """All rows of the list that is asked for."""
    return all_rows(shop, "/statuses", **query)


@pytest.mark.parametrize("question", FOLDED, ids=str)
def test_a_list_and_a_count_say_what_a_replay_says(filled: Shop, question: Json) -> None:
    account, rows = answered(filled, "/replays", question)
    expected = [{name: row[name] for name in NAMES} for row in rows]
    for limit in (1, 2, 100):
        assert listed(filled, limit=limit, **question) == expected
    summary = filled.get("/statuses/summary", **question)
    assert summary.json()["stages"] == account["stages"]
    assert summary.json()["as_of"] == account["as_of"]
    assert summary.headers["rapport-position"] == str(account["position"])


def test_stages_and_flags_choose_among_what_was_known(filled: Shop) -> None:
    question = {"policy_version": 2}
    rows = listed(filled, **question)
    for name, value in (("stage", "client"), ("flag", "rising"), ("stage", "ended")):
        chosen = [row for row in rows if value in (row["stage"], *row["flags"])]
        assert listed(filled, limit=1, **{name: value}, **question) == chosen
    assert {row["stage"] for row in rows} == {"customer", "client"}
    then = format_instant(START - 20 * DAY)
    flagged = listed(filled, flag="rising", as_of=then, as_known_at=38)
    assert flagged, "with as_known_at the past has flags too"


def test_all_pages_speak_of_one_position_and_instant(filled: Shop) -> None:
    answer = filled.get("/statuses", policy_version=1, limit=2)
    seen = answer.json()["items"]
    filled.append("pos:9", registration())
    filled.clock.pass_days(30)
    while "next" in answer.links:
        following = filled.client.get(answer.links["next"]["url"])
        assert following.headers["rapport-position"] == answer.headers["rapport-position"]
        answer = following
        seen += answer.json()["items"]
    filled.clock.pass_days(-30)
    assert seen == listed(
        filled, policy_version=1, as_known_at=int(answer.headers["rapport-position"])
    )


def test_a_cursor_belongs_to_its_question(filled: Shop) -> None:
    cursor = filled.get("/statuses", policy_version=1, limit=1).json()["next_cursor"]
    for other in ({}, {"policy_version": 2}, {"policy_version": 1, "as_known_at": 3}):
        problem = problem_of(
            filled.get("/statuses", cursor=cursor, **other), 422, "invalid-request"
        )
        assert problem["errors"][0]["code"] == "bad-cursor"


def test_a_page_folds_so_much_and_no_more(filled: Shop, server: Server) -> None:
    """Then it is short, or empty, and the next goes on."""
    whole = listed(filled, policy_version=1)
    set_limits(server, filled, ServiceLimits(folded_events=1))
    first = filled.get("/statuses", policy_version=1).json()
    assert len(first["items"]) == 1 < len(whole)
    assert listed(filled, policy_version=1) == whole
    assert listed(filled, policy_version=1, stage="ended") == []
    problem = problem_of(filled.get("/statuses/summary", policy_version=1), 422, "invalid-request")
    assert problem["errors"][0]["code"] == "takes-a-replay"
    assert "/replays" in problem["detail"]


SORTED: list[dict[str, object]] = [
    {"sort": "since", "as_known_at": 12},
    {"sort": "score", "policy_version": 1},
    {"sort": "score", "as_of": format_instant(START)},
    {"sort": "since", "flag": "quiet", "as_of": format_instant(START)},
]


@pytest.mark.parametrize("query", SORTED)
def test_sorting_a_large_ledger_leads_to_replays(
    filled: Shop, query: dict[str, object], server: Server
) -> None:
    set_limits(server, filled, ServiceLimits(folded_events=1))
    problem = problem_of(filled.get("/statuses", **query), 422, "invalid-request")
    assert problem["errors"][0]["pointer"] == "/sort"
    assert problem["errors"][0]["code"] == "takes-a-replay"
    assert "/replays" in problem["detail"]


@pytest.fixture
def lively(filled: Shop) -> Shop:
    """A shop where scores change and flags come and go while stages stay as they are."""
    filled.append("pos:3", {"type": "testimonial-given", "data": {}, "occurred_at": ago(10)})
    filled.append("pos:4", {"type": "testimonial-given", "data": {}, "occurred_at": ago(400)})
    return filled


def ago(days: int) -> str:
    return format_instant(START - days * DAY)


@pytest.mark.parametrize("days", [0, 5, 11, 20, 34, 36, 60, 390])
def test_a_past_list_says_what_a_replay_says(lively: Shop, days: int) -> None:
    """Scores and flags of that instant, not those with which the stage began."""
    head = int(lively.append("pos:9", registration()).headers["rapport-position"])
    _, rows = answered(lively, "/replays", {"as_of": ago(days), "as_known_at": head})
    expected = [{name: row[name] for name in NAMES} for row in rows]
    assert expected or days == 390
    for limit in (1, 2, 100):
        found = listed(lively, limit=limit, as_of=ago(days), min_position=head)
        assert [row["since"] for row in found] == sorted(row["since"] for row in found)[::-1]
        assert sorted(found, key=lambda row: row["contact_id"]) == expected
    for stage in {row["stage"] for row in expected}:
        found = listed(lively, as_of=ago(days), stage=stage)
        assert {row["contact_id"] for row in found} == {
            row["contact_id"] for row in expected if row["stage"] == stage
        }
    for flag in ("advocate", "rising", "quiet"):
        assert listed(lively, as_of=ago(days), flag=flag) == [
            row for row in expected if flag in row["flags"]
        ]


def test_a_past_page_folds_so_much_and_no_more(lively: Shop, server: Server) -> None:
    head = int(lively.append("pos:9", registration()).headers["rapport-position"])
    whole = listed(lively, as_of=ago(0), min_position=head)
    set_limits(server, lively, ServiceLimits(folded_events=1))
    first = lively.get("/statuses", as_of=ago(0)).json()
    assert len(first["items"]) == 1 < len(whole)
    assert listed(lively, as_of=ago(0)) == whole


def test_a_question_that_is_none_is_refused(shop: Shop) -> None:
    for path in ("/statuses", "/statuses/summary"):
        problem_of(shop.get(path, policy_version=9), 404, "policy-not-found")
        problem_of(shop.get(path, as_known_at=99), 422, "invalid-request")
        problem_of(shop.get(path, as_known_at=1, as_of="2100-01-01T00:00:00Z"), 422, "invalid-time")


def test_lists_look_a_day_ahead_as_a_status_does(filled: Shop) -> None:
    """To the same contacts as a replay, whether or not anything is going to change by then."""
    filled.append("pos:9", registration())
    filled.append("pos:9", {**purchase("soon"), "occurred_at": format_instant(START + DAY // 2)})
    for hours in (6, 18, 24):
        question = {"as_of": format_instant(START + hours * HOUR)}
        account, rows = answered(filled, "/replays", question)
        expected = [{name: row[name] for name in NAMES} for row in rows]
        for limit in (1, 100):
            assert listed(filled, limit=limit, **question) == expected
        assert filled.get("/statuses/summary", **question).json()["stages"] == account["stages"]
        stage = filled.get("/contacts/pos:9/status", **question).json()["stage"]
        assert stage == ("contact" if hours < 12 else "customer")


def test_nothing_is_said_of_what_lies_further_ahead_than_a_day(shop: Shop) -> None:
    """Not of a ledger in which nothing will change either."""
    shop.append("pos:1", registration())
    for path in ("/contacts/pos:1/status", "/statuses", "/statuses/summary"):
        answer = shop.get(path, as_of=format_instant(START + DAY + 1), min_position=2)
        assert problem_of(answer, 422, "invalid-time")["errors"][0]["pointer"] == "/as_of"


def test_a_clock_that_is_ahead_is_answered_by_a_large_ledger_too(
    shop: Shop, server: Server
) -> None:
    """By what is held, as long as nothing changes before; else it leads to replays."""
    set_limits(server, shop, ServiceLimits(folded_events=1))
    shop.append("pos:1", registration(), purchase("1", START - DAY))
    soon = {"as_of": format_instant(START + HOUR)}
    found = shop.get("/statuses/summary", **soon, min_position=3).json()
    assert found["stages"]["customer"] == 1
    shop.append("pos:1", purchase("2", START + HOUR // 2))
    answer = shop.get("/statuses/summary", **soon, min_position=4)
    problem = problem_of(answer, 422, "invalid-time")
    assert "replay" in problem["detail"]
    too_far = {"as_of": format_instant(START + DAY + 1)}
    problem_of(shop.get("/statuses/summary", **too_far), 422, "invalid-time")


@pytest.mark.parametrize("query", SORTED)
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_small_ledger_is_sorted_as_it_was_known(
    lively: Shop, query: dict[str, Any], limit: int
) -> None:
    """The same rows as unsorted, the greatest first, equal ones by their ids, page by page."""
    sort = query["sort"]
    head = int(lively.append("pos:9", registration()).headers["rapport-position"])
    query = {**query, "min_position": head}
    unsorted = {name: value for name, value in query.items() if name != "sort"}

    def place(row: Json) -> tuple[int, str]:
        value = row["score"] if sort == "score" else parse_instant(row["since"])
        return -value, row["contact_id"]

    found = listed(lively, limit=limit, **query)
    assert found == sorted(listed(lively, **unsorted), key=place)
    assert len(found) > 2 or "flag" in query
