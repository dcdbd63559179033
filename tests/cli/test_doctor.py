"""``rapport doctor``, ``rebuild`` and ``summary`` on a folder with a town in it."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import msgpack
import pytest

from api.bootstrap import now
from domain.events.commerce import PurchaseMade
from domain.instants import DAY, HOUR, format_instant
from tests.api.shop import Clock, built
from tests.cli.running import rapport, serving
from tests.ledger.given import registered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = "2026-03-01T12:00:00Z"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo's town."""
    folder: Path = tmp_path_factory.mktemp("town") / "data"
    assert rapport("demo", "--no-serve", "--now", NOW, "--data", folder).code == 0
    return folder


@pytest.fixture
def copy(town: Path, tmp_path: Path) -> Path:
    """The same, to be damaged."""
    return shutil.copytree(town, tmp_path / "data")


def verdicts(folder: Path, *more: str) -> tuple[int, dict[str, str]]:
    ended = rapport("doctor", "--data", folder, "--json", *more)
    return ended.code, {one["what"]: one["verdict"] for one in ended.json()}


def test_a_sound_folder_is_found_sound(copy: Path) -> None:
    code, found = verdicts(copy, "--full")
    assert found.pop("audit trails") == "skipped"
    assert (code, set(found.values())) == (0, {"ok"})
    looked_at = {"master.key", "lock", "tzdata", "disk", "demo-cafe events", "demo-cafe clock"}
    assert looked_at <= set(found)
    assert "demo-cafe contents" in found


def test_what_was_not_looked_at_is_told_with_the_command_that_does_it(copy: Path) -> None:
    ended = rapport("doctor", "--data", copy)
    assert ended.code == 0
    *_, conclusion = ended.out.strip().splitlines()
    assert conclusion.startswith("No problem was found in what was looked at. Not looked at: ")
    for open_question in ("demo-cafe contents", "demo-cafe drift", "audit trails"):
        assert open_question in conclusion
    findings = rapport("doctor", "--data", copy, "--json").json()
    offered = " ".join(one["detail"] for one in findings if one["verdict"] == "skipped")
    for command in ("doctor --full", f"verify {copy}", "doctor --drift", "trail --verify"):
        assert f"rapport {command}" in offered


def test_a_full_examination_finds_a_tampered_copy_and_never_passes_it(
    copy: Path,
) -> None:
    """An amount is another one: it decodes, positions and versions have no gaps."""
    with edited(copy) as connection:
        rows = connection.execute(
            "SELECT position, state FROM stored_events WHERE topic = 'purchase-made' LIMIT 1"
        )
        (position, state) = rows.fetchone()
        values = msgpack.unpackb(state)
        place = 8 + [field.name for field in PurchaseMade.FIELDS].index("amount_minor")
        values[place] += 1
        connection.execute(
            "UPDATE stored_events SET state = ? WHERE position = ?",
            (msgpack.packb(values), position),
        )
    code, found = verdicts(copy)
    assert (code, found["demo-cafe events"]) == (0, "ok")
    assert found["demo-cafe contents"] == "skipped"
    code, found = verdicts(copy, "--full")
    assert (code, found["demo-cafe contents"]) == (1, "problem")
    assert f"position {position}" in found_of(copy, "demo-cafe contents", "--full")
    assert found["demo-butcher contents"] == "ok"


def test_a_server_that_holds_the_folder_is_named_and_need_not_stop(tmp_path: Path) -> None:
    with serving("serve", "--data", tmp_path / "data", "--port", 0) as server:
        findings = rapport("doctor", "--data", tmp_path / "data", "--json").json()
    (found,) = [one for one in findings if one["what"] == "lock"]
    assert (found["verdict"], found["detail"]) == ("ok", f"held by the server on {server.url}")


def test_a_clock_that_lies_behind_the_newest_event_is_named(tmp_path: Path) -> None:
    clock = Clock()
    clock.instant = ahead = now() + 2 * HOUR
    with built(tmp_path / "data", clock):
        pass
    findings = rapport("doctor", "--data", tmp_path / "data", "--json").json()
    (found,) = [one for one in findings if one["what"] == "main clock"]
    assert found["verdict"] == "warning"
    assert re.match(r"lies 7,(19|20)\d s behind the newest event", found["detail"])
    assert format_instant(ahead) in found["detail"]


def test_a_ledger_kept_while_the_clock_was_days_ahead_is_found_sound(
    tmp_path: Path,
) -> None:
    """What was recorded and signed after it keeps its order, and no fault is found."""
    clock, data = Clock(), tmp_path / "data"
    clock.instant += 5 * DAY
    for moved in (0, -5 * DAY, DAY):
        clock.instant += moved
        with built(data, clock) as server:
            ledger = server.ledger("main").ledger
            registered(ledger)
            ledger.transparency.rotate()
            registered(ledger)
    code, found = verdicts(data, "--full")
    assert (code, found["main contents"]) == (0, "ok")
    assert rapport("verify", data).code == 0


def test_a_missing_event_is_found(copy: Path) -> None:
    connection = sqlite3.connect(copy / "ledgers" / "demo-cafe" / "events.sqlite")
    (table,) = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%events'"
    ).fetchone()
    connection.execute(f"DELETE FROM {table} WHERE position = 100")
    connection.commit()
    connection.close()
    code, found = verdicts(copy)
    assert (code, found["demo-cafe events"]) == (1, "problem")
    assert found["demo-butcher events"] == "ok"


def test_a_missing_newest_event_is_found_though_versions_have_no_gap(copy: Path) -> None:
    with edited(copy) as connection:
        (position,) = connection.execute(
            "SELECT max(position) FROM stored_events GROUP BY originator_id"
            " HAVING max(position) < (SELECT max(position) FROM stored_events)"
        ).fetchone()
        connection.execute("DELETE FROM stored_events WHERE position = ?", (position,))
    assert found_of(copy, "demo-cafe events") == f"position {position} is missing"


def test_a_version_out_of_turn_is_found_though_positions_have_no_gap(copy: Path) -> None:
    with edited(copy) as connection:
        # Of a type without sealed fields, which would not open under another version.
        (position,) = connection.execute(
            "SELECT position FROM stored_events AS e WHERE topic = 'purchase-made'"
            " AND originator_version = (SELECT max(originator_version) FROM stored_events"
            " WHERE originator_id = e.originator_id)"
        ).fetchone()
        connection.execute(
            "UPDATE stored_events SET originator_version = originator_version + 1"
            " WHERE position = ?",
            (position,),
        )
    found = found_of(copy, "demo-cafe events")
    assert found.startswith(f"position {position} has version ")
    assert found.endswith("out of turn")


@contextmanager
def edited(folder: Path) -> Iterator[sqlite3.Connection]:
    database = folder / "ledgers" / "demo-cafe" / "events.sqlite"
    with closing(sqlite3.connect(database)) as connection, connection:
        yield connection


def found_of(folder: Path, what: str, *more: str) -> str:
    """What the doctor says is wrong with this."""
    findings = rapport("doctor", "--data", folder, "--json", *more).json()
    (detail,) = (
        one["detail"] for one in findings if (one["what"], one["verdict"]) == (what, "problem")
    )
    assert isinstance(detail, str)
    return detail


def test_a_damaged_database_is_named_with_its_ledger(copy: Path) -> None:
    database = copy / "ledgers" / "demo-cafe" / "events.sqlite"
    database.write_bytes(b"not a database at all" * 500)
    assert "not a database" in found_of(copy, "ledgers/demo-cafe/events.sqlite")
    assert "demo-cafe/events.sqlite" in found_of(copy, "ledger demo-cafe")


def test_a_missing_master_key_is_found(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = (copy / "master.key").read_bytes()
    (copy / "master.key").unlink()
    assert "the settings give no key" in found_of(copy, "master.key")
    monkeypatch.setenv("RAPPORT_MASTER_KEY", key.hex())
    code, found = verdicts(copy)
    assert (code, set(found.values())) == (0, {"ok", "skipped"})


def test_a_flipped_byte_in_an_event_is_found(copy: Path) -> None:
    connection = sqlite3.connect(copy / "ledgers" / "demo-cafe" / "events.sqlite")
    (table,) = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%events'"
    ).fetchone()
    (state,) = connection.execute(f"SELECT state FROM {table} WHERE position = 3").fetchone()
    flipped = bytes([*state[:-1], state[-1] ^ 1])
    connection.execute(f"UPDATE {table} SET state = ? WHERE position = 3", (flipped,))
    connection.commit()
    connection.close()
    code, found = verdicts(copy)
    assert code == 1
    assert "problem" in (found.get("ledger demo-cafe"), found.get("demo-cafe events"))


def test_a_key_that_others_can_read_is_found(copy: Path) -> None:
    (copy / "master.key").chmod(0o644)
    code, found = verdicts(copy)
    assert (code, found["master.key"]) == (1, "problem")


def test_a_drifted_projection_is_found_and_mended(copy: Path) -> None:
    connection = sqlite3.connect(copy / "ledgers" / "demo-cafe" / "projections.sqlite")
    (rows,) = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'status_rows_%'"
    ).fetchone()
    connection.execute(f"UPDATE {rows} SET score = score + 1")
    connection.commit()
    connection.close()
    ended = rapport("rebuild", "status", "--ledger", "demo-cafe", "--data", copy)
    assert ended.code == 1
    assert re.search(r"rows of contact [0-9a-f-]{36}: score is \d+, rebuilt \d+\n", ended.out)
    again = rapport("rebuild", "--all", "--ledger", "demo-cafe", "--data", copy, "--json")
    assert again.code == 0
    names = [one["projection"] for one in again.json()]
    assert names == ["status", "standing", "agenda", "restatements"]
    assert all(one["digest"] == one["live_digest"] for one in again.json())


def test_an_unknown_projection_is_named(copy: Path) -> None:
    ended = rapport("rebuild", "weather", "--data", copy)
    assert ended.code == 2
    assert "weather" in ended.err


def test_while_a_server_runs_the_files_are_checked_and_the_rest_is_skipped(copy: Path) -> None:
    with serving("serve", "--port", 0, "--data", copy):
        code, found = verdicts(copy)
    assert (code, found["events and projections"]) == (0, "skipped")
    assert found["ledgers/demo-cafe/events.sqlite"] == "ok"


def test_the_summary_counts_everyone_once(copy: Path) -> None:
    summary = rapport(
        "summary", "--ledger", "demo-cafe", "--as-of", NOW, "--data", copy, "--json"
    ).json()
    assert summary["as_of"] == NOW
    assert all(count > 0 for count in summary["stages"].values())
    assert "lapsed_client" in rapport("summary", "--ledger", "demo-cafe", "--data", copy).out


@pytest.mark.parametrize(
    "command", [("doctor",), ("summary",), ("rebuild", "--all"), ("policy", "list")], ids=" ".join
)
def test_looking_at_a_folder_that_is_not_there_makes_none(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    ended = rapport(*command, "--data", tmp_path / "typo")
    assert ended.code == 3
    assert "is no data folder" in ended.err
    assert not (tmp_path / "typo").exists()


def test_an_event_kept_under_another_id_is_found(copy: Path) -> None:
    with edited(copy) as connection:
        connection.execute("UPDATE stored_events SET event_id = randomblob(16) WHERE position = 7")
    detail = found_of(copy, "demo-cafe events")
    assert detail == "position 7 is kept under another id than its own"


def test_lost_data_keys_are_not_taken_for_erasure(copy: Path) -> None:
    keys = copy / "ledgers" / "demo-cafe" / "keys.sqlite"
    with closing(sqlite3.connect(keys)) as connection, connection:
        connection.execute("DELETE FROM data_keys")
    assert "data keys of" in found_of(copy, "demo-cafe events")


def test_a_log_that_is_shorter_than_what_followed_from_it_has_lost_events(copy: Path) -> None:
    assert verdicts(copy, "--drift")[0] == 0  # so that the projections stand at the end
    with edited(copy) as connection:
        connection.execute("DELETE FROM stored_events WHERE position > 50")
    assert "events were lost" in found_of(copy, "demo-cafe projections")


def test_the_doctor_leaves_a_damaged_projection_as_it_is(copy: Path) -> None:
    assert verdicts(copy, "--drift")[0] == 0
    file = copy / "ledgers" / "demo-cafe" / "projections.sqlite"
    file.write_bytes(b"no database" * 1000)
    code, found = verdicts(copy)
    assert (code, found["demo-cafe projections"]) == (1, "skipped")
    assert file.read_bytes() == b"no database" * 1000


def test_a_log_that_refuses_to_sign_is_found(copy: Path) -> None:
    assert rapport("log-keys", "rotate", "--ledger", "demo-cafe", "--data", copy).code == 0
    assert verdicts(copy)[1]["demo-cafe log"] == "ok"
    with closing(sqlite3.connect(copy / "ledgers" / "demo-cafe" / "log.sqlite")) as connection:
        connection.execute("UPDATE tiles SET hashes = zeroblob(length(hashes))")
        connection.commit()
    code, found = verdicts(copy)
    assert (code, found["demo-cafe log"], found["demo-cafe events"]) == (1, "problem", "ok")
    assert "no longer give the root" in found_of(copy, "demo-cafe log")
