"""What address books and shops need of a mapping: composed names, settings, repeats and dates."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from api.service.importing.dates import read_date
from api.service.importing.mapping import mapping_of
from api.service.importing.repeats import write_repeats_out
from domain.errors import Invalid
from domain.instants import format_instant
from tests.importing.ledgers import dry_run, imported_into, opened
from tests.importing.test_importer import purchases
from tests.importing.test_mapping import SOUND, changed
from tests.importing.test_named_columns import ROW, file_of, mapping_with

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.importing.mapping import FileMapping
    from ledger.ledger import Ledger

BOOK: dict[str, Any] = {
    "name": "book",
    "key": "no",
    "contact": {"source": "book", "ref": "{no}", "registration": {"kind": "person", "name": "{n}"}},
    "column": {"n": {"text": "{first} {last}", "fallback": "no"}},
    "occurred_at": {"kept": True},
    "event": [
        {
            "type": "preference-learned",
            "also": "likes {likes}",
            "when": {"text": "{likes}", "is_not": ""},
            "data": {"key": "drink", "value": "{likes}"},
        }
    ],
}
HEAD = "no,first,last,likes\n"


def shown(ledger: Ledger, name: str) -> list[dict[str, Any]]:
    contact_id = ledger.contact_id(name)
    return [one.event.show() for one in ledger.log(limit=100) if one.contact_id == contact_id]


def column(**own: Any) -> str:
    """What a column reads from a row with some texts."""
    mapping = mapping_with(column={"own": own})
    read = mapping.shape.named[0].reader(["a", "b"])
    return read({"a": "x1 ::: x2", "b": "0"})


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ({"text": " {a}   {b}"}, "x1 ::: x2 0"),
        ({"text": "{c}", "fallback": "b"}, "0"),
        ({"header": "b", "blank": ["0", "-"]}, ""),
        ({"header": "b", "blank": "0", "default": "none"}, "none"),
        ({"header": "a", "split": " ::: "}, "x1"),
        ({"header": "a", "split": " ::: ", "part": 2}, "x2"),
        ({"header": "a", "split": " ::: ", "part": 3, "default": "y"}, "y"),
        ({"default": "EUR"}, "EUR"),
    ],
)
def test_a_column_is_composed_split_or_filled(own: dict[str, Any], text: str) -> None:
    if own.get("text") == "{c}":
        own = {**own, "text": "{d}"}
        mapping = mapping_with(column={"d": {"header": "c", "optional": True}, "own": own})
        read = [(one.name, one.reader(["b"])) for one in mapping.shape.named]
        row = {"b": "0"}
        for name, of in read:
            row[name] = of(row)
        assert row["own"] == text
    else:
        assert column(**own) == text


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"header": "a", "text": "{b}"}, "not both"),
        ({"text": "{own}"}, "own must stand above own"),
        ({"header": "a", "part": 0}, "must be 1 or more"),
        ({"header": "a", "text": "{"}, "/column/own/text"),
    ],
)
def test_a_column_that_contradicts_itself_is_refused(own: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        mapping_with(column={"own": own})


def test_a_table_is_repeated_with_its_number() -> None:
    written = write_repeats_out(
        {
            "column": {"mail_#": {"repeat": 2, "header": ["E-mail #", "Mail #"]}, "x": {}},
            "event": [{"repeat": 2, "also": "{mail_#}", "data": {"n": "#", "whole": 1}}, {}],
        }
    )
    assert written == {
        "column": {
            "mail_1": {"header": ["E-mail 1", "Mail 1"]},
            "mail_2": {"header": ["E-mail 2", "Mail 2"]},
            "x": {},
        },
        "event": [
            {"also": "{mail_1}", "data": {"n": "1", "whole": 1}},
            {"also": "{mail_2}", "data": {"n": "2", "whole": 1}},
            {},
        ],
    }
    for times in (0, 21, True, "2"):
        with pytest.raises(Invalid, match="/event/0/repeat"):
            mapping_of({**SOUND, "event": [{**SOUND["event"][0], "repeat": times}]})


@pytest.mark.parametrize(
    ("text", "formats", "date"),
    [
        ("1985-04-12", (), (1985, 4, 12)),
        ("19850412", (), (1985, 4, 12)),
        ("19850412T000000Z", (), (1985, 4, 12)),
        ("--0412", (), (None, 4, 12)),
        ("--02-29", (), (None, 2, 29)),
        ("1604-02-29", (), (None, 2, 29)),
        ("0000-04-12", (), (None, 4, 12)),
        ("12.4.1985", ("%d.%m.%Y",), (1985, 4, 12)),
        ("29.2.", ("%d.%m.",), (None, 2, 29)),
    ],
)
def test_a_day_is_read_with_or_without_its_year(
    text: str, formats: tuple[str, ...], date: tuple[int | None, int, int]
) -> None:
    assert read_date(text, formats) == date


@pytest.mark.parametrize(
    ("text", "formats", "says"),
    [
        ("soon", (), "is no date"),
        ("31/31/1985", ("%d/%m/%Y", "%m/%d/%Y"), "is no date"),
        ("02/01/1985", ("%d/%m/%Y", "%m/%d/%Y"), "read as different days"),
    ],
)
def test_a_text_that_is_no_day_is_refused(text: str, formats: tuple[str, ...], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        read_date(text, formats)


def book(**tables: Any) -> FileMapping:
    return mapping_of({**BOOK, **tables})


def test_a_row_may_be_a_registration_and_nothing_else(tmp_path: Path) -> None:
    path = file_of(tmp_path, "1,Ann,Lee,tea", "2,Ben,,", "3,,,", head=HEAD)
    with opened(tmp_path / "data") as ledger:
        for appended, known in ((3, 0), (0, 3)):
            account, rejects = imported_into(ledger, book(), path)
            assert (account.appended, account.already_known, rejects) == (appended, known, [])
        assert [one.get("name") for one in shown(ledger, "book:1")] == ["Ann Lee", None]
        assert [shown(ledger, f"book:{no}")[0]["name"] for no in (2, 3)] == ["Ben", "3"]


def test_a_registration_that_is_refused_rejects_its_row(tmp_path: Path) -> None:
    path = file_of(tmp_path, "1,Ann\u202e,Lee,", head=HEAD)
    account, rejects = dry_run(book(), path)
    assert (account.appended, account.rejected, account.already_known) == (0, 1, 0)
    assert [one.code for one in rejects] == ["invalid-text"]


def test_without_a_registration_each_row_needs_an_event(tmp_path: Path) -> None:
    contact = {"source": "book", "ref": "{no}"}
    path = file_of(tmp_path, "1,Ann,Lee,", head=HEAD)
    _, rejects = dry_run(book(contact=contact), path)
    assert [one.code for one in rejects] == ["no-rule"]


def test_what_is_recorded_keeps_the_moment_of_its_import(tmp_path: Path) -> None:
    first, later = 1_700_000_000_000_000, 1_760_000_000_000_000
    for now in (first, later):
        lines = ["1,Ann,Lee,tea"] if now == first else ["1,Ann,Lee,tea", "2,Ben,,beer"]
        path = file_of(tmp_path, *lines, head=HEAD)
        with opened(tmp_path / "data", partial(int, now)) as ledger:
            account, rejects = imported_into(ledger, book(), path)
            assert (account.appended, rejects) == (1, [])
            moments = {
                name: {one.occurred_at for one in ledger.stream(ledger.contact_id(name))}
                for name in ("book:1", "book:2")
            }
    assert moments == {"book:1": {first}, "book:2": {later}}


REFUNDED = {
    "type": "purchase-reversed",
    "also": "refund",
    "when": {"text": "{back}", "is_not": ["", "-"]},
    "occurred_at": {"text": "{back}"},
    "data": {"purchase_id": "{receipt}", "amount_minor": {"amount": "1"}, "currency": "EUR"},
}


def test_an_event_may_have_a_moment_of_its_own(tmp_path: Path) -> None:
    mapping = mapping_with(event=[*SOUND["event"], REFUNDED])
    path = file_of(
        tmp_path,
        f"{ROW},2026-01-05T10:00:00Z",
        f"2,{ROW[2:]},-",
        head="receipt,who,when,total,back\n",
    )
    with opened(tmp_path / "data") as ledger:
        account, rejects = imported_into(ledger, mapping, path)
        assert (account.appended, rejects) == (2, [])
        found = [
            (one.type, format_instant(one.occurred_at))
            for one in ledger.stream(ledger.contact_id("pos:ann"))
        ]
    assert found[1:] == [
        ("purchase-made", "2026-01-01T10:00:00Z"),
        ("purchase-reversed", "2026-01-05T10:00:00Z"),
        ("purchase-made", "2026-01-01T10:00:00Z"),
    ]


def test_the_articles_of_a_group_are_one_list(tmp_path: Path) -> None:
    event = changed("event", 0, "data", "items", to={"list": ["{what}", "{size}"]})["event"]
    head = "receipt,who,when,total,what,size\n"
    path = file_of(tmp_path, f"{ROW},tea,", f"{ROW},,", f"{ROW},cup,large", head=head)
    with opened(tmp_path / "data") as ledger:
        imported_into(ledger, mapping_with(group=True, event=event), path)
        assert shown(ledger, "pos:ann")[-1]["items"] == ["tea", "cup", "large"]


def test_a_group_may_be_left_out_by_its_first_row_alone(tmp_path: Path) -> None:
    skip = [{"text": "{who}", "is": "", "whole_group": True}]
    rows = (
        ROW,
        ROW.replace("ann", ""),  # belongs to the receipt above
        "2,,2026-01-01T10:00:00Z,1",
        "2,ben,2026-01-01T10:00:00Z,1",  # belongs to a receipt of nobody
        "3,cleo,2026-01-01T10:00:00Z,1",
    )
    mapping = mapping_with(group=True, skip=skip)
    with opened(tmp_path / "data") as ledger:
        account, rejects = imported_into(ledger, mapping, file_of(tmp_path, *rows))
        assert (account.appended, account.skipped, rejects) == (3, 2, [])
        assert [one.amount_minor for one in purchases(ledger, "pos:ann")] == [840]


def test_a_setting_is_read_where_the_file_has_no_such_column() -> None:
    coin = {"header": "coin", "setting": "the currency"}
    event = changed("event", 0, "data", "currency", to="{currency}")["event"]
    mapping = mapping_with(column={"currency": coin}, event=event)
    here = ["receipt", "who", "when", "total"]
    with pytest.raises(Invalid, match="does not say everything: currency, the currency"):
        mapping.check_columns(here)
    mapping.check_columns([*here, "Coin"])
    said = mapping.with_settings({"currency": "SEK"})
    said.check_columns(here)
    assert said.shape.named[0].reader(here)({}) == "SEK"
    with pytest.raises(Invalid, match="has no setting zone, but currency"):
        mapping.with_settings({"zone": "UTC"})


def test_what_is_said_must_be_a_currency_or_a_time_zone() -> None:
    columns: dict[str, dict[str, object]] = {
        "coin": {"header": "coin", "setting": "the currency", "upper": True},
        "currency": {"header": "currency", "optional": True, "fallback": "coin"},
        "zone": {"setting": "the time zone"},
    }
    event = changed("event", 0, "data", "currency", to="{currency}")["event"]
    when = {"text": "{when}", "format": "%d.%m.%Y", "time_zone": "{zone}"}
    mapping = mapping_with(column=columns, event=event, occurred_at=when)
    said = mapping.with_settings({"coin": "sek", "zone": "Asia/Tokyo"})
    assert [one.default for one in said.shape.named] == ["SEK", "", "Asia/Tokyo"]
    with pytest.raises(Invalid) as refused:
        mapping.with_settings({"coin": "ZZZ", "zone": "Mars/X"})
    assert [(one.pointer, one.code) for one in refused.value.errors] == [
        ("/zone", "unknown-time-zone"),
        ("/coin", "unknown-currency"),
    ]
    columns["coin"]["default"] = "ZZZ"
    with pytest.raises(Invalid, match="/column/coin/default: 'ZZZ': must be an ISO 4217 code"):
        mapping_with(column=columns, event=event, occurred_at=when)


def test_a_zone_that_a_row_names_must_be_one(tmp_path: Path) -> None:
    mapping = mapping_with(
        occurred_at={"text": "{when}", "format": "%Y-%m-%dT%H:%M:%SZ", "time_zone": "{zone}"}
    )
    head = "receipt,who,when,total,zone\n"
    path = file_of(tmp_path, f"{ROW},Asia/Tokyo", f"2,{ROW[2:]},Mars", f"3,{ROW[2:]},", head=head)
    with opened(tmp_path / "data") as ledger:
        _, rejects = imported_into(ledger, mapping, path)
        moments = [one.occurred_at for one in ledger.stream(ledger.contact_id("pos:ann"))]
    assert [(one.line, one.code) for one in rejects] == [
        (3, "unknown-time-zone"),
        (4, "unknown-time-zone"),
    ]
    assert format_instant(moments[-1]) == "2026-01-01T01:00:00Z"
