from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from api import logs

if TYPE_CHECKING:
    import pytest


def test_a_log_line_says_when_how_bad_where_and_what(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    level = root.level
    try:
        logs.configure("warning")
        logging.getLogger("rapport.http").info("not this one")
        logging.getLogger("rapport.http").warning("the disk is nearly full")
    finally:
        root.setLevel(level)
    (line,) = capsys.readouterr().err.splitlines()
    instant = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"
    assert re.fullmatch(f"{instant} WARNING rapport.http the disk is nearly full", line)
