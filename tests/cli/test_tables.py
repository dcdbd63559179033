"""Tables fit the terminal and cut nothing that somebody may want to copy."""

from __future__ import annotations

import io
import re
import subprocess
from contextlib import redirect_stdout
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from api.cli.output import print_table
from tests.cli.running import PROGRAM, ROOT, rapport
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ID = str(UUID(int=7))
AT = "2026-03-01T09:30:00.123456Z"
PROSE = "regularity off -> +60, silence is judged otherwise, guests 10 -> 25"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def printed(headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str = "") -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        print_table(headings, rows, empty)
    return _COLOURS.sub("", out.getvalue())


@pytest.fixture(params=[20, 40, 60, 80, 120])
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """A terminal of so many columns."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(request.param))
    assert isinstance(request.param, int)
    return request.param


def test_ids_and_instants_stay_whole_at_every_width(columns: int) -> None:
    out = printed(("contact", "since", "because"), [(ID, AT, PROSE), (ID, AT, "")])
    assert out.count(ID) == 2
    assert out.count(AT) == 2
    assert set(PROSE.split()) <= set(out.split())
    if columns >= 80:
        assert max(map(len, out.splitlines())) <= columns


def test_a_row_that_does_not_fit_is_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    out = printed(("contact", "since"), [(ID, AT), (ID, "one\ntwo")])
    assert out.splitlines() == [
        f"contact  {ID}",
        f"since    {AT}",
        "",
        f"contact  {ID}",
        "since    one",
        "         two",
    ]


def test_where_there_is_no_terminal_lines_are_whole() -> None:
    long = "word " * 100 + "end"
    header, line = printed(("contact", "because"), [(ID, long)]).splitlines()
    assert header.split() == ["contact", "because"]
    assert line.split("  ", 1) == [ID, long]


@pytest.mark.parametrize("text", ["[/]", "[bold]x[/bold]", ":smile:", "[red", "\\[x]"])
def test_what_looks_like_markup_is_text(text: str) -> None:
    assert text in printed(("name",), [(text,)])


def test_an_empty_list_says_so() -> None:
    assert printed(("name",), [], "There are no ledgers.") == "There are no ledgers.\n"


def test_a_reader_who_leaves_ends_a_table_quietly(tmp_path: Path) -> None:
    """As other lines do: a pipe that nobody reads any more is no problem of the command."""
    data = tmp_path / "data"
    assert rapport("ledgers", "create", "shop", "--data", data).code == 0
    ended = subprocess.run(
        ["bash", "-c", '"$@" | true; echo "${PIPESTATUS[0]}"', "bash", *PROGRAM,
         "summary", "--data", data],
        cwd=ROOT, capture_output=True, text=True, timeout=END_SECONDS, check=True,
    )  # fmt: skip  # a command reads better on few lines
    assert (ended.stdout, ended.stderr) == ("0\n", "")
