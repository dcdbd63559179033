"""``rapport log``: one act for several people, in a folder and at the server that holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.cli.running import rapport, serving

if TYPE_CHECKING:
    from pathlib import Path

ACT = UUID("6f1c1c6e-0000-4000-8000-000000000001")
VISIT = ("log", "visit-made", "pos:1", "pos:2", "pos:1", "--field", "guests=1", "--id", ACT,
         "--occurred-at", "2026-03-03T19:00:00Z")  # fmt: skip  # words of one command


def test_an_act_is_recorded_once_for_each_whoever_holds_the_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    registered = ("log", "contact-registered", "--field", "kind=person", "--field", "name=12")
    assert rapport(*registered, "pos:1", "pos:2", "--data", data).code == 0  # 12 stays a text
    ended = rapport(*VISIT, "--data", data, "--json")
    assert ended.code == 0
    first = ended.json()
    assert first["act_id"] == str(ACT)
    assert [one["replayed"] for one in first["events"]] == [False, False]
    with serving("serve", "--data", data, "--port", 0) as server:
        for where in (("--data", data), ("--url", server.url)):
            again = rapport(*VISIT, *where, "--json").json()
            assert [one["replayed"] for one in again["events"]] == [True, True]
            assert [one["id"] for one in again["events"]] == [one["id"] for one in first["events"]]
        ended = rapport("log", "visit-made", "pos:2", "--field", "guests=3", "--data", data)
        assert ended.code == 0
        assert ended.out.startswith("recorded at 6: visit-made of ")
        assert "the id of the act is " in ended.out
        ended = rapport(
            "log", "visit-made", "pos:1", "pos:9", "--field", "guests=3", "--data", data
        )
        assert (ended.code, "never registered" in ended.err) == (1, True)
    ended = rapport("log", "visit-made", "pos:1", "--field", "guests=5", "--data", data)
    assert ended.out.startswith("recorded at 7: ")  # nothing of the refused act was recorded


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("visit-dreamt", "pos:1"), "visit-dreamt is no type of event"),
        (("visit-made", "pos:1", "--field", "guests"), "write NAME=VALUE"),
        (("visit-made", "pos:1", "--field", "guests=1", "--field", "guests=2"), "each name once"),
        (("visit-made", "pos:1", "--field", "guests=many"), "must be a whole number"),
        (("visit-made", "pos:1", "--field", "guest=1"), "/data/guest"),
        (("visit-made",), "CONTACT"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    ended = rapport("log", *words, "--data", tmp_path / "data")
    assert ended.code == 2
    assert says in ended.err
