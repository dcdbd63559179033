"""The hot paths ask SQLite no more often than the bounds allow, and no whole table is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from api.http.app import create_app
from tests.api.shop import Clock, built, listening
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.waiting import until
from tests.guards.bounds import SLOW_PLANS, STATEMENTS
from tests.guards.purchases import CONTACTS, append, make, purchase
from tests.guards.tracing import Trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.service.server import OpenLedger
    from tests.guards.tracing import Statement

_LEDGER = "/v1/ledgers/main"
_PAST = "as_of=2026-02-01T00:00:00Z"
_WAIT_SECONDS = 60.0

_FOLLOWERS = ("projections", "sealer", "search-index")
"""The threads that follow the log, whose statements nobody waits for."""

FIRST = (f"/contacts/{CONTACTS[1]}/status", "/contacts?name=customer&limit=1")
"""What is asked before: the first question reads the merges, and the first search the names."""

READS = {
    "status": f"/contacts/{CONTACTS[2]}/status",
    "status again": f"/contacts/{CONTACTS[2]}/status",
    "contact": f"/contacts/{CONTACTS[3]}",
    "card": f"/contacts/{CONTACTS[6]}/card",
    "scorecard": f"/contacts/{CONTACTS[5]}/scorecard",
    "scorecard of the ledger": "/scorecard",
    "events of a contact": f"/contacts/{CONTACTS[4]}/events?limit=20",
    "events of the log": "/events?limit=20",
    "statuses": "/statuses?limit=20",
    "statuses of a stage": "/statuses?limit=20&stage=customer&sort=since",
    "statuses with a flag": "/statuses?limit=20&flag=quiet",
    "statuses of a past day": f"/statuses?limit=20&{_PAST}",
    "summary": "/statuses/summary",
    "summary of a past day": f"/statuses/summary?{_PAST}",
    "standings": "/standings?limit=20",
    "restatements": "/restatements?limit=20",
    "search by name": "/contacts?name=customer&limit=20",
    "search by words": "/contacts?q=customer&limit=20",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Statement]]]:
    """The statements of each path, on a ledger of fifty contacts whose projections are filled."""
    folder, trace, clock = tmp_path_factory.mktemp("traced") / "data", Trace(), Clock()
    make(folder)
    found: dict[str, list[Statement]] = {}
    with pytest.MonkeyPatch.context() as patch:
        trace.install(patch)
        with (
            built(folder, clock) as server,
            listening(create_app(server)) as address,
            httpx.Client(base_url=address, timeout=END_SECONDS) as client,
        ):
            served = server.ledger("main")
            until(lambda: served.finder.state().done == served.ledger.head())
            settle(served)
            trace.take()
            for name in ("append to a contact", "append to a contact again"):
                body = purchase(CONTACTS[0], 100 + len(found))
                path, headers = (
                    f"/contacts/{CONTACTS[0]}/events",
                    {"content-type": "application/json"},
                )
                assert client.post(_LEDGER + path, content=body, headers=headers).status_code == 201
                found[name] = by_path(trace.take())
            for name in ("50 lines to as many contacts", "50 lines to the same contacts"):
                append(served.ledger, [(one, purchase(one, 100 + len(found))) for one in CONTACTS])
                found[name] = by_path(trace.take())
            settle(served)
            for path in FIRST:
                assert client.get(_LEDGER + path).status_code == 200
            for name, path in READS.items():
                trace.take()
                assert client.get(_LEDGER + path).status_code == 200
                found[name] = by_path(trace.take())
            # A plan is asked for while the files are there, and none of the paths is under way.
            yield found


def settle(served: OpenLedger) -> None:
    """Wait until the projections are at the head of the log."""
    for state in served.projections.states():
        served.projections.wait_for(served.ledger.head(), _WAIT_SECONDS, state.name)


def by_path(statements: list[Statement]) -> list[Statement]:
    """Those of a path: access keys are looked at by the clock and not by the request."""
    return [one for one in statements if one.path.name != "access.sqlite"]


def awaited(statements: list[Statement]) -> list[Statement]:
    """Those that somebody waits for."""
    return [one for one in statements if one.thread not in _FOLLOWERS]


def is_slow(statement: Statement) -> bool:
    """Whether a whole table is read or sorted; in the order of an index a page of it may be."""
    if not re.match(r"SELECT|UPDATE|DELETE|WITH", statement.sql):
        return False
    plan = " ".join(statement.plan())
    is_page = re.search(r"LIMIT [0-9]+$", statement.sql) is not None
    return "TEMP B-TREE" in plan or ("SCAN" in plan and not is_page)


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_path_takes_no_more_statements_than_its_bound(
    name: str, ran: dict[str, list[Statement]]
) -> None:
    statements = awaited(ran[name])
    assert len(statements) <= STATEMENTS[name], [one.sql[:120] for one in statements]


def test_every_path_has_a_bound(ran: dict[str, list[Statement]]) -> None:
    assert list(ran) == list(STATEMENTS)


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_whole_table_is_read_or_sorted_but_where_it_is_known(
    name: str, ran: dict[str, list[Statement]]
) -> None:
    """Followers are looked at too; what became fast is to be taken from the list."""
    slow = [one.sql[:200] for one in ran[name] if is_slow(one)]
    assert bool(slow) == (name in SLOW_PLANS), slow
