"""A date is accepted where a query asks for an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.instants import parse_instant
from tests.api.asking import ended
from tests.api.shop import problem_of, purchase, registration

if TYPE_CHECKING:
    from tests.api.shop import Shop


def test_a_date_is_the_start_of_that_day_in_the_ledger(shop: Shop) -> None:
    """The shop of these tests is in Amsterdam, an hour before UTC in winter."""
    shop.append("pos:1", registration(), purchase("s1", parse_instant("2026-02-27T12:00:00Z")))
    for path in ("/contacts/pos:1/status", "/contacts/pos:1/standing", "/statuses/summary"):
        by_date = shop.get(path, as_of="2026-02-28").json()
        assert by_date["as_of"] == "2026-02-27T23:00:00Z"
        assert by_date == shop.get(path, as_of="2026-02-28T00:00:00+01:00").json()
    known = shop.get("/contacts/pos:1/status/history", as_known_at="2026-03-02")
    problem_of(known, 422, "invalid-time")  # lies ahead: the clock stands at noon of the day before
    shop.clock.pass_days(2)
    assert shop.get("/contacts/pos:1/status/history", as_known_at="2026-03-02").json()["intervals"]


def test_a_date_in_a_body_is_the_start_of_that_day_too(shop: Shop) -> None:
    shop.append("pos:1", registration(), purchase("s1", parse_instant("2026-02-27T12:00:00Z")))
    shop.clock.pass_days(2)
    done = ended(shop, shop.post("/replays", {"as_of": "2026-02-28", "as_known_at": "2026-03-02"}))
    assert done["result"]["as_of"] == "2026-02-27T23:00:00Z"
    assert done["result"]["as_known_at"]["position"] == 3
    window = {"preset": "cafe", "from": "2026-02-01", "to": "2026-02-28"}
    tried = ended(shop, shop.post("/policies/preview", {**window, "effective_from": "2026-02-02"}))
    found = {name: tried["result"][name] for name in ("from", "to", "effective_from")}
    assert found == {
        "from": "2026-01-31T23:00:00Z",
        "to": "2026-02-27T23:00:00Z",
        "effective_from": "2026-02-01T23:00:00Z",
    }
    published = shop.post("/policies", {"preset": "cafe", "effective_from": "2026-02-02"}).json()
    assert published["effective_from"] == "2026-02-01T23:00:00Z"


@pytest.mark.parametrize("junk", ["2026-2-28", "20260228", "2026-02-28T10:00:00", "yesterday", ""])
def test_what_is_neither_a_date_nor_an_instant_is_refused(shop: Shop, junk: str) -> None:
    shop.append("pos:1", registration())
    refused = problem_of(shop.get("/contacts/pos:1/standing", as_of=junk), 422, "invalid-time")
    assert refused["errors"] == [
        {
            "pointer": "/as_of",
            "code": "invalid-time",
            "detail": "must be an instant with an offset, such as 2026-03-01T09:30:00Z, or a date "
            "such as 2026-03-01",
        }
    ]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("2026-02-30", "the day 30 does not exist: 2026-02 has 28 days"),
        ("2024-02-30T10:00:00Z", "the day 30 does not exist: 2024-02 has 29 days"),
        ("2026-13-01", "the month 13 does not exist: months are from 01 to 12"),
        ("0000-01-01", "the year 0000 does not exist: years are from 0001 to 9999"),
        ("2026-02-28T24:00:00Z", "the hour 24 does not exist: hours are from 00 to 23"),
        ("2026-02-28T23:59:60Z", "the second 60 does not exist: seconds are from 00 to 59"),
    ],
)
@pytest.mark.parametrize("parameter", ["as_of", "as_known_at"])
def test_a_day_or_time_that_does_not_exist_is_named(
    shop: Shop, parameter: str, wrong: str, why: str
) -> None:
    refused = shop.get("/statuses/summary", **{parameter: wrong})
    assert problem_of(refused, 422, "invalid-time")["detail"] == f"/{parameter}: {why}"
