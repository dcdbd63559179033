"""Whether the server is ready: what stopped is named, and stops nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from api.http.app import create_app
from domain.errors import Corrupt
from tests.api.shop import Clock, Shop, built, listening, problem_of
from tests.fixtures.faults import failing
from tests.fixtures.patience import END_SECONDS
from tests.ledger.inside import committer_of, signer_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.service.server import Server

pytestmark = pytest.mark.files_only(
    "it damages the file of a ledger, and the server looks at that file again"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with the ledgers main and broken, of which the second is damaged."""
    with built(tmp_path / "data", Clock()) as server:
        server.create("broken")
    events(tmp_path / "data").rename(tmp_path / "whole.sqlite")
    events(tmp_path / "data").write_bytes(b"not a database at all" * 500)
    return tmp_path / "data"


def events(folder: Path) -> Path:
    return folder / "ledgers" / "broken" / "events.sqlite"


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with built(folder, Clock()) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with (
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, timeout=END_SECONDS) as client,
    ):
        yield client


def stopped(client: httpx.Client) -> dict[str, int]:
    """What a server that serves all the same says has stopped."""
    answer = client.get("/readyz")
    assert answer.status_code == 200
    body = answer.json()
    counts: dict[str, int] = body["stopped"]
    assert body == {
        "status": "degraded" if counts else "ok",
        "stopped": counts,
        "clock_behind_seconds": 0,
        "recording": True,
    }
    return counts


def test_a_ledger_that_cannot_be_opened_is_reported_and_others_are_served(
    client: httpx.Client, folder: Path
) -> None:
    assert stopped(client) == {"ledger": 1}
    assert "broken" not in client.get("/readyz").text, "anybody may ask"
    assert Shop(client, "main", Clock()).register("pos:1").status_code == 201
    told = problem_of(client.get("/v1/ledgers/broken/events"), 503, "unavailable")
    assert str(folder) not in str(told)
    names = [one["name"] for one in client.get("/v1/ledgers").json()["items"]]
    assert names == ["broken", "main"]
    assert 'rapport_ledger_readable{ledger="broken"} 0.0' in client.get("/metrics").text


def test_why_it_cannot_be_opened_is_for_the_log(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with built(folder, Clock()):
        assert "ledger broken is not served" in caplog.text
        assert "broken/events.sqlite is damaged" in caplog.text


def test_a_damaged_ledger_is_looked_through_once_and_not_by_every_request(
    client: httpx.Client, server: Server
) -> None:
    """That takes long where a ledger is large, and the others must not wait for it."""

    with failing(server.folder, "ledger", AssertionError("it was looked through again")):
        for _ in range(2):
            problem_of(client.get("/v1/ledgers/broken/events"), 503, "unavailable")
        assert stopped(client) == {"ledger": 1}


def test_a_ledger_that_was_mended_is_served_when_it_is_asked_for(
    client: httpx.Client, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "whole.sqlite").replace(events(folder))
    assert client.get("/v1/ledgers/broken/events").status_code == 200
    assert stopped(client) == {}
    assert 'rapport_ledger_readable{ledger="broken"} 1.0' in client.get("/metrics").text


def test_a_damaged_ledger_that_was_deleted_is_not_missed(client: httpx.Client) -> None:
    token = problem_of(client.delete("/v1/ledgers/broken"), 409, "confirmation-needed")["token"]
    assert client.delete("/v1/ledgers/broken", params={"confirm": token}).status_code == 200
    assert stopped(client) == {}


def test_where_no_ledger_can_be_opened_there_is_nothing_to_serve(folder: Path) -> None:
    main = folder / "ledgers" / "main" / "events.sqlite"
    main.write_bytes(events(folder).read_bytes())
    with pytest.raises(Corrupt, match=r"broken/events\.sqlite"), built(folder, Clock()):
        pytest.fail("it was served")


def test_each_part_that_stopped_is_told_of_and_not_why(
    client: httpx.Client, server: Server
) -> None:
    ledger = server.ledger("main").ledger
    signer_of(ledger).stop("position 8 is another")
    assert stopped(client) == {"ledger": 1, "sealer": 1}
    committer_of(ledger).refuse(Corrupt("position 7 is damaged"))
    assert 'rapport_append_stopped{ledger="main"} 1.0' in client.get("/metrics").text
    told = problem_of(client.get("/readyz"), 503, "unavailable")
    assert told["detail"] == "no ledger can be read and written; the log says why"
    assert told["stopped"] == {"committer": 1, "ledger": 1, "sealer": 1}
    assert (told["clock_behind_seconds"], told["recording"]) == (0, True)


def test_an_archived_ledger_has_not_stopped(client: httpx.Client) -> None:
    assert client.post("/v1/ledgers/main/archive", json={}).status_code == 200
    assert stopped(client) == {"ledger": 1}
