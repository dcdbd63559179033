"""Mapping files: what is wrong in one is said with its place."""

from __future__ import annotations

import copy
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from api.service.importing.mapping import mapping_of, read_mapping
from domain.errors import Invalid

EXAMPLES = Path(__file__).parents[2] / "examples"

SOUND: dict[str, Any] = {
    "name": "till",
    "key": ["receipt"],
    "contact": {"source": "pos", "ref": "{who}", "registration": {"kind": "person", "name": "x"}},
    "occurred_at": {"text": "{when}"},
    "event": [
        {
            "type": "purchase-made",
            "data": {
                "purchase_id": "{receipt}",
                "amount_minor": {"amount": "{total}"},
                "currency": "EUR",
                "initiated_by": "contact",
            },
        }
    ],
}


def changed(*path: str | int, to: object) -> dict[str, Any]:
    document = copy.deepcopy(SOUND)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return document


@pytest.mark.parametrize("name", ["cdnow.toml", "onlineretail.toml"])
def test_the_examples_are_sound(name: str) -> None:
    assert read_mapping(EXAMPLES / name).name == name.removesuffix(".toml")


@pytest.mark.parametrize(
    ("path", "to", "pointer"),
    [
        (("name",), None, "/name"),
        (("key",), [], "/key"),
        (("key",), ["receipt", "receipt"], "/key"),
        (("extra",), 1, "/extra"),
        (("contact", "source"), "P O S", "/contact/source"),
        (("contact", "nickname"), "x", "/contact/nickname"),
        (("contact", "ref"), "{who", "/contact/ref"),
        (("contact", "registration", "kind"), None, "/contact/registration/kind"),
        (("occurred_at", "time_zone"), "Europe/Atlantis", "/occurred_at/time_zone"),
        (("occurred_at", "time_of_day"), "12:00", "/occurred_at/time_of_day"),
        (("file",), {"delimiter": "||"}, "/file/delimiter"),
        (("file",), {"header": False}, "/file/columns"),
        *(
            (("file",), {"encoding": name}, "/file/encoding")
            for name in ("klingon", "rot13", "hex", "utf-16", "utf-7", "cp037", "unicode_escape")
        ),
        (("event",), [], "/event"),
        (("event", 0, "type"), "policy-published", "/event/0/type"),
        (("event", 0, "type"), "purchase-dreamt", "/event/0/type"),
        (("event", 0, "pair_with_purchase"), True, "/event/0/pair_with_purchase"),
        (("event", 0, "when"), {"text": "{a}", "are": ["b"]}, "/event/0/when/is"),
        (("event", 0, "data", "colour"), "red", "/event/0/data/colour"),
        (("event", 0, "data", "currency"), None, "/event/0/data/currency"),
        (("event", 0, "data", "currency"), "ZZZ", "/event/0/data/currency"),
        (
            ("event", 0, "data", "currency"),
            {"choice": "{coin}", "words": {"e": "EUR", "z": "ZZZ"}},
            "/event/0/data/currency/words/z",
        ),
        (
            ("contact", "registration", "time_zone"),
            "Mars/X",
            "/contact/registration/time_zone",
        ),
        (
            ("event", 0, "occurred_at"),
            {"text": "{x}", "time_zone": "Mars/X"},
            "/event/0/occurred_at/time_zone",
        ),
        (("event", 0, "data", "amount_minor"), {"sum": "{total}"}, "/event/0/data/amount_minor"),
        (("event", 0, "data", "amount_minor"), 1.5, "/event/0/data/amount_minor"),
        *(
            (("event", 0, "data", "amount_minor"), {"amount": "{total}", **marks}, pointer)
            for pointer, marks in (
                ("/event/0/data/amount_minor/decimal_mark", {"decimal_mark": "comma"}),
                ("/event/0/data/amount_minor/decimal_mark", {"decimal_mark": "5"}),
                ("/event/0/data/amount_minor/group_mark", {"group_mark": "-"}),
                ("/event/0/data/amount_minor/group_mark", {"group_mark": 5}),
                ("/event/0/data/amount_minor/group_mark", {"group_mark": "."}),
                (
                    "/event/0/data/amount_minor/group_mark",
                    {"decimal_mark": " ", "group_mark": "\u202f"},
                ),
            )
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    path: tuple[str | int, ...], to: object, pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        mapping_of(changed(*path, to=to))
    assert [error.pointer for error in refused.value.errors] == [pointer]


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        ({"format": "%Y-%m-%d %H:%M %Z"}, "does not tell the offset"),
        ({"format": "%Y-%m-%d %H:%M %p"}, "%p goes with %I"),
        ({"format": "%Y-%m-%d %I:%M"}, "%I needs %p"),
        ({"format": "%Y-%m-%d %H:%M", "time_of_day": time(12)}, "time_of_day is for files"),
        ({"time_of_day": time(12)}, "an RFC 3339 text has a time"),
    ],
)
def test_a_part_of_a_time_that_would_be_read_and_dropped_is_refused(
    moment: dict[str, object], says: str
) -> None:
    with pytest.raises(Invalid, match=says):
        mapping_of(changed("occurred_at", to={"text": "{when}", **moment}))


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "shift_jis", "koi8-r"])
def test_encodings_with_ascii_in_them_can_be_read(name: str) -> None:
    assert mapping_of(changed("file", to={"encoding": name})).shape.encoding == name


def test_the_keys_that_there_are_stand_beside_one_that_is_not() -> None:
    with pytest.raises(Invalid, match="no such key here, but text, format, time_zone, time_of_day"):
        mapping_of(changed("occurred_at", "zone", to="UTC"))
    with pytest.raises(Invalid, match="but contact, name, source, file, column, key, occurred_at"):
        mapping_of(changed("events", to=[]))


def test_a_column_that_the_file_lacks_is_named() -> None:
    with pytest.raises(Invalid, match="no column total; it has receipt, who, when"):
        mapping_of(SOUND).check_columns(["receipt", "who", "when"])


@pytest.mark.parametrize("content", ["name = ", "name = " + "[" * 100_000])
def test_a_file_that_is_no_toml_is_said_to_be_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "broken.toml").write_text(content)
    with pytest.raises(Invalid, match=r"broken\.toml is not TOML"):
        read_mapping(tmp_path / "broken.toml")
