"""``rapport rewards``, ``book`` and ``watch``, as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from api.bootstrap import now
from api.http.openapi.valuation_examples import VALUATION
from api.service.valuing.kept import KeptValuations
from domain.instants import DAY
from ledger.drafts import Append, Draft
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.cli.running import rapport
from tests.cli.sold import LAST_AT, sold
from tests.domain.scenario import fact

if TYPE_CHECKING:
    from pathlib import Path

WHEN = ("--as-of", "2026-03-02")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was sold, and contact 2 sent contact 5 before that one bought."""
    folder = sold(tmp_path_factory.mktemp("money") / "data")
    kept = DataFolder.open(folder, SqliteStore, clock=now)
    try:
        sent = fact(
            "referral-made", referral_id="r", direction="inbound", other=str(UUID(int=5)), level=5
        )
        draft = Draft(
            contact_id=UUID(int=2),
            type="referral-made",
            id=UUID(int=77),
            occurred_at=LAST_AT - 90 * DAY,
            event=sent,
        )
        kept.ledger("main").append(Append(drafts=(draft,))).result()
    finally:
        kept.close()
    return folder


def test_rewards_are_read_with_names_and_totals(data: Path) -> None:
    ended = rapport("rewards", "--data", data, *WHEN)
    assert ended.code == 0, ended.err
    heading, row, *rest = ended.out.splitlines()
    assert heading.split()[:3] == ["referrer", "sent", "state"]
    assert "held" in row
    assert "EUR" in row
    assert any(line.split()[:2] == ["EUR", "held"] for line in rest)
    none = rapport("rewards", "--data", data, *WHEN, "--state", "overpaid")
    assert (none.code, none.out) == (0, "There are no such rewards.\n")
    assert rapport("rewards", "--data", data, "--state", "owed").code == 2


def test_the_book_is_read_by_month_and_by_contact(data: Path) -> None:
    by_month = rapport("book", "--data", data, *WHEN)
    assert by_month.code == 0, by_month.err
    lines = by_month.out.splitlines()
    assert lines[0].split()[:4] == ["month", "gross", "refunds", "net"]
    assert [line.split()[0] for line in lines if line.startswith("202")][-1] == "2026-03"
    assert any(line.startswith("EUR: ") and "share of the top ten" in line for line in lines)
    assert lines[-1].startswith("as of 2026-03-02T00:00:00Z, as known at position ")
    found = rapport("book", "--data", data, *WHEN, "--by", "contact", "--json").json()
    assert len(found["rows"]) == 12
    nothing = rapport("book", "--data", data, *WHEN, "--to", "2020-01")
    assert nothing.out.startswith("Nobody bought anything then.\n")
    assert rapport("book", "--data", data, "--from", "2026-13").code == 2


def test_a_watch_list_says_what_to_do(data: Path) -> None:
    ended = rapport("watch", "under-served", "--data", data, *WHEN)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1] == "Turn to them: a call, advice or a gesture."
    lost = rapport("watch", "lost", "--data", data, *WHEN)
    assert lost.out == "Nobody stands on this list.\n"
    assert rapport("watch", "nothing", "--data", data).code == 2


def test_values_are_fitted_listed_and_shown(data: Path) -> None:
    """Five contacts are too few, and the commands say so instead of a number."""
    nothing = rapport("value", "show", "--data", data)
    assert (nothing.code, "rapport value fit" in nothing.out) == (0, True)
    fitted = rapport("value", "fit", "--data", data, *WHEN)
    assert fitted.code == 0, fitted.err
    assert "no values: fewer than 200 contacts bought on a second day" in fitted.out
    made = rapport("value", "fit", "--data", data, *WHEN, "--json").json()
    listed = rapport("value", "show", "--data", data, "--json").json()["items"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert made["id"] in rapport("value", "show", "--data", data).out
    shown = rapport("value", "show", str(UUID(int=2)), "--data", data, *WHEN)
    assert (shown.code, "No value: fewer than 200" in shown.out) == (0, True)
    assert rapport("value", "show", str(UUID(int=99)), "--data", data, *WHEN).code == 2


def test_a_value_is_told_with_its_valuation(data: Path) -> None:
    kept = DataFolder.open(data, SqliteStore, clock=now)
    try:
        fitted = VALUATION.model_copy(update={"currency": "EUR", "position": 1})
        KeptValuations(kept.ledger("main")).put([fitted])
    finally:
        kept.close()
    asked = (str(UUID(int=5)), "--data", data, "--as-of", "2026-02-28")
    value = rapport("value", "show", *asked, "--json").json()
    assert (value["abstained"], value["reason"]) == (False, None)
    told = rapport("value", "show", *asked).out
    assert f"{value['active_percent']} % that they still come" in told
    assert f"{value['net_minor'] / 100:,.2f} EUR to expect" in told
    assert told.rstrip().endswith(value["valuation"])
