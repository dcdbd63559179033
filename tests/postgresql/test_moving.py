"""``rapport move``: ledgers go from one store to the other, whole, and whenever it is cut off."""

from __future__ import annotations

import os
import signal
from contextlib import closing, suppress
from dataclasses import replace
from functools import wraps
from multiprocessing import get_context
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

from api.bootstrap import move_ends, store_of
from api.cli.acts import order_act
from api.service.settings import Settings
from domain.instants import DAY
from ledger.data_layout import LOCK_FILE, FolderUnusable
from ledger.files import FolderInUse, FolderLock
from ledger.folder import DataFolder
from ledger.moving import moves
from ledger.moving.ledger_copy import CopyDiffers, LedgerCopy
from ledger.moving.moves import MoveObserver, move_ledgers
from ledger.moving.state import read_move
from ledger.stores.postgresql import moving as in_database
from ledger.stores.postgresql.places import Place
from ledger.stores.sqlite import moving as in_files
from ledger.stores.sqlite.file_names import MACHINE_FOLDERS
from ledger.stores.webhooks import DEAD, DELIVERED
from tests.api.asking import ended
from tests.api.shop import START, purchase, registration
from tests.cli.running import rapport, serving
from tests.contracts.webhooks import SHOP, delivery
from tests.fixtures.clock import Clock
from tests.fixtures.patience import END_SECONDS
from tests.postgresql.serving import ANNA, answers, live, shop_at
from tests.postgresql.test_writer import tell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.moving.moves import MoveResult

PROJECTIONS = ("agenda", "restatements", "standing", "status")


def moved(folder: Path, url: str, *, back: bool = False, ready: Any = None) -> MoveResult:
    """Move the folder's ledgers into that database, or back from it."""
    source, target = move_ends(Settings(folder=folder, database_url=url), None if back else url)
    observer = MoveObserver() if ready is None else MoveObserver(ready=ready)
    return move_ledgers(
        folder, source, target, clock=Clock(), finishes_rotation=True, observer=observer
    )


def everything(folder: Path, url: str | None) -> dict[str, Any]:
    """What is answered about the shop, the digests, the signed log and the trails."""
    with shop_at(folder, url, START + 90 * DAY) as shop:
        found: dict[str, Any] = answers(shop)
        for name in PROJECTIONS:
            found[name] = shop.get(f"/projections/{name}/digest").json()
        found["checkpoint"] = shop.get("/log/checkpoint").text
        found["valuations"] = shop.get("/valuations").json()
        found["ledgers"] = shop.client.get("/v1/ledgers").json()
        found["trail"] = shop.get("/trail").json()
        found["server"] = shop.client.get("/v1/trail").json()["items"]
    return found


@pytest.fixture
def lived(tmp_path: Path) -> Path:
    """A data folder in whose files are two ledgers."""
    folder = tmp_path / "data"
    with shop_at(folder, None) as shop:
        live(shop)
        ended(shop, shop.post("/valuations", {}))
    with order_act(folder, "shop", "ledger-looked-at", "shop"):
        return folder


def test_every_answer_is_the_same_there_and_back(lived: Path, url: str) -> None:
    """Also the second time, into the database from which the ledgers came back."""
    before = everything(lived, None)
    for back in (False, True) * 2:
        told = moved(lived, url, back=back)
        assert told.ledgers == {"main": 1, "shop": 10}
        after = everything(lived, None if back else url)
        acts = after["server"][len(before["server"]) :]
        assert [(one["act"], one["outcome"]) for one in acts] == [
            ("ledgers-moved", "ordered"),
            ("ledgers-moved", "done"),
        ]
        assert {**after, "server": before["server"]} == before
        before = after


def test_webhooks_go_along_with_what_waits(lived: Path, url: str) -> None:
    """There and back, and over what an earlier try has left."""
    with closing(store_of(Settings(folder=lived))(lived).ledger("shop").open_webhooks()) as store:
        store.add(SHOP)
        store.take_in(SHOP, [delivery(one) for one in (4, 5, 6)], 6, 7)
        first, second, _ = store.waiting(SHOP.id, 10, 10)
        done = replace(first, state=DELIVERED, attempts=2, status=204, at=9)
        store.keep_outcomes(SHOP.id, [done, replace(second, state=DEAD, problem="timeout")])
        known, sent = store.all(), store.history(SHOP.id, 0, 10)
    for back in (False, True):
        moved(lived, url, back=back)
        settings = Settings(folder=lived, database_url=None if back else url)
        with closing(store_of(settings)(lived).ledger("shop").open_webhooks()) as store:
            assert store.all() == known
            found = store.history(SHOP.id, 0, 10)
        assert [replace(one, number=0) for one in found] == [replace(one, number=0) for one in sent]


def test_only_the_store_that_has_the_ledgers_is_served(lived: Path, url: str) -> None:
    moved(lived, url)
    with pytest.raises(FolderUnusable, match="are in a database"):
        opened(lived, None)
    with pytest.raises(FolderUnusable, match="already"):
        moved(lived, url)
    moved(lived, url, back=True)
    with pytest.raises(FolderUnusable, match="keeps ledgers in files"):
        opened(lived, url)
    with pytest.raises(FolderUnusable, match="not in this database"):
        moved(lived, url, back=True)


def test_a_database_with_ledgers_takes_no_others(lived: Path, url: str, tmp_path: Path) -> None:
    opened(tmp_path / "other", url)
    with pytest.raises(FolderUnusable, match="belongs to a data folder"):
        moved(lived, url)
    opened(lived, None)


def test_keys_and_what_one_machine_has_stay_in_the_folder(lived: Path, url: str) -> None:
    for name in MACHINE_FOLDERS:
        (lived / "ledgers" / "shop" / name).mkdir(exist_ok=True)
    told = moved(lived, url)
    kept = {file.name for ledger in (lived / "ledgers").iterdir() for file in ledger.iterdir()}
    assert kept - {"keys.sqlite-wal", "keys.sqlite-shm"} == {"keys.sqlite", *MACHINE_FOLDERS}
    aside = lived / "moved" / str(told.move) / "ledgers" / "shop"
    assert {"events.sqlite", "log.sqlite", "ledger.json"} <= {one.name for one in aside.iterdir()}
    assert not list((lived / "moved").rglob("keys*"))


def opened(folder: Path, url: str | None) -> None:
    """Open the folder as a server does, and close it."""
    settings = Settings(folder=folder, database_url=url)
    DataFolder.open(folder, store_of(settings), clock=Clock()).close()


STEPS: tuple[tuple[Any, str], ...] = (
    (LedgerCopy, "_copy_events"),
    (LedgerCopy, "_copy_log"),
    (LedgerCopy, "_copy_trail"),
    (moves, "copy_server"),
    (moves, "write_move"),
    (moves, "forget_move"),
    (in_files, "_rename"),
    (in_files, "write_whole"),
    (in_database, "_rename"),
    (in_database, "write_whole"),
    (in_database, "copy_events"),
    (in_files.FilesEnd, "complete"),
)


def killed_once_before_each_step(seen: Path, run: Callable[[], object]) -> None:
    """Run it in this process, which kills itself before the first step that is not yet ``seen``."""

    def watched(step: Callable[..., object], name: str) -> Callable[..., object]:
        @wraps(step)
        def stepping(*values: Any, **named: Any) -> object:
            which = seen / f"{name} {getattr(values[-1], 'name', '')}"
            if not which.exists():
                which.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*values, **named)

        return stepping

    for place, name in STEPS:
        if hasattr(place, name):
            setattr(place, name, watched(getattr(place, name), name))
    run()


@pytest.mark.parametrize("back", [False, True], ids=["to-a-database", "to-files"])
def test_a_move_continues_wherever_it_was_killed(lived: Path, url: str, *, back: bool) -> None:
    if back:
        moved(lived, url)
    before = everything(lived, url if back else None)
    seen = lived.parent / "seen"
    seen.mkdir()
    while True:
        child = get_context("fork").Process(
            target=killed_once_before_each_step,
            args=(seen, lambda: moved(lived, url, back=back)),
        )
        child.start()
        child.join(END_SECONDS)
        assert child.exitcode in (0, -signal.SIGKILL)
        if child.exitcode == 0:
            break
        state = read_move(lived)
        if state is not None and state.switching:
            for served in (None, url):
                with pytest.raises(FolderUnusable, match="on their way"):
                    opened(lived, served)
    assert len(list(seen.iterdir())) > 12
    after = everything(lived, None if back else url)
    for what in before.keys() - {"server"}:
        assert after[what] == before[what], what


def test_a_copy_that_is_not_exact_is_thrown_away(lived: Path, url: str) -> None:
    def leave(_: FolderInUse) -> None:
        raise KeyboardInterrupt

    lock = FolderLock(lived / LOCK_FILE)
    with pytest.raises(KeyboardInterrupt):
        moved(lived, url, ready=leave)
    lock.release()
    copy = f'"{in_database.COPY}shop".events'
    tell(Place(url, "", ""), f"UPDATE {copy} SET topic = 'purchase-made' WHERE position = 2")
    with pytest.raises(CopyDiffers, match="shop"):
        moved(lived, url)
    assert moved(lived, url).ledgers["shop"] == 10


def test_what_a_server_records_meanwhile_is_moved(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command stops the server itself, once all that there was is copied."""
    data, path = tmp_path / "data", f"/v1/ledgers/main/contacts/{ANNA}/events"
    acknowledged: list[str] = []
    begun = Event()

    def record(address: str) -> None:
        with suppress(httpx.TransportError):
            while True:
                sale = purchase("sale", id=str(uuid4()))
                answer = httpx.post(address + path, json=sale, timeout=END_SECONDS)
                if answer.status_code != 201:
                    return
                acknowledged.append(sale["id"])
                begun.set()

    with serving("serve", "--port", 0, "--data", data) as server:
        first = httpx.post(server.url + path, json=registration("Anna"), timeout=END_SECONDS)
        assert first.status_code == 201
        recording = Thread(target=record, args=(server.url,))
        recording.start()
        assert begun.wait(END_SECONDS)
        ended = rapport("move", "--to", url, "--stop", "--data", data, "--json")
        recording.join(END_SECONDS)
        assert ended.code == 0, ended.err
    assert acknowledged
    assert ended.json()["ledgers"] == [{"ledger": "main", "events": 2 + len(acknowledged)}]
    monkeypatch.setenv("RAPPORT_DATABASE_URL", url)
    with serving("serve", "--port", 0, "--data", data) as server:
        asked = {"limit": 1000, "after_position": 2}
        log = httpx.get(f"{server.url}/v1/ledgers/main/events", params=asked, timeout=END_SECONDS)
        assert [one["id"] for one in log.json()["items"]] == acknowledged[:1000]
    assert rapport("verify", data).code == 0


def test_a_folder_that_has_no_keys_is_no_place_to_come_back_to(
    lived: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved(lived, url)
    monkeypatch.setenv("RAPPORT_DATABASE_URL", url)
    refused = rapport("move", "--data", lived, "--to", lived.parent / "elsewhere")
    assert (refused.code, "stay there" in refused.err) == (2, True)
    done = rapport("move", "--data", lived, "--to", lived)
    assert (done.code, "exact to the root" in done.out) == (0, True), done.err
