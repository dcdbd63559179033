"""Commands ask the server that holds a data folder, and answer as from the folder itself."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import threading
from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
import pytest

from api.bootstrap import now
from api.cli.asking.documents import Documents
from ledger.data_layout import LOCK_FILE
from ledger.files import FolderLock
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.cli.running import Ended, rapport, serving
from tests.cli.sold import sold
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.running import Serving

TWELVE = UUID(int=12)
"""Bought twelve times, a week apart."""
THEN = ("--as-of", "2026-03-02", "--as-known-at", 92)

QUESTIONS: dict[str, tuple[object, ...]] = {
    "status": ("status", TWELVE, *THEN),
    "status --json": ("status", TWELVE, *THEN, "--json"),
    "status of nobody": ("status", "pos:17850", *THEN),
    "status of no id": ("status", "somebody"),
    "status under no version": ("status", TWELVE, "--policy-version", 9),
    "status too far ahead": ("status", TWELVE, "--as-of", "2099-01-01"),
    "status by what is not recorded": ("status", TWELVE, "--as-known-at", 999_999),
    "replay": ("replay", *THEN),
    "replay --json": ("replay", *THEN, "--json"),
    "replay by an instant": ("replay", "--as-of", "2026-03-02", "--as-known-at", "2026-03-01"),
    "replay --step": ("replay", "--step", TWELVE, *THEN),
    "replay --step --json": ("replay", "--step", TWELVE, *THEN, "--json"),
    "replay --step under a version": ("replay", "--step", TWELVE, *THEN, "--policy-version", 1),
    "replay --step of nobody": ("replay", "--step", UUID(int=99), *THEN),
    "preview": ("policy", "preview", "--preset", "cafe", "--to", "2026-03-02"),
    "preview --json": ("policy", "preview", "--preset", "cafe", "--to", "2026-03-02", "--json"),
    "preview backwards": ("policy", "preview", "--preset", "cafe", "--from", "2026-03-03",
                          "--to", "2026-03-02"),
    "policy fit": ("policy", "fit", "--preset", "cafe", "--as-of", "2026-03-02"),
    "policy fit --json": ("policy", "fit", "--preset", "cafe", "--as-of", "2026-03-02", "--json"),
    "policy list": ("policy", "list"),
    "policy list --json": ("policy", "list", "--json"),
    "policy show": ("policy", "show", 1),
    "policy show nothing": ("policy", "show", 9),
    "policy diff": ("policy", "diff", 1, 2),
    "agenda": ("agenda", "--on", "2026-03-02", "--muted"),
    "agenda --json": ("agenda", "--on", "2026-03-02", "--contact", TWELVE, "--json"),
    "agenda of no day": ("agenda", "--on", "2026-02-30"),
    "thanks": ("thanks", *THEN),
    "thanks --json": ("thanks", "--from", "2026-01", "--to", "2026-02", *THEN, "--json"),
    "rewards": ("rewards", *THEN),
    "rewards --json": ("rewards", "--state", "due", "--contact", TWELVE, *THEN, "--json"),
    "book": ("book", "--by", "contact", *THEN),
    "book --json": ("book", "--from", "2026-02", "--to", "2026-02", *THEN, "--json"),
    "book backwards": ("book", "--from", "2026-03", "--to", "2026-02"),
    "watch": ("watch", "under-served", *THEN),
    "watch --json": ("watch", "never-asked", *THEN, "--json"),
    "summary": ("summary", "--as-of", "2026-03-02"),
    "summary --json": ("summary", "--as-of", "2026-03-02", "--json"),
    "calibration": ("calibration", "--as-of", "2026-03-02", "--to", "2026-03-01"),
    "calibration --json": ("calibration", "--as-of", "2026-03-02", "--policy-version", 1, "--json"),
    "calibration backwards": ("calibration", "--from", "2026-03-02", "--to", "2026-03-01"),
    "card": ("card", TWELVE, *THEN),
    "card --json": ("card", TWELVE, *THEN, "--json"),
    "card of nobody": ("card", "pos:17850", *THEN),
    "scorecard": ("scorecard", "--as-of", "2026-03-02"),
    "scorecard --json": ("scorecard", TWELVE, *THEN, "--json"),
    "scorecard of one": ("scorecard", TWELVE, *THEN),
    "scorecard of nobody": ("scorecard", "pos:17850", *THEN),
    "rebuild": ("rebuild", "--all"),
    "rebuild --json": ("rebuild", "status", "--json"),
    "rebuild nothing": ("rebuild", "nothing"),
    "no ledger": ("summary", "--ledger", "nope"),
}  # fmt: skip  # a command reads better on one line

TIMES = re.compile(r"[0-9.]+ s, [0-9,]+/s|\"(?:seconds|events_per_second)\": [0-9.]+")


def comparable(ended: Ended) -> tuple[int, str, str]:
    return ended.code, TIMES.sub("", ended.out), ended.err


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = sold(tmp_path_factory.mktemp("asking") / "data")
    assert rapport("rebuild", "--all", "--data", folder).code == 0  # so that both compare with one
    return folder


@pytest.fixture(scope="module")
def from_folder(data: Path) -> dict[str, Ended]:
    return {name: rapport(*words, "--data", data) for name, words in QUESTIONS.items()}


@pytest.fixture(scope="module")
def server(data: Path, from_folder: dict[str, Ended]) -> Iterator[Serving]:
    assert from_folder, "the folder is asked before a server holds it"
    with serving("serve", "--data", data, "--port", 0) as found:
        yield found


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_server_and_its_folder_answer_the_same(
    data: Path, from_folder: dict[str, Ended], server: Serving, name: str
) -> None:
    assert server.process.poll() is None
    found = rapport(*QUESTIONS[name], "--data", data)
    assert comparable(found) == comparable(from_folder[name])
    if "--step" not in QUESTIONS[name]:
        chosen = rapport(*QUESTIONS[name], "--url", server.url)
        assert comparable(chosen) == comparable(from_folder[name])
    assert "Traceback" not in found.err


def test_lines_of_a_server_are_those_of_the_folder(
    data: Path, from_folder: dict[str, Ended], server: Serving, tmp_path: Path
) -> None:
    assert server.process.poll() is None
    out = tmp_path / "lines"
    account = rapport("replay", *THEN, "--out", out, "--data", data, "--json").json()
    assert account["digest"] == from_folder["replay --json"].json()["digest"]
    assert len(out.read_bytes().splitlines()) == account["contacts"] == 12


def test_a_ledgers_url_names_the_ledger(server: Serving) -> None:
    assert rapport("policy", "list", "--url", f"{server.url}/v1/ledgers/main/").code == 0
    nope = rapport("policy", "list", "--url", f"{server.url}/v1/ledgers/nope")
    assert (nope.code, nope.err) == (
        2,
        "rapport: no ledger is named 'nope'; rapport ledgers list shows which there are\n",
    )
    both = rapport("policy", "list", "--ledger", "x", "--url", f"{server.url}/v1/ledgers/main")
    assert both.code == 2
    assert "give one of them" in both.err


@pytest.mark.parametrize("url", ["127.0.0.1:8400", "ftp://127.0.0.1", "http://[::1", "http://a:b"])
def test_what_is_no_url_is_told_so(url: str) -> None:
    ended = rapport("summary", "--url", url)
    assert ended.code == 2, ended.err
    assert url in ended.err


def test_a_folder_and_a_url_contradict_each_other(server: Serving, data: Path) -> None:
    ended = rapport("summary", "--url", server.url, "--data", data)
    assert ended.code == 2
    assert "give one of them" in ended.err


def test_a_walk_needs_the_folder(server: Serving) -> None:
    ended = rapport("replay", "--step", TWELVE, "--url", server.url)
    assert ended.code == 2
    assert "--data" in ended.err


def test_a_receipt_and_a_proof_are_had_of_a_folder_that_a_server_holds(
    data: Path, server: Serving, tmp_path: Path
) -> None:
    assert server.process.poll() is None
    unknown = rapport("receipt", data, TWELVE, "--as-known-at", "2026-03-01")
    assert unknown.code == 2
    assert "as far as was known" in unknown.err
    asked = rapport("receipt", data, TWELVE, *THEN)
    assert asked.code == 0, asked.err
    file = tmp_path / "receipt.json"
    file.write_text(asked.out, encoding="utf-8")
    assert rapport("verify", file).code == 0
    assert rapport("proof", "checkpoint", data).code == 0


def test_nobody_is_asked_where_no_server_runs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    ended = rapport("summary", "--url", url)
    assert ended.code == 3
    assert ended.err.startswith(f"rapport: {url} does not answer")


def test_what_is_no_rapport_is_told_so() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]") as url:
        ended = rapport("policy", "list", "--url", url)
    assert ended.code == 3
    assert "does not answer as Rapport does" in ended.err


@contextmanager
def answering(content: bytes, heard: list[bytes] | None = None) -> Iterator[str]:
    """A server that answers one request so, whatever it is; ``heard`` takes the request."""

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            request = connection.recv(65_536)
            if heard is not None:
                heard.append(request)
            connection.sendall(content)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


@contextmanager
def locked(folder: Path) -> Iterator[FolderLock]:
    """The folder's lock, held by this process."""
    lock = FolderLock(folder / LOCK_FILE)
    try:
        yield lock
    finally:
        lock.release()


class TestTheNoteInTheLock:
    """It says where a server listens, and holds only while the lock is held."""

    def test_a_note_of_a_server_that_is_gone_misleads_nobody(self, tmp_path: Path) -> None:
        folder = sold(tmp_path / "data")
        with serving("serve", "--data", folder, "--port", 0) as server:
            server.process.kill()
        assert server.url in (folder / LOCK_FILE).read_text(encoding="utf-8")
        assert rapport("status", TWELVE, "--data", folder).code == 0
        with locked(folder):
            assert server.url not in (folder / LOCK_FILE).read_text(encoding="utf-8")

    def test_whoever_holds_the_folder_and_is_no_server_is_waited_for(self, tmp_path: Path) -> None:
        folder = sold(tmp_path / "data")
        with closing(DataFolder.open(folder, SqliteStore, clock=now)):
            ended = rapport("summary", "--data", folder)
        assert ended.code == 3
        assert "wait until it has ended" in ended.err

    def test_a_server_of_another_folder_is_not_believed(
        self, server: Serving, tmp_path: Path
    ) -> None:
        folder = sold(tmp_path / "data")
        for words in (("summary", "--data", folder), ("proof", "checkpoint", folder)):
            with locked(folder) as lock:
                lock.note_url(server.url)
                ended = rapport(*words)
            assert ended.code == 3
            assert "the ledger main there is another one" in ended.err


def test_a_policy_is_published_by_the_server_that_holds_the_folder(
    tmp_path: Path,
) -> None:
    folder = sold(tmp_path / "data")
    document = tmp_path / "ours.json"
    document.write_text(json.dumps({"extends": "cafe", "name": "ours"}), encoding="utf-8")
    with serving("serve", "--data", folder, "--port", 0) as server:
        published = rapport("policy", "publish", document, "--data", folder, "--json").json()
        assert (published["policy_version"], published["published"]) == (3, True)
        again = rapport("policy", "init", "purchases-only", "--data", folder)
        assert "already, as version 2" in again.out
        listed = httpx.get(f"{server.url}/v1/ledgers/main/policies", timeout=END_SECONDS).json()[
            "items"
        ]
    assert [one["name"] for one in listed] == ["retail", "purchases-only", "ours"]


def test_a_name_that_was_erased_is_said_to_be(tmp_path: Path) -> None:
    folder = sold(tmp_path / "data")
    with serving("serve", "--data", folder, "--port", 0) as server:
        path = f"{server.url}/v1/ledgers/main/contacts/{TWELVE}/erasure"
        body = {"requested_by": "the person", "reason": "asked"}
        assert httpx.post(path, json=body, timeout=END_SECONDS).status_code < 300
        served = rapport("status", TWELVE, "--data", folder, "--as-of", "2026-03-02")
    kept = rapport("status", TWELVE, "--data", folder, "--as-of", "2026-03-02")
    assert served.out.startswith("(name erased)\n")
    assert served.out == kept.out


def test_a_long_question_that_is_interrupted_is_cancelled_on_the_server() -> None:
    def interrupt(_operation: dict[str, object]) -> None:
        raise KeyboardInterrupt

    heard: list[bytes] = []
    answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    with (
        answering(answer, heard) as url,
        Documents(url, "main", None) as documents,
        pytest.raises(KeyboardInterrupt),
    ):
        documents.wait_until_finished({"id": "7", "state": "running"}, interrupt)
    assert heard[0].startswith(b"DELETE /v1/ledgers/main/operations/7 ")


@pytest.mark.usefixtures("server")
def test_a_running_server_decides_in_how_many_processes_it_rebuilds(data: Path) -> None:
    asked = rapport("rebuild", "status", "--jobs", 2, "--data", data)
    assert asked.code != 0
    assert "a server that runs decides this itself" in asked.err
    assert rapport("rebuild", "status", "--data", data).code == 0


def test_drift_is_told_with_names_also_of_who_is_not_registered(tmp_path: Path) -> None:
    """A projection can hold a contact that no event knows: then it has no name."""
    folder = sold(tmp_path / "data")
    assert rapport("rebuild", "--all", "--data", folder).code == 0
    drifted: list[Ended] = []
    for ask_server in (False, True):
        path = folder / "ledgers" / "main" / "projections.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            (rows,) = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'status_rows_%'"
            ).fetchone()
            twelve, nobody = TWELVE.bytes, UUID(int=99).bytes
            connection.execute(f"UPDATE {rows} SET score = 7 WHERE contact = ?", (twelve,))
            connection.execute(
                f"UPDATE {rows} SET contact = ? WHERE contact = ?", (nobody, UUID(int=1).bytes)
            )
            connection.commit()
        with serving("serve", "--data", folder, "--port", 0) if ask_server else nullcontext():
            drifted.append(rapport("rebuild", "status", "--data", folder))
    assert comparable(drifted[0]) == comparable(drifted[1])
    assert drifted[0].code == 1
    assert f"Ann: rows of contact {TWELVE}: score is 7" in drifted[0].out
    assert f"(not registered): rows of contact {UUID(int=99)}" in drifted[0].out
