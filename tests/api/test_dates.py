"""A date is accepted where a query asks for an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.instants import parse_instant
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


@pytest.mark.parametrize("junk", ["2026-02-30", "2026-2-28", "20260228", "yesterday"])
def test_what_is_neither_a_date_nor_an_instant_is_refused(shop: Shop, junk: str) -> None:
    shop.append("pos:1", registration())
    refused = problem_of(shop.get("/contacts/pos:1/standing", as_of=junk), 422, "invalid-time")
    assert refused["errors"] == [
        {
            "pointer": "/as_of",
            "code": "invalid-time",
            "detail": "not an RFC 3339 date-time with an offset, such as 2026-03-01T09:30:00Z",
        }
    ]
