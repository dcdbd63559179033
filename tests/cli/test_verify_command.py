"""``rapport verify``: what it says and how it ends."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.cli.running import attempts, rapport, serving
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import ANN, HandClock, append, draft, registered
from tests.tampering.town import found_town

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = "rapport.invalid/main-"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    folder = tmp_path_factory.mktemp("verify") / "data"
    return folder, found_town(folder)


@pytest.fixture
def data(made: tuple[Path, list[bytes]], tmp_path: Path) -> Path:
    """A data folder of one's own."""
    copy = tmp_path / "data"
    shutil.copytree(made[0], copy)
    return copy


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def drop(data: Path, position: int) -> None:
    events = data / "ledgers" / "main" / "events.sqlite"
    change(events, f"DELETE FROM stored_events WHERE position = {position}")


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def only(ended: Any) -> dict[str, Any]:
    (report,) = ended.json()["ledgers"]
    assert isinstance(report, dict)
    return report


def test_a_sound_folder_ends_with_0_and_nothing_in_it_is_touched(data: Path) -> None:
    before = files(data)
    ended = rapport("verify", data, "--drift")
    assert ended.code == 0
    assert "main: sound" in ended.out
    assert "284 of 284 events; 0 stand after the newest checkpoint" in ended.out
    assert "older checkpoints that were taken" in ended.out
    assert files(data) == before


def test_the_same_for_programs(data: Path) -> None:
    ended = rapport("verify", data, "--json", "--drift")
    document = ended.json()
    assert (ended.code, ended.err) == (0, "")
    assert document["sound"] is True
    report = only(ended)
    assert report["origin"].startswith(ORIGIN)
    assert (report["events"], report["events_after_checkpoint"]) == (284, 0)
    assert report["checked"]["events"] == 284
    assert report["checked"]["streams"] == 13
    assert report["checked"]["checkpoints"] == 9
    assert report["checked"]["projections"] == 4
    assert report["first_fault"] is None


def test_the_first_fault_is_named_with_its_position_and_ends_with_1(data: Path) -> None:
    drop(data, 77)
    ended = rapport("verify", data)
    assert ended.code == 1
    assert "main: NOT SOUND" in ended.out
    assert "first    events at position 77: position 77 is missing" in ended.out
    assert only(rapport("verify", data, "--json"))["first_fault"]["position"] == 77


def test_the_other_ledgers_are_looked_at_all_the_same(data: Path) -> None:
    with closing(DataFolder.open(data, SqliteStore, clock=HandClock())) as folder:
        registered(folder.create("another")[0])
    (data / "ledgers" / "another" / "ledger.json").write_bytes(b"{")
    drop(data, 77)
    with closing(DataFolder.open(data, SqliteStore, clock=HandClock())) as folder:
        registered(folder.create("third")[0])
    ended = rapport("verify", data, "--json")
    assert [report["sound"] for report in ended.json()["ledgers"]] == [False, False, True]
    assert rapport("verify", data, "--ledger", "third").code == 0


def test_one_ledger_s_folder_is_a_target_too(data: Path) -> None:
    ended = rapport("verify", data / "ledgers" / "main", "--json")
    assert ended.code == 0
    assert only(ended)["skipped"] == []


def test_a_database_is_a_target_too_with_what_lies_beside_it(data: Path) -> None:
    events = data / "ledgers" / "main" / "events.sqlite"
    assert rapport("verify", events).code == 0
    drop(data, 5)
    assert rapport("verify", events).code == 1


def test_without_the_master_key_what_is_sealed_stays_sealed(data: Path) -> None:
    (data / "master.key").unlink()
    ended = rapport("verify", data, "--json")
    assert ended.code == 0
    assert only(ended)["skipped"] == ["encrypted fields: the master key is not available"]


def test_events_after_the_newest_checkpoint_are_counted(data: Path) -> None:
    with closing(DataFolder.open(data, SqliteStore, clock=HandClock())) as folder:
        ledger = folder.ledger("main")
        contact = registered(ledger)
        append(ledger, draft(contact, "visit-made", {"guests": 2}))
    assert only(rapport("verify", data, "--json"))["events_after_checkpoint"] == 2


def test_a_checkpoint_kept_elsewhere_must_be_of_this_history(
    data: Path, made: tuple[Path, list[bytes]], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_bytes(made[1][-1])
    ended = rapport("verify", data, "--checkpoint", kept, "--json")
    assert ended.code == 0
    assert only(ended)["checked"]["checkpoints kept elsewhere"] == 1
    other = tmp_path / "other"
    other_notes = found_town(other)
    kept.write_bytes(other_notes[-1])
    ended = rapport("verify", data, "--checkpoint", kept)
    assert ended.code == 1
    assert "no ledger here has the origin" in ended.out


@pytest.mark.parametrize("option", ["--checkpoint", "--key"])
@pytest.mark.parametrize("target", ["{data}", "{data} --ledger main", "{archive}"])
def test_another_ledger_in_place_of_the_one_whose_proof_was_kept_is_found(
    data: Path, archive: Path, tmp_path: Path, target: str, option: str
) -> None:
    """Who makes a ledger up makes up an origin, and the same must not be taken for no question."""
    other, kept = tmp_path / "other", tmp_path / "kept.txt"
    kept.write_bytes(found_town(other)[-1])
    with closing(DataFolder.open(other, SqliteStore, clock=HandClock())) as folder:
        theirs = folder.ledger("main").transparency.verifiers()[0].to_text()
    with closing(DataFolder.open(data, SqliteStore, clock=HandClock())) as folder:
        mine = folder.ledger("main").transparency.verifiers()[0].to_text()
    brought = ["--checkpoint", kept] if option == "--checkpoint" else ["--key", theirs]
    where = target.format(data=data, archive=archive).split()
    ended = rapport("verify", *where, "--key", mine, *brought, "--json")
    assert ended.code == 1
    (fault,) = ended.json()["faults"]
    assert "no ledger here has the origin" in fault["detail"]


def test_a_verification_warns_of_the_key_and_checkpoint_it_was_not_given(
    data: Path, made: tuple[Path, list[bytes]], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_bytes(made[1][-1])
    with closing(DataFolder.open(data, SqliteStore, clock=HandClock())) as folder:
        key = folder.ledger("main").transparency.verifiers()[0].to_text()
    alone = rapport("verify", data).out
    assert "WARNING  NO KEY WAS PINNED" in alone
    assert "WARNING  NO CHECKPOINT WAS GIVEN" in alone
    assert "another ledger's keys" in alone
    pinned = rapport("verify", data, "--key", key).out
    assert "NO KEY WAS PINNED" not in pinned
    assert "another ledger's keys" not in pinned
    assert "NO CHECKPOINT WAS GIVEN" in pinned
    both = rapport("verify", data, "--key", key, "--checkpoint", kept)
    assert "WARNING" not in both.out
    assert "beyond the checkpoints that were given" in both.out
    assert "rapport trail --verify" in both.out
    report = only(rapport("verify", data, "--checkpoint", kept, "--json"))
    assert [text[:17] for text in report["warnings"]] == ["NO KEY WAS PINNED"]


def test_a_key_from_elsewhere_must_have_signed(data: Path) -> None:
    with closing(DataFolder.open(data, SqliteStore, clock=HandClock())) as folder:
        new, old = (one.to_text() for one in folder.ledger("main").transparency.verifiers())
    assert rapport("verify", data, "--key", new).code == 0
    assert rapport("verify", data, "--key", new, "--key", old).code == 0
    ended = rapport("verify", data, "--key", old)
    assert ended.code == 1
    assert "no key that was given signed the newest checkpoint" in ended.out


def test_a_drifted_contact_is_named(data: Path) -> None:
    projections = data / "ledgers" / "main" / "projections.sqlite"
    with closing(sqlite3.connect(projections)) as connection:
        (table,) = connection.execute(
            "SELECT name FROM sqlite_schema WHERE name LIKE 'status_rows_%' AND type = 'table'"
        ).fetchone()
    change(projections, f"UPDATE {table} SET score = 99")
    assert rapport("verify", data).code == 0
    ended = rapport("verify", data, "--drift")
    assert ended.code == 1
    assert "rows of contact 00000000-0000-0001-" in ended.out
    assert "score is 99, rebuilt " in ended.out


def test_a_folder_beside_a_running_server_is_verified(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving("serve", "--data", data, "--port", 0) as server:
        url = f"{server.url}/v1/ledgers/main/contacts/pos:1/events"
        event = {"type": "contact-registered", "data": ANN}
        assert httpx.post(url, json=event, timeout=END_SECONDS).status_code == 201
        ended = rapport("verify", data, "--drift", "--json")
        assert (ended.code, only(ended)["events"]) == (0, 2)
        assert httpx.post(url, json=event, timeout=END_SECONDS).status_code == 200
    assert rapport("verify", data).code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere",), "nowhere is no data folder"),
        (("{data}", "--ledger", "another"), "no ledger is named"),
        (("{data}/ledgers/main", "--ledger", "main"), "leave out --ledger"),
        (("{data}", "--key", "key"), "--key"),
        (("{data}", "--checkpoint", "{data}/ledgers/main/ledger.json"), "--checkpoint"),
        (("{data}", "--checkpoint", "nowhere"), "--checkpoint"),
        ((), "TARGET"),
    ],
)
def test_what_cannot_be_read_ends_with_2(data: Path, arguments: tuple[str, ...], told: str) -> None:
    ended = rapport("verify", *(one.format(data=data) for one in arguments))
    assert ended.code == 2
    assert told in ended.err


def test_a_receipt_is_verified_and_says_what_it_does_not_prove(tmp_path: Path) -> None:
    receipt = tmp_path / "receipt.json"
    with serving("serve", "--data", tmp_path / "data", "--port", 0) as server:
        url = f"{server.url}/v1/ledgers/main"
        event = {"type": "contact-registered", "data": ANN}
        assert (
            httpx.post(f"{url}/contacts/pos:1/events", json=event, timeout=END_SECONDS).status_code
            == 201
        )
        for _ in attempts():  # it is sealed within a second
            answer = httpx.get(f"{url}/contacts/pos:1/status/receipt", timeout=END_SECONDS)
            if answer.status_code != 409:
                break
        receipt.write_bytes(answer.content)
        (key,) = httpx.get(f"{url}/log/key", timeout=END_SECONDS).text.splitlines()
    ended = rapport("verify", receipt, "--key", key)
    assert ended.code == 0
    assert "receipt.json: sound" in ended.out
    assert "unproven" in ended.out
    assert "NO KEY WAS PINNED" not in ended.out
    document = rapport("verify", receipt, "--json").json()
    assert document["receipt"]["answer"]["stage"] == "contact"
    assert "NO KEY WAS PINNED" in document["warnings"][0]
    receipt.write_bytes(answer.content.replace(b'"stage":"contact"', b'"stage":"client"'))
    ended = rapport("verify", receipt, "--key", key)
    assert ended.code == 1
    assert "first    /answer/stage" in ended.out
    assert rapport("verify", receipt, "--json").json()["sound"] is False
    assert rapport("verify", receipt, "--drift").code == 2
    receipt.write_bytes(b"\n " + answer.content)
    renamed = receipt.rename(tmp_path / "downloaded")  # what curl -O calls it: no suffix
    assert rapport("verify", renamed, "--key", key).code == 0


@pytest.fixture
def archive(data: Path, tmp_path: Path) -> Path:
    path = tmp_path / "shop.tar.gz"
    assert rapport("export", "--data", data, path).code == 0
    return path


def test_an_archive_is_verified(archive: Path) -> None:
    report = only(rapport("verify", archive, "--json"))
    assert report["sound"]
    assert report["origin"].startswith(ORIGIN)
    assert report["checked"]["events"] == 284


def test_an_archive_is_compared_with_kept_checkpoints_and_leaves_no_files(
    archive: Path, made: tuple[Path, list[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(aside))
    kept = tmp_path / "kept.txt"
    kept.write_bytes(made[1][3])
    ended = rapport("verify", archive, "--checkpoint", kept, "--drift", "--json")
    assert ended.code == 0
    _, report = ended.json()["ledgers"]
    assert report["checked"]["checkpoints kept elsewhere"] == 1
    assert "encrypted fields: the ledger was imported without its keys" in report["skipped"]
    assert list(aside.iterdir()) == []


def test_a_changed_archive_is_a_fault(archive: Path) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) // 2])
    ended = rapport("verify", archive)
    assert ended.code == 1
    assert "shop.tar.gz: NOT SOUND" in ended.out
    archive.write_bytes(b"no archive")
    assert rapport("verify", archive).code == 1


@pytest.mark.parametrize("with_keys", [False, True])
def test_an_imported_ledger_is_as_sound_as_the_first(
    data: Path, tmp_path: Path, *, with_keys: bool
) -> None:
    archive, target, secret = (tmp_path / name for name in ("a.tar", "imported", "secret"))
    secret.write_text("correct horse battery staple\n")
    guarded = ("--passphrase-file", secret) if with_keys else ()
    extra = ("--with-keys", *guarded) if with_keys else ()
    assert rapport("export", "--data", data, *extra, archive).code == 0
    assert rapport("import", "--data", target, *guarded, archive).code == 0
    report = only(rapport("verify", target, "--json"))
    assert report["sound"]
    assert ("events with sealed fields opened" in report["checked"]) is with_keys
