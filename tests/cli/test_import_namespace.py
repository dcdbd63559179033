"""A ledger that came without its namespace: what it answers, and ``rapport import --keys``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ledger.data_layout import settings_of
from ledger.stores.sqlite.store import SqliteStore
from tests.cli.running import rapport, serving
from tests.fixtures.patience import END_SECONDS
from tests.trail_entries import done

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

PASSPHRASE = "a passphrase of the tests"
REF = "pos:17850"
ANN = {"type": "contact-registered", "data": {"kind": "person", "name": "Ann"}}
MAPPING = """\
name = "tills"
key = ["who"]
[contact]
source = "pos"
ref = "{who}"
[occurred_at]
text = "{at}"
format = "%Y-%m-%d"
time_zone = "UTC"
time_of_day = 12:00:00
[[event]]
type = "visit-made"
data = { guests = 0 }
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAPPORT_ARCHIVE_PASSPHRASE", PASSPHRASE)
    with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
        base = f"{server.url}/v1/ledgers/main"
        assert (
            httpx.post(f"{base}/contacts/{REF}/events", json=ANN, timeout=END_SECONDS).status_code
            == 201
        )
    for arguments in (("plain.tar",), ("locked.tar", "--with-keys")):
        assert rapport("export", *arguments, "--data", "data").code == 0
    told = rapport("import", "plain.tar", "--data", "copy")
    assert told.code == 0
    assert "companion ids were not checked" in told.err
    return tmp_path


@pytest.fixture
def known(here: Path) -> str:
    """The UUID of the contact."""
    shown = rapport("status", REF, "--data", here / "data", "--json").json()
    return str(shown["contact_id"])


def asked(base: str, contact: str) -> Iterator[tuple[str, httpx.Response]]:
    """Every way in which a request can name a contact."""
    yield "path", httpx.get(f"{base}/contacts/{contact}", timeout=END_SECONDS)
    yield "query", httpx.get(f"{base}/events", params={"contact": contact}, timeout=END_SECONDS)
    yield "append", httpx.post(f"{base}/contacts/{contact}/events", json=ANN, timeout=END_SECONDS)
    yield (
        "array",
        httpx.post(f"{base}/events", json=[{**ANN, "contact": contact}], timeout=END_SECONDS),
    )
    subject = {"specversion": "1.0", "id": "x1", "source": "urn:till", "subject": contact}
    yield (
        "CloudEvent",
        httpx.post(
            f"{base}/events",
            content=json.dumps({**subject, **ANN}),
            headers={"content-type": "application/cloudevents+json"},
            timeout=END_SECONDS,
        ),
    )


def test_a_ref_is_refused_everywhere_until_the_keys_bring_the_namespace(
    here: Path, known: str
) -> None:
    with serving("serve", "--port", 0, "--data", here / "copy") as server:
        base = f"{server.url}/v1/ledgers/main"
        assert httpx.get(f"{base}/contacts/{known}", timeout=END_SECONDS).status_code == 200
        for where, answer in asked(base, REF):
            assert answer.status_code == 409, where
            assert answer.json()["reason"] == "namespace-missing", where
            assert "rapport import --keys FILE" in answer.json()["detail"], where
        merged: dict[str, Any] = {"type": "contact-merged", "data": {"into": REF}}
        into = httpx.post(f"{base}/contacts/{known}/events", json=merged, timeout=END_SECONDS)
        assert into.json()["reason"] == "namespace-missing"
        lines = [{**ANN, "contact": REF}, {**ANN, "contact": known}]
        bulk = httpx.post(
            f"{base}/events",
            content="\n".join(map(json.dumps, lines)),
            headers={"content-type": "application/jsonl"},
            timeout=END_SECONDS,
        )
        reasons = [json.loads(line)["problem"]["reason"] for line in bulk.text.splitlines()]
        assert reasons == ["namespace-missing", "ledger-for-audit"]
        page = httpx.get(f"{base}/events", params={"limit": 1}, timeout=END_SECONDS)
        more = httpx.get(f"{server.url}{page.links['next']['url']}", timeout=END_SECONDS)
        assert more.status_code == 200, "cursors need no namespace"
        held = rapport("import", "--keys", "locked.tar", "--data", "copy")
        assert (held.code, "in use by process" in held.err) == (3, True)
    ended = rapport("import", "--keys", "locked.tar", "--data", "copy")
    assert ended.code == 0, ended.err
    with serving("serve", "--port", 0, "--data", here / "copy") as server:
        base = f"{server.url}/v1/ledgers/main"
        assert (
            httpx.get(f"{base}/contacts/{REF}", timeout=END_SECONDS).json()["contact_id"] == known
        )
        append = httpx.post(f"{base}/contacts/{REF}/events", json=ANN, timeout=END_SECONDS)
        assert append.json()["reason"] == "ledger-for-audit"
    shown = rapport("trail", "--ledger", "main", "--json", "--data", "copy").json()
    assert [one["outcome"] for one in shown] == ["ordered", "refused", "ordered", "done"]
    assert done(shown[2:]) == [("namespace-imported", "main")]
    assert rapport("verify", "copy").code == 0


def test_a_file_whose_rows_name_refs_is_refused_with_the_reason(here: Path) -> None:
    (here / "map.toml").write_text(MAPPING)
    (here / "rows.csv").write_text("who,at\n17850,2026-03-01\n")
    ended = rapport("import", "rows.csv", "--mapping", "map.toml", "--data", "copy")
    assert ended.code == 1, ended.err
    assert "rapport import --keys FILE" in ended.err
    assert not (here / "rows.csv.rejects.csv").exists()


def test_commands_say_what_to_do(here: Path, known: str) -> None:
    ended = rapport("status", REF, "--data", here / "copy")
    assert ended.code == 1
    assert "rapport import --keys FILE" in ended.err
    assert rapport("status", known, "--data", "copy").code == 0


def test_a_report_says_what_was_not_checked(here: Path) -> None:
    for target in ("plain.tar", "locked.tar", "copy"):
        report = rapport("verify", here / target)
        assert report.code == 0, report.out
        assert "companion ids" in report.out, target
    assert "companion ids" not in rapport("verify", "data").out


def test_what_cannot_be_taken_says_why_and_changes_nothing(here: Path) -> None:
    for arguments, words in (
        (("plain.tar",), "exported without keys"),
        (("locked.tar", "--ledger", "none"), "no ledger"),
        (("locked.tar", "--dry-run"), "--dry-run is not for that"),
        (("locked.tar", "plain.tar"), "datafile is not for that"),
    ):
        ended = rapport("import", "--keys", *arguments, "--data", "copy")
        assert (ended.code, words in ended.err) == (2, True), ended.err
    assert settings_of(SqliteStore(here / "copy").ledger("main")).namespace is None
    known = rapport("import", "--keys", "locked.tar", "--data", "data")
    assert (known.code, "has its namespace already" in known.err) == (2, True)
    assert rapport("import", "--data", "copy").code == 2


def test_a_backup_without_keys_does_not_hold_it(here: Path) -> None:
    namespace = settings_of(SqliteStore(here / "data").ledger("main")).namespace
    assert namespace is not None
    assert rapport("backup", "saved", "--data", "data").code == 0
    told = rapport("restore", "saved", "--data", "again")
    assert told.code == 0
    assert "companion ids were not checked" in told.err
    assert settings_of(SqliteStore(here / "again").ledger("main")).namespace is None
    said = [rapport("ledgers", "list", "--json", "--data", "data").out, told.out, told.err]
    said.append(rapport("doctor", "--data", "data").out)
    assert not any(str(namespace) in text or namespace.hex in text for text in said)
