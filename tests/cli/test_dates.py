"""A date is accepted where an instant is: the start of that day in the ledger's time zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cli.running import rapport, serving
from tests.domain.scenario import EXAMPLES
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

ANN = "00000000-0000-0000-0000-000000000001"
DAY, STARTS_AT = "2026-03-02", "2026-03-01T11:00:00Z"
"""A day in Auckland, and its first instant."""


def answers(source: tuple[object, ...], target: object) -> dict[str, str]:
    """What each command takes the day for."""
    found = {
        "summary": rapport("summary", "--as-of", DAY, "--json", *source).json()["as_of"],
        "calibration": rapport("calibration", "--from", DAY, "--json", *source).json()["from"],
        "status": rapport("status", ANN, "--as-of", DAY, "--json", *source).json()["as_of"],
        "replay": rapport("replay", "--as-of", DAY, "--json", *source).json()["as_of"],
        "receipt": rapport("receipt", target, ANN, "--as-of", DAY, "--ledger", "shop").json()[
            "answer"
        ]["as_of"],
    }
    words = ("policy", "preview", "--preset", "cafe", "--to", DAY, "--from", DAY)
    preview = rapport(*words, "--effective-from", DAY, "--json", *source).json()
    found |= {f"preview {name}": preview[name] for name in ("from", "to", "effective_from")}
    published = rapport("policy", "init", "cafe", "--effective-from", DAY, "--json", *source)
    return {**found, "publish": published.json()["effective_from"]}


def test_the_day_begins_where_the_ledger_is(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    made = rapport("ledgers", "create", "shop", "--time-zone", "Pacific/Auckland", "--data", folder)
    assert made.code == 0, made.err
    source = ("--data", folder, "--ledger", "shop")
    registered = {
        "type": "contact-registered",
        "data": EXAMPLES["contact-registered"],
        "occurred_at": "2026-01-01T12:00:00Z",
    }
    with serving("serve", "--data", folder, "--port", 0) as server:
        url = f"{server.url}/v1/ledgers/shop"
        appended = httpx.post(
            f"{url}/contacts/{ANN}/events", json=[registered], timeout=END_SECONDS
        )
        assert appended.status_code == 201
        served = answers(source, url)
    assert set(served.values()) == {STARTS_AT}
    assert answers(source, folder) == served


def test_what_was_known_before_a_day_began(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert rapport("ledgers", "create", "shop", "--data", folder).code == 0
    ended = rapport("replay", "--as-known-at", DAY, "--json", "--data", folder, "--ledger", "shop")
    assert ended.json()["as_known_at"] == {"position": 0, "recorded_at": None}


def test_a_day_of_a_key_is_one_of_utc(tmp_path: Path) -> None:
    words = ("keys", "create", "till", "--scope", "read", "--expires", "2099-01-01", "--json")
    made = rapport(*words, "--data", tmp_path / "data").json()
    assert made["expires_at"] == "2099-01-01T00:00:00Z"


@pytest.mark.parametrize("value", ["2026-02-30", "2026-3-1", "2026-03-01T10:00", "x"])
@pytest.mark.parametrize("option", ["--as-of", "--as-known-at"])
def test_what_is_no_date_is_refused(option: str, value: str) -> None:
    ended = rapport("replay", option, value)
    assert ended.code == 2
    assert f"'{value}': " in ended.err
    assert ("2026-02 has 28 days" if value == "2026-02-30" else "or a date such as") in ended.err
