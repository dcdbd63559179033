"""How far long commands say that they are."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stderr

import pytest

from api.cli.output import progress

_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def test_a_bar_is_there_at_once_and_ends_at_100_percent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    err = io.StringIO()
    with redirect_stderr(err):
        with progress("rebuilding", 1000) as advance:
            begun = err.getvalue()
            advance(1, "1 of 1,000 events")
        ended = _CONTROLS.sub("", err.getvalue()).rstrip().splitlines()[-1]
    assert "rebuilding" in begun
    assert "100%" in ended
    assert "1 of 1,000" not in ended


@pytest.mark.parametrize(("total", "done"), [(1000, 3), (0, 0), (100, 0.25)])
def test_where_there_is_no_terminal_lines_end_at_100_percent(
    monkeypatch: pytest.MonkeyPatch, total: int, done: float
) -> None:
    monkeypatch.setattr("api.cli.output.PLAIN_LINE_SECONDS", 0)
    err = io.StringIO()
    with redirect_stderr(err), progress("rebuilding", total) as advance:
        advance(done, "so many")
    assert err.getvalue().splitlines() == ["rebuilding: 0 % so many", "rebuilding: 100 %"]


def test_what_is_done_soon_needs_no_line() -> None:
    err = io.StringIO()
    with redirect_stderr(err), progress("rebuilding", 10) as advance:
        advance(3, "so many")
    assert err.getvalue() == ""
