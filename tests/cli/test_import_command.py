"""``rapport import`` as a person runs it."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from typing import TYPE_CHECKING

import httpx
import pytest

from api.service.importing.importer import Importer
from api.service.importing.rejects import HEADINGS
from tests.cli.running import Ended, rapport, serving
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from api.service.importing.importer import Account
    from api.service.importing.rows import Row

MAPPING = """
name = "till"
key = ["receipt"]
[contact]
source = "pos"
ref = "{who}"
[contact.registration]
kind = "person"
name = "{who}"
[occurred_at]
text = "{when}"
[[event]]
type = "purchase-made"
[event.data]
purchase_id = "{receipt}"
amount_minor = { amount = "{total}" }
currency = "EUR"
initiated_by = "contact"
"""
GOOD = "1,ann,2026-01-01T10:00:00Z,4.20\n2,ben,2026-01-02T10:00:00Z,3\n"
BAD = "3,ann,2026-01-03T10:00:00Z,free\n"


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a mapping."""
    (tmp_path / "till.toml").write_text(MAPPING)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(till: Path, rows: str, *more: object) -> Ended:
    (till / "till.csv").write_text("receipt,who,when,total\n" + rows)
    return rapport("import", "--mapping", "till.toml", "till.csv", "--data", "data", *more)


def test_an_account_of_every_row_is_given(till: Path) -> None:
    first, second = run(till, GOOD, "--json"), run(till, GOOD, "--json")
    assert (first.code, second.code) == (0, 0)
    counts = ("rows", "appended", "already_known", "rejected", "contacts_registered")
    assert [first.json()[name] for name in counts] == [2, 2, 0, 0, 2]
    assert [second.json()[name] for name in counts] == [2, 0, 2, 0, 0]
    assert "2 rows: 0 appended, 2 already known, 0 skipped, 0 rejected" in run(till, GOOD).out


def test_an_import_is_undone_by_its_id_and_imported_again(till: Path) -> None:
    imported = run(till, GOOD, "--json").json()
    undone = rapport("import", "--undo", imported["id"], "--data", "data", "--json")
    assert (undone.code, undone.json()["id"]) == (0, imported["id"])
    assert (undone.json()["retracted"], len(undone.json()["contacts"])) == (2, 2)
    told = rapport("import", "--undo", imported["id"], "--data", "data")
    assert "0 retracted, 2 retracted before, 2 kept" in told.out
    assert "2 contacts have only their registration" in told.out
    again = run(till, GOOD, "--json").json()
    assert (again["id"], again["appended"]) == (imported["id"], 2)


def test_a_server_shows_what_the_command_imported(till: Path) -> None:
    imported = run(till, GOOD + BAD, "--json").json()
    rapport("import", "--undo", imported["id"], "--data", "data")
    with serving("serve", "--port", 0, "--data", till / "data") as server:
        path = f"{server.url}/v1/ledgers/main/imports/{imported['id']}"
        shown = httpx.get(path, timeout=END_SECONDS).json()
        told = rapport("import", "--undo", imported["id"], "--data", "data")
        assert (told.code, "0 retracted, 2 retracted before, 2 kept" in told.out) == (0, True)
    counts = ("state", "appended", "rejected", "events", "retracted", "not_addressed")
    assert [shown[name] for name in counts] == ["succeeded", 2, 1, 4, 2, 0]
    assert shown["undone_at"] is not None


def test_an_undo_of_no_import_is_refused(till: Path) -> None:
    run(till, GOOD)
    nobody = "00000000-0000-5000-8000-000000000000"
    assert rapport("import", "--undo", nobody, "--data", "data").code == 2
    assert rapport("import", "--undo", nobody, "--data", "elsewhere").code == 3
    assert rapport("import", "--undo", nobody, "--preset", "cafe", "--data", "data").code == 2


def test_rejected_rows_go_to_a_file_with_their_reasons_and_the_code_is_1(till: Path) -> None:
    ended = run(till, GOOD + BAD)
    assert ended.code == 1
    assert "till.csv.rejects.csv" in ended.out
    with (till / "till.csv.rejects.csv").open(newline="") as file:
        (reject,) = csv.DictReader(file)
    assert reject == {
        "line": "4",
        "code": "not-an-amount",
        "detail": "/amount_minor 'free' is not a decimal amount",
        "row": BAD.strip(),
    }


def test_rejected_rows_are_for_who_imports_them_alone(till: Path) -> None:
    assert run(till, GOOD + BAD).code == 1
    assert (till / "till.csv.rejects.csv").stat().st_mode & 0o077 == 0


def test_a_clean_run_takes_the_reject_file_of_an_earlier_one_away(till: Path) -> None:
    run(till, GOOD + BAD)
    assert run(till, GOOD).code == 0
    assert not (till / "till.csv.rejects.csv").exists()


def test_a_dry_run_writes_nothing_at_all(till: Path) -> None:
    (till / "till.csv").touch()
    before = sorted(till.iterdir())
    ended = run(till, GOOD + BAD, "--dry-run")
    assert ended.code == 1
    assert "line 4: not-an-amount" in ended.err
    assert "nothing recorded" in ended.out
    assert sorted(till.iterdir()) == before


def test_a_dry_run_writes_the_rejects_that_the_run_would(till: Path) -> None:
    tried = run(till, GOOD + BAD, "--dry-run", "--rejects", "tried.csv", "--json")
    assert (tried.code, tried.json()["rejects"]) == (1, "tried.csv")
    assert not (till / "data").exists()
    assert run(till, GOOD + BAD).code == 1
    written = (till / "till.csv.rejects.csv").read_bytes()
    assert ((till / "tried.csv").read_bytes(), len(written.splitlines())) == (written, 2)
    told = run(till, GOOD + BAD, "--dry-run", "--rejects", "tried.csv")
    assert ("rejected rows and why: tried.csv" in told.out, "known" in told.err) == (True, False)
    assert "4,not-an-amount," in run(till, GOOD + BAD, "--dry-run", "--rejects", "-").out


def test_a_dry_run_looks_at_the_ledger_and_leaves_every_byte_of_it(till: Path) -> None:
    run(till, GOOD)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files(till / "data")}
    ended = run(till, GOOD + BAD, "--preset", "cafe", "--dry-run")
    assert "3 rows: 0 appended, 2 already known, 0 skipped, 1 rejected; 0 contacts" in ended.out
    after = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files(till / "data")}
    assert after == before


def test_a_dry_run_leaves_no_copy_behind(till: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (till / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(till / "temporary"))
    run(till, GOOD)
    assert run(till, GOOD, "--dry-run").code == 0
    assert not list((till / "temporary").iterdir())


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_dry_run_knows_what_a_crash_left_in_the_log(till: Path) -> None:
    run(till, GOOD)
    with serving("serve", "--port", 0, "--data", till / "data") as server:
        append_over_http(server.url)
        server.process.kill()
        server.process.wait()
    assert (till / "data" / "ledgers" / "main" / "events.sqlite-wal").stat().st_size > 0
    ended = run(till, "9,cid,2026-01-02T10:00:00Z,3\n", "--dry-run", "--json")
    assert ended.json()["contacts_registered"] == 0


def append_over_http(url: str) -> None:
    event = {"type": "contact-registered", "data": {"kind": "person", "name": "Cid"}}
    path = "/v1/ledgers/main/contacts/pos:cid/events"
    httpx.post(url + path, json=event, timeout=END_SECONDS).raise_for_status()


def test_a_dry_run_finds_a_mistyped_ledger(till: Path) -> None:
    run(till, GOOD)
    for name in ("branch", "../main", ""):
        ended = run(till, GOOD, "--ledger", name, "--dry-run")
        assert (ended.code, "no ledger is named" in ended.err) == (2, True)


def test_a_dry_run_says_which_server_holds_the_folder(till: Path) -> None:
    with serving("serve", "--port", 0, "--data", till / "data") as server:
        ended = run(till, GOOD, "--dry-run")
    assert ended.code == 3
    assert f"in use by process {server.process.pid}" in ended.err


def test_a_policy_is_published_once_however_often_the_import_runs(till: Path) -> None:
    for _ in range(2):
        assert run(till, GOOD, "--preset", "purchases-only").code == 0
    versions = rapport("policy", "list", "--data", "data", "--json").json()
    assert [(one["name"], one["effective_from"]) for one in versions] == [
        ("retail", "1970-01-01T00:00:00Z"),
        ("purchases-only", "1970-01-01T00:00:00Z"),
    ]


def test_a_mapping_that_does_not_fit_is_refused_before_anything_is_written(till: Path) -> None:
    (till / "till.toml").write_text(MAPPING.replace("{total}", "{sum}"))
    ended = run(till, GOOD)
    assert (ended.code, ended.err) == (
        2,
        "rapport: the file has no column sum; it has receipt, who, when, total\n",
    )
    assert not (till / "data").exists()


def test_the_data_file_is_never_overwritten_with_rejects(till: Path) -> None:
    ended = run(till, GOOD + BAD, "--rejects", "till.csv")
    assert ended.code == 2
    assert (till / "till.csv").read_text().endswith(BAD)


@pytest.mark.parametrize("name", ["till.toml", "letters.txt", "letters.txt.unfinished"])
@pytest.mark.parametrize("rows", [GOOD, GOOD + BAD], ids=["clean", "with a reject"])
def test_no_file_but_an_earlier_reject_file_is_overwritten(
    till: Path, name: str, rows: str
) -> None:
    (till / name).touch()
    before = (till / name).read_text()
    ended = run(till, rows, "--rejects", name.removesuffix(".unfinished"))
    assert ended.code == 2
    assert (till / name).read_text() == before
    assert not (till / "data").exists()


def interrupt_at(row: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Ctrl-C pressed after so many rows."""
    run_whole = Importer.run

    def run_part(
        importer: Importer, rows: Iterable[Row], on_row: Callable[[Account], None]
    ) -> Account:
        def heard(account: Account) -> None:
            on_row(account)
            if account.rows == row:
                raise KeyboardInterrupt

        return run_whole(importer, rows, heard)

    monkeypatch.setattr(Importer, "run", run_part)


def test_ctrl_c_ends_with_an_account_and_keeps_both_lists_of_rejects(
    till: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(till, GOOD + BAD)
    earlier = (till / "till.csv.rejects.csv").read_text()
    interrupt_at(2, monkeypatch)
    ended = run(till, BAD + GOOD)
    assert ended.code == 130
    assert "stopped early; the next run continues from there. 2 rows: " in ended.err
    assert (till / "till.csv.rejects.csv").read_text() == earlier
    unfinished = (till / "till.csv.rejects.csv.unfinished").read_text()
    assert unfinished.startswith(",".join(HEADINGS) + "\n2,not-an-amount,")


def test_the_next_run_takes_away_what_was_unfinished(
    till: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        interrupt_at(2, patched)
        run(till, BAD + GOOD)
    assert run(till, GOOD).code == 0
    assert not list(till.glob("*.rejects.csv*"))


SUSPICIOUS = "1,ann,2026-01-01T10:00:00Z,1.500\n2,ben,2026-01-02T10:00:00Z,12.50\n"


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has somebody at a terminal type an answer."""
    return lambda answer: monkeypatch.setattr("sys.stdin", Terminal(answer))


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_a_suspicious_column_stops_an_import_at_a_terminal_before_writing(
    till: Path, types: Callable[[str], None], answer: str
) -> None:
    types(answer)
    ended = run(till, SUSPICIOUS)
    assert (ended.code, ended.out) == (2, "")
    assert "suspicious column total: 1 row, such as '1.500' in line 2, has three" in ended.err
    assert "nothing was written" in ended.err
    assert not (till / "data").exists()


@pytest.mark.parametrize(
    ("answer", "more"), [("y\n", ()), ("", ("--yes",)), ("", ("--json",)), ("", ("--dry-run",))]
)
def test_who_knows_the_column_goes_on(
    till: Path, types: Callable[[str], None], answer: str, more: tuple[str, ...]
) -> None:
    types(answer)
    assert run(till, SUSPICIOUS, *more).code == 0


def test_without_a_terminal_a_suspicious_column_stops_nothing(till: Path) -> None:
    ended = run(till, SUSPICIOUS)
    assert ended.code == 0
    assert ended.err.startswith("suspicious column total: ")


def test_a_sound_file_is_imported_without_a_question(
    till: Path, types: Callable[[str], None]
) -> None:
    types("")
    assert run(till, GOOD).code == 0


def test_a_reject_file_is_imported_once_its_rows_are_mended(till: Path) -> None:
    run(till, GOOD + "=3,=ann,2026-01-03T10:00:00Z,free\n")
    path = till / "till.csv.rejects.csv"
    text = path.read_text()
    assert ",\"'=3,=ann,2026" in text
    path.write_text(text.replace("=ann", "ann").replace(",free", ",4.20"))
    ended = rapport("import", "--mapping", "till.toml", path, "--data", "data", "--json")
    assert (ended.code, ended.json()["appended"]) == (0, 1)
    ended = run(till, "=3,ann,2026-01-03T10:00:00Z,4.20\n", "--json")
    assert ended.json()["already_known"] == 1


def test_standard_output_holds_the_rejects_alone(till: Path) -> None:
    ended = run(till, GOOD + BAD, "--rejects", "-")
    assert [line.partition(",")[0] for line in ended.out.splitlines()] == ["line", "4"]
    assert "3 rows: 2 appended" in ended.err
    assert run(till, GOOD, "--rejects", "-", "--json").code == 2


def test_an_unknown_ledger_is_named(till: Path) -> None:
    ended = run(till, GOOD, "--ledger", "branch")
    assert (ended.code, ended.err) == (
        2, "rapport: no ledger is named 'branch'; rapport ledgers list shows which there are\n",
    )  # fmt: skip  # the message reads better on one line


def test_a_folder_that_a_server_holds_is_left_alone(till: Path) -> None:
    with serving("serve", "--port", 0, "--data", till / "data") as server:
        ended = run(till, GOOD)
        assert ended.code == 3
        assert f"in use by process {server.process.pid}" in ended.err
        assert ended.err.count("\n") == 1


def test_a_file_that_breaks_off_keeps_what_was_read_and_says_so(till: Path) -> None:
    rows = "".join(f"{n},c{n % 9},2026-01-01T10:00:00Z,{n * 7919}\n" for n in range(8_000))
    whole = gzip.compress(("receipt,who,when,total\n" + rows).encode())
    (till / "till.csv").write_bytes(whole[: len(whole) // 2])
    arguments = ("import", "--mapping", "till.toml", "till.csv", "--data", "data", "--json")
    ended = rapport(*arguments)
    assert ended.code == 3
    assert "stopped early" in ended.err
    assert "the compressed data ends or breaks after line" in ended.err
    (till / "till.csv").write_bytes(whole)
    account = rapport(*arguments).json()
    assert account["already_known"] > 400
    assert account["already_known"] + account["appended"] == 8_000


def test_rows_of_a_merged_contact_are_appended_to_its_own_stream(till: Path) -> None:
    """They were all rejected once, for ever, because the till goes on under the old number."""
    assert run(till, GOOD).code == 0
    merge = {"type": "contact-merged", "data": {"into": "pos:ben"}}
    contacts = "/v1/ledgers/main/contacts"
    with serving("serve", "--port", 0, "--data", till / "data") as server:
        path = f"{server.url}{contacts}/pos:ann/events"
        httpx.post(path, json=merge, timeout=END_SECONDS).raise_for_status()
    more = "8,ann,2026-01-08T10:00:00Z,5\n9,ann,2026-01-09T10:00:00Z,5\n"
    for appended in (2, 0):
        ended = run(till, GOOD + more, "--json")
        assert ended.code == 0
        counts = ("rows", "appended", "already_known", "rejected", "contacts_registered")
        assert [ended.json()[name] for name in counts] == [4, appended, 4 - appended, 0, 0]
    with serving("serve", "--port", 0, "--data", till / "data") as server:
        found = httpx.get(f"{server.url}{contacts}/pos:ann", timeout=END_SECONDS).json()
    assert found["name"] == "ben"
    assert [one["version"] for one in found["streams"]] == [2, 5]
