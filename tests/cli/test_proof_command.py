from __future__ import annotations

import base64
import shutil
import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from api.cli.log_reading import OpenLog
from api.http.app import create_app
from tests.api.shop import START, Clock, built, listening
from tests.cli.running import rapport
from tests.ledger.given import append, draft, registered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from api.cli.log_reading import Inclusion
    from ledger.ledger import Ledger


def record(ledger: Ledger, events: int) -> None:
    contact = registered(ledger)
    for number in range(events):
        append(ledger, draft(contact, "visit-made", {"guests": number}, occurred_at=START))
    ledger.transparency.sign_head()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ten events, which tests only read."""
    path = tmp_path_factory.mktemp("proof") / "data"
    with built(path, Clock()) as server:
        record(server.ledger("main").ledger, 8)
    return path


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        built(tmp_path_factory.mktemp("proof") / "data", Clock()) as server,
        listening(create_app(server)) as address,
    ):
        record(server.ledger("main").ledger, 8)
        yield f"{address}/v1/ledgers/main"


@pytest.fixture(params=["folder", "url"])
def target(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def key_of(target: object) -> str:
    ended = rapport("proof", "checkpoint", target, "--json")
    (key,) = ended.json()["verified_by"]
    return str(key)


def test_a_checkpoint_is_shown_as_it_was_signed(target: str) -> None:
    ended = rapport("proof", "checkpoint", target)
    assert ended.code == 0
    shown = rapport("proof", "checkpoint", target, "--json").json()
    assert ended.out == shown["note"]
    assert shown["tree_size"] == 10
    assert shown["note"].splitlines()[:3] == [shown["origin"], "10", shown["root_hash"]]
    assert "NO KEY WAS PINNED" in ended.err
    assert shown["pinned"] is False


def test_with_a_pinned_key_it_says_which(target: str, tmp_path: Path) -> None:
    key = key_of(target)
    ended = rapport("proof", "checkpoint", target, "--key", key)
    assert ended.code == 0
    assert f"verified with the key that was given, {key}" in ended.err
    with built(tmp_path / "other", Clock()) as server:
        (other,) = server.ledger("main").ledger.transparency.verifiers()
    ended = rapport("proof", "inclusion", target, 3, "--key", other.to_text())
    assert ended.code == 1
    assert "no key that is known here signed" in ended.err
    assert ended.out == ""


def test_every_event_is_proven_to_be_in_every_tree_that_reaches_it(target: str) -> None:
    for position, size in ((1, 10), (10, 10), (3, 3), (3, 7), (8, 9)):
        shown = rapport("proof", "inclusion", target, position, "--tree-size", size, "--json")
        assert shown.code == 0, shown.err
        assert shown.json()["leaf_index"] == position - 1
        assert shown.json()["tree_size"] == size
    shown = rapport("proof", "inclusion", target, 10)
    assert shown.out.startswith("position 10 is visit-made, version 9 of ")


def test_a_kept_checkpoint_is_proven_to_be_how_the_log_begins(tmp_path: Path) -> None:
    path, kept = tmp_path / "data", tmp_path / "kept.checkpoint"
    with built(path, Clock()) as server:
        record(server.ledger("main").ledger, 3)
        kept.write_bytes(server.ledger("main").ledger.transparency.checkpoint().note)
    key = key_of(path)
    with built(path, Clock()) as server:
        record(server.ledger("main").ledger, 3)
    ended = rapport("proof", "consistency", path, kept, "--key", key)
    assert ended.code == 0, ended.err
    assert ended.out == "the log of 5 events is how that of 9 begins\n"
    shown = rapport("proof", "consistency", path, kept, "--json").json()
    assert (shown["first"], shown["second"]) == (5, 9)


def test_a_history_written_anew_is_found_by_the_checkpoint_that_was_kept(tmp_path: Path) -> None:
    path, kept, copy = tmp_path / "data", tmp_path / "kept.checkpoint", tmp_path / "copy"
    with built(path, Clock()) as server:
        record(server.ledger("main").ledger, 0)
    shutil.copytree(path, copy)
    with built(path, Clock()) as server:
        record(server.ledger("main").ledger, 3)
        kept.write_bytes(server.ledger("main").ledger.transparency.checkpoint().note)
    with built(copy, Clock()) as server:
        record(server.ledger("main").ledger, 1)
    ended = rapport("proof", "consistency", copy, kept)
    assert ended.code == 1
    assert "it was cut off, or is of an older backup" in ended.err
    with built(copy, Clock()) as server:
        record(server.ledger("main").ledger, 8)
    ended = rapport("proof", "consistency", copy, kept)
    assert ended.code == 1
    assert "does not lead to the root" in ended.err
    assert ended.out == ""


def test_any_size_is_how_the_log_begins(target: str) -> None:
    for size in range(11):
        ended = rapport("proof", "consistency", target, size)
        assert ended.code == 0, ended.err
        assert ended.out == f"the log of {size} events is how that of 10 begins\n"


def test_what_the_log_says_falsely_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = OpenLog.inclusion
    monkeypatch.setattr(OpenLog, "consistency", lambda *_: [bytes(32)] * 4)
    assert rapport("proof", "consistency", folder, 3).code == 1
    assert rapport("proof", "inclusion", folder, 5, "--tree-size", 8).code == 1
    spoilt: list[dict[str, object]] = [
        {"entry": b"another"},
        {"hashes": [bytes(32)] * 4},
        {"root": bytes(32)},
        {"tree_size": 9},
    ]
    for wrong in spoilt:
        with monkeypatch.context() as patch:
            told = partial(_spoilt, honest, wrong)
            patch.setattr(OpenLog, "inclusion", lambda *asked, told=told: told(*asked))
            ended = rapport("proof", "inclusion", folder, 5)
        assert ended.code == 1
        assert ended.out == ""


def _spoilt(
    honest: Callable[..., Inclusion], wrong: dict[str, object], *asked: object
) -> Inclusion:
    return replace(honest(*asked), **wrong)  # type: ignore[arg-type]  # what stands in the list


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("inclusion", "{}", 11), 2),
        (("inclusion", "{}", 0), 2),
        (("inclusion", "{}", 5, "--tree-size", 4), 2),
        (("inclusion", "{}", 5, "--tree-size", 11), 1),
        (("consistency", "{}", 11), 2),
        (("consistency", "{}", "no-such-file"), 2),
        (("checkpoint", "{}", "--key", "nonsense"), 2),
        (("checkpoint", "no-such-folder"), 2),
        (("checkpoint", "http://127.0.0.1:9/v1/ledgers/main"), 3),
        (("checkpoint", "http://[::1/"), 2),
    ],
)
def test_what_cannot_be_proven_ends_with_its_code_and_no_traceback(
    target: str, words: tuple[object, ...], code: int
) -> None:
    ended = rapport("proof", *(str(one).format(target) for one in words))
    assert ended.code == code
    assert ended.out == ""
    assert ended.err
    assert "Traceback" not in ended.err


def test_no_such_ledger_is_a_wrong_command(folder: Path, url: str) -> None:
    assert rapport("proof", "checkpoint", folder, "--ledger", "none").code == 2
    assert rapport("proof", "checkpoint", url.replace("main", "none")).code == 2


@contextmanager
def answering(content: bytes) -> Iterator[str]:
    """A server that answers everything with the same."""

    class Same(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Same) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/ledgers/main"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"{}", b"[" * 100_000, base64.b64encode(bytes(99)), b"a+b+c\n"]
)
def test_another_server_than_rapport_is_told_apart(content: bytes) -> None:
    with answering(content) as elsewhere:
        for words in (["checkpoint"], ["inclusion", 1], ["consistency", 1]):
            ended = rapport("proof", words[0], elsewhere, *words[1:])
            assert ended.code == 1
            assert "Traceback" not in ended.err
