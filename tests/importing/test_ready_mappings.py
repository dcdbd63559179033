"""Ready mappings: every row of each sample, the spellings they read, and what they refuse."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest

from api.cli.ending import UsageRefused
from api.cli.suspicions import columns_of
from api.service.importing.ready_mappings import (
    fitting_mappings,
    ready_mapping,
    ready_names,
    ready_text,
)
from api.service.importing.rows import open_rows
from domain.errors import Invalid
from domain.events.contacts import ContactMerged
from domain.instants import format_instant, parse_instant
from ledger.dry_run import open_dry_run
from ledger.stores.sqlite.store import SqliteStore
from tests.cli.running import rapport
from tests.importing.expected_samples import EXPECTED, NOW, OUTCOMES
from tests.importing.ledgers import content_of, imported_into, opened
from tests.importing.samples import SAMPLES, SETTINGS, sample

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.importing.mapping import FileMapping

NAMES = ready_names()
DELIMITED = [name for name in NAMES if name != "vcard"]


def at_import() -> int:
    return parse_instant(NOW)


def mapping_of(name: str) -> FileMapping:
    return ready_mapping(name).with_settings(SETTINGS.get(name, {}))


def header_of(name: str) -> list[str]:
    with sample(name).open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def test_every_ready_mapping_has_a_sample_and_the_other_way_round() -> None:
    assert sorted(path.stem for path in SAMPLES.iterdir()) == sorted(NAMES) == sorted(EXPECTED)


def with_own_ref(data: dict[str, Any], source: str, ref: str) -> dict[str, Any]:
    """A registration as it is stored: with the ref under which the contact is named."""
    return {**data, "refs": [*data.get("refs", []), {"source": source, "ref": ref}]}


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_a_sample_becomes_what_it_says(name: str, tmp_path: Path) -> None:
    mapping = mapping_of(name)
    with opened(tmp_path, at_import) as ledger:
        account, rejects = imported_into(ledger, mapping, sample(name))
        events = [one for one in ledger.log(limit=1000) if one.type != "policy-published"]
        found = [
            (one.contact_id, format_instant(one.occurred_at), one.type, one.event.show())
            for one in events
            if one.type != "contact-merged"
        ]
        source = mapping.contact.source
        expected = [
            (
                ledger.contact_id(f"{source}:{ref}"),
                at,
                type_name,
                with_own_ref(data, source, ref) if type_name == "contact-registered" else data,
            )
            for ref, at, type_name, data in EXPECTED[name]
        ]
        assert found == expected
        addresses = {
            (ledger.contact_id(f"{other['source']}:{other['ref']}"), contact)
            for contact, _, type_name, data in expected
            if type_name == "contact-registered"
            for other in data["refs"][:-1]
        }
        merged = {
            (one.contact_id, one.event.into)
            for one in events
            if isinstance(one.event, ContactMerged)
        }
        assert merged == addresses
        assert rejects == []
        assert (account.rows, account.appended, account.skipped) == OUTCOMES[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_imported_again_days_later_changes_nothing(name: str, tmp_path: Path) -> None:
    with opened(tmp_path, at_import) as ledger:
        imported_into(ledger, mapping_of(name), sample(name))
        before = content_of(ledger)
    with opened(tmp_path, lambda: parse_instant("2026-12-24T18:00:00Z")) as ledger:
        account, rejects = imported_into(ledger, mapping_of(name), sample(name))
        assert (account.appended, account.already_known, rejects) == (0, OUTCOMES[name][1], [])
        assert content_of(ledger) == before


@pytest.mark.parametrize("name", DELIMITED)
def test_a_dry_run_and_the_run_agree_on_every_row(name: str, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.csv"
    first, *rows = sample(name).read_text(encoding="utf-8").splitlines()
    # Every other row with an amount, a day and an id that cannot be read.
    spoiled = [row.replace("2", "=x").replace(".", "?") for row in rows[::2]]
    damaged.write_text("\n".join([first, *rows, *spoiled]) + "\n", encoding="utf-8")
    with open_dry_run(tmp_path / "none", "main", SqliteStore, clock=at_import) as copy:
        tried, refused = imported_into(copy, mapping_of(name), damaged)
    with opened(tmp_path / "ledger", at_import) as ledger:
        done, rejects = imported_into(ledger, mapping_of(name), damaged)
    assert refused == rejects
    assert done.appended
    assert done.rejected
    tried.seconds = done.seconds = 0
    assert tried == done


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_another_kind_is_refused_with_what_fits(name: str) -> None:
    for other in NAMES:
        if other == name:
            continue
        with pytest.raises(UsageRefused) as refused:
            columns_of(ready_mapping(name), sample(other), quiet=True)
        said = str(refused.value)
        assert f": try --mapping {other}" in said
        if "vcard" in (name, other):
            assert "vCards" in said
            continue
        missing = ready_mapping(name).missing_columns(header_of(other))
        assert missing
        assert said.startswith(f"the file has no column {', '.join(missing)}; it has ")


def test_a_refused_file_ends_with_the_code_of_a_wrong_use(tmp_path: Path) -> None:
    ended = rapport(
        "import", "--mapping", "stripe-payments", sample("toast-checks"), "--data", tmp_path / "d"
    )
    assert (ended.code, ended.out) == (2, "")
    assert "the file has no column Amount, Amount Refunded, " in ended.err
    assert (
        "it looks like Toast check details: a row for each check: try --mapping toast-checks "
        "--set currency=... --set time_zone=..." in ended.err
    )
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("name", DELIMITED)
def test_the_mapping_that_fits_a_sample_best_is_its_own(name: str) -> None:
    assert fitting_mappings(header_of(name))[0].name == name


@pytest.mark.parametrize("name", DELIMITED)
def test_each_spelling_of_a_header_is_read_alike(name: str, tmp_path: Path) -> None:
    mapping = mapping_of(name)
    header = header_of(name)
    first, rest = sample(name).read_text(encoding="utf-8").split("\n", 1)
    assert first.split(",") == header
    own = [column.name for column in mapping.shape.named]

    def read(path: Path) -> list[list[str]]:
        with open_rows(path, mapping.shape) as rows:
            mapping.check_columns(rows.columns_in_file)
            return [[row.columns[one] for one in own] for row in rows]

    before = read(sample(name))
    for column in mapping.shape.named:
        present = column.header_in(header)
        for spelling in (*column.headers, *map(str.swapcase, column.headers)):
            if present is None or spelling in header:
                continue
            respelled = [spelling if one == present else one for one in header]
            path = tmp_path / "respelled.csv"
            path.write_text(f"{','.join(respelled)}\n{rest}", encoding="utf-8")
            assert read(path) == before, spelling


@pytest.mark.parametrize("name", DELIMITED)
def test_columns_that_an_owner_left_out_are_not_missed(name: str) -> None:
    mapping = ready_mapping(name)
    needed = {
        header
        for column in mapping.shape.named
        if not column.optional and (header := column.header_in(header_of(name)))
    }
    assert mapping.missing_columns(needed) == []
    for one in needed:
        assert len(mapping.missing_columns(needed - {one})) == 1


def test_what_a_file_does_not_say_is_asked_for(tmp_path: Path) -> None:
    words = ("import", "--data", tmp_path, "--dry-run", sample("square-items"), "--mapping")
    ended = rapport(*words, "square-items")
    assert ended.code == 2
    assert "currency, the currency of the amounts, such as USD; say --set currency=..." in ended.err
    ended = rapport(*words, "square-items", "--set", "currency=USD", "--set", "till=1")
    assert "square-items has no setting till, but currency" in ended.err
    ended = rapport(*words, "square-items", "--set", "currency=USD", "--json")
    assert (ended.code, ended.json()["appended"], ended.json()["skipped"]) == (0, 5, 1)
    ended = rapport(*words, "square-itmes")
    assert "name a TOML file, or one of google-contacts, " in ended.err


def test_the_help_names_every_ready_mapping() -> None:
    text = rapport("import", "--help").out
    assert [name for name in NAMES if name not in text] == []
    with pytest.raises(Invalid, match="there are google-contacts, "):
        ready_text("square")
