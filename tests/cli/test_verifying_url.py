"""A ledger behind a URL: what a server may get wrong, and what is found of it."""

from __future__ import annotations

import json
from contextlib import closing, nullcontext
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.cli.log_reading import NotAnswered, fetch
from api.cli.output import progress
from api.cli.verifying.folder import Outcome, VerifyOptions
from api.cli.verifying.report import print_report
from api.cli.verifying.url import verify_url
from domain.errors import NotFound
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from ledger.transparency.notes import Signer
from ledger.transparency.tiles import TileAt, parse_tile_path
from ledger.verification.trust import KeptCheckpoint
from tests.api.shop import START
from tests.cli.running import attempts, rapport, serving
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import ANN, HandClock, append, draft
from tests.tampering.town import found_town

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.ledger import Ledger
    from ledger.verification.faults import Report

URL = "http://ledger.example/v1/ledgers/main"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    path = tmp_path_factory.mktemp("served") / "data"
    found_town(path)
    with closing(DataFolder.open(path, SqliteStore, clock=HandClock(START))) as folder:
        yield folder.ledger("main")


def answer(ledger: Ledger, url: str) -> bytes:
    """What a server answers, without one."""
    parts = urlsplit(url)
    path = parts.path.removeprefix("/v1/ledgers/main/")
    log = ledger.transparency
    if path == "log/checkpoint":
        return log.checkpoint().note
    if path == "log/key":
        return "".join(f"{one.to_text()}\n" for one in log.verifiers()).encode()
    if path == "events":
        raise NotFound("not for auditors")
    at = parse_tile_path(path.removeprefix("log/"))
    return log.tile(at) if isinstance(at, TileAt) else log.bundle(at)


@pytest.fixture
def verified(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Report]:
    """Verifies what ``spoil`` leaves of each answer, given the path and the content."""

    def run(spoil: Callable[[str, bytes], bytes] | None = None, **asked: object) -> Report:
        def fetched(url: str) -> bytes:
            content = answer(ledger, url)
            return spoil(urlsplit(url).path.partition("/log/")[2], content) if spoil else content

        monkeypatch.setattr("api.cli.verifying.url.fetch", fetched)
        quiet = partial(progress, quiet=True)
        return verify_url(URL, VerifyOptions(progress=quiet, **asked))  # type: ignore[arg-type]  # as named

    return run


def at(wanted: str, change: Callable[[bytes], bytes]) -> Callable[[str, bytes], bytes]:
    return lambda path, content: change(content) if path.startswith(wanted) else content


def flipped(place: int) -> Callable[[bytes], bytes]:
    """Turns over a bit of that byte, counted from the end where it is below zero."""

    def change(content: bytes) -> bytes:
        changed = bytearray(content)
        changed[place] ^= 1
        return bytes(changed)

    return change


def test_what_is_served_is_derived_again(verified: Callable[..., Report]) -> None:
    report = verified()
    assert report.sound
    assert report.checked["entries"] == report.head == 284
    assert report.checked["streams"] == 13
    assert report.checked["tiles"] == 3
    assert len(report.skipped) == 1  # the events, which this server shows to nobody
    assert "folder" in report.notes[0]


@pytest.mark.parametrize(
    ("wanted", "change", "place", "position"),
    [
        ("checkpoint", flipped(-3), "checkpoints", None),
        ("checkpoint", lambda _: b"", "checkpoints", None),
        ("key", lambda _: b"", "checkpoints", None),
        ("key", lambda content: b"no key\n" + content, "keys", None),
        ("tile/entries/000", lambda content: content[:-1], "entries", 1),
        ("tile/entries/001.p/28", lambda content: content[2:], "entries", 257),
        ("tile/entries/001.p/28", flipped(-1), "tiles", 284),
        ("tile/entries/000", flipped(12), "tiles", 1),
        ("tile/0/000", flipped(32 * 99), "tiles", 100),
        ("tile/0/001.p/28", flipped(0), "tiles", 257),
        ("tile/0/001.p/28", lambda content: content[:-32], "tiles", 257),
        ("tile/1/000.p/1", flipped(0), "tiles", 1),
    ],
)
def test_what_is_served_otherwise_is_found(
    verified: Callable[..., Report],
    wanted: str,
    change: Callable[[bytes], bytes],
    place: str,
    position: int | None,
) -> None:
    report = verified(at(wanted, change))
    assert report.first is not None
    assert (report.first.place, report.first.position) == (place, position)


def test_a_tile_that_is_not_served_is_found(verified: Callable[..., Report]) -> None:
    def missing(path: str, content: bytes) -> bytes:
        if path == "tile/0/000":
            raise NotFound("no tile")
        return content

    assert str(verified(missing).first) == "tiles at position 1: tile 0/0 is missing"


def test_a_history_that_was_shortened_is_found_by_a_kept_checkpoint(
    verified: Callable[..., Report], ledger: Ledger
) -> None:
    """The server shows an older checkpoint, and everything that belongs to it."""
    older, *_, newest = ledger.transparency.checkpoints(100)
    kept = KeptCheckpoint("kept", newest.note)

    def shortened(path: str, content: bytes) -> bytes:
        return older.note if path == "checkpoint" else content

    assert verified(shortened).sound
    assert "events were lost" in str(verified(shortened, kept=[kept]).first)
    assert verified(kept=[KeptCheckpoint("kept", older.note)]).sound


def test_another_key_than_the_given_one_is_found(
    verified: Callable[..., Report], ledger: Ledger
) -> None:
    """Everything else is looked at all the same, and whose key was only rotated is told so."""
    newest, retired = ledger.transparency.verifiers()
    other = Signer(newest.name, Ed25519PrivateKey.generate()).verifier
    assert verified(verifiers=[newest]).sound
    for given, rotated in ((retired, True), (other, False)):
        report = verified(verifiers=[given])
        (fault,) = report.faults
        assert "no key that was given signed the newest checkpoint" in fault.detail
        assert ("its key was rotated since" in fault.detail) is rotated
        assert report.checked["entries"] == report.checkpoint_size == 284


def test_a_key_that_is_to_sign_next_is_told_from_a_wrong_one(
    verified: Callable[..., Report], ledger: Ledger
) -> None:
    """A ledger at rest lists a new key first, which signs with the next event only."""
    signer, _ = ledger.transparency.verifiers()
    newest = Signer(signer.name, Ed25519PrivateKey.generate()).verifier
    listed = at("key", lambda content: f"{newest.to_text()}\n".encode() + content)
    assert verified(listed, verifiers=[newest, signer]).sound
    (fault,) = verified(listed, verifiers=[newest]).faults
    assert "as its next one" in fault.detail


def test_where_nothing_can_be_told_nobody_is_asked_for_what_was_brought(
    verified: Callable[..., Report], ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a checkpoint that holds, it is not known of which ledger they would have to be."""
    quiet = partial(progress, quiet=True)
    asked = VerifyOptions(
        progress=quiet,
        verifiers=ledger.transparency.verifiers(),
        kept=[KeptCheckpoint("kept", ledger.transparency.checkpoint().note)],
    )
    report = verified(at("checkpoint", flipped(-3)), verifiers=asked.verifiers, kept=asked.kept)
    print_report(Outcome([report]), asked)
    said = capsys.readouterr().out
    assert "WARNING" not in said
    assert "signed   nothing: no checkpoint that holds was found" in said


def test_a_server_that_asks_for_keys_is_audited_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, receipt = tmp_path / "data", tmp_path / "receipt.json"
    with closing(DataFolder.open(data, SqliteStore, clock=HandClock(START))) as folder:
        append(
            folder.ledger("main"), draft(UUID(int=1 << 64 | 0x8000_4000), "contact-registered", ANN)
        )
        folder.ledger("main").transparency.sign_head()
    made = rapport("keys", "create", "auditor", "--data", data, "--scope", "audit")
    with serving("serve", "--data", data, "--port", 0) as server:
        url = f"{server.url}/v1/ledgers/main"
        assert "asks for an access key" in rapport("verify", url).err
        monkeypatch.setenv("RAPPORT_ACCESS_KEY", made.out.strip())
        ended = rapport("verify", url, "--json")
        assert ended.code == 0, ended.err
        (report,) = ended.json()["ledgers"]
        assert report["checked"]["entries"] == 2
        assert "lacks the scope read" in report["skipped"][0]
        assert rapport("proof", "inclusion", url, 2).code == 0
        shown = rapport("receipt", url, UUID(int=1 << 64 | 0x8000_4000))
        assert shown.code == 0, shown.err
        receipt.write_text(shown.out)
        assert rapport("proof", "newest", url, receipt).code == 0


def test_an_access_key_is_not_handed_on_to_where_a_server_sends_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, str | None]] = []

    class Sends(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(302 if self.path == "/here" else 200)
            self.send_header("Location", "/there")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    monkeypatch.setenv("RAPPORT_ACCESS_KEY", "rk_secret")
    with HTTPServer(("127.0.0.1", 0), Sends) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        fetch(f"http://127.0.0.1:{server.server_port}/here")
        server.shutdown()
    assert asked == [("/here", "Bearer rk_secret"), ("/there", None)]


@pytest.mark.parametrize(("refusals", "answered"), [(2, True), (3, False)])
def test_a_key_that_has_asked_too_often_waits_as_long_as_it_is_told(
    monkeypatch: pytest.MonkeyPatch, refusals: int, answered: bool
) -> None:
    """And not for ever: an auditor's key may have a rate, and a whole log takes many requests."""
    waited: list[int] = []
    left = iter([429] * refusals + [200])

    class Tired(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(next(left))
            self.send_header("Retry-After", "50")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    monkeypatch.setattr("api.cli.log_reading.sleep", waited.append)
    with HTTPServer(("127.0.0.1", 0), Tired) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        with nullcontext() if answered else pytest.raises(NotAnswered):
            assert fetch(url) == b""
        server.shutdown()
    assert waited == [50, 50]


def test_a_log_that_has_no_bundles_is_given_up(
    verified: Callable[..., Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever signs for more events than there ever were is not asked for each of them."""
    asked: list[str] = []

    def missing(path: str, content: bytes) -> bytes:
        if path.startswith("tile/entries/"):
            asked.append(path)
            raise NotFound("no bundle")
        return content

    monkeypatch.setattr("api.cli.verifying.url.MOST_MISSING", 1)
    report = verified(missing)
    assert report.first is not None
    assert (report.first.place, report.first.position) == ("entries", 1)
    assert asked == ["tile/entries/000"]
    assert "everything from position 257 on" in report.skipped[-1]


def test_a_server_is_verified_over_http(tmp_path: Path) -> None:
    with serving("serve", "--data", tmp_path / "data", "--port", 0) as server:
        url = f"{server.url}/v1/ledgers/main"
        event = {"type": "contact-registered", "data": ANN}
        assert (
            httpx.post(f"{url}/contacts/pos:1/events", json=event, timeout=END_SECONDS).status_code
            == 201
        )
        for _ in attempts():  # it is sealed within a second
            ended = rapport("verify", url, "--json")
            assert ended.code == 0
            (report,) = json.loads(ended.out)["ledgers"]
            if report["checked"].get("events compared with their entries") == 2:
                break
        assert rapport("verify", url, "--drift").code == 2
        assert rapport("verify", f"{server.url}/v1/ledgers/other").code == 2
    assert rapport("verify", url).code == 3
