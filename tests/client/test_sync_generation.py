"""The client without an event loop is what the tool makes of the one with an event loop."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.client.sync_generation import MADE, SOURCE, TOOL, generate
from tests.house.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}


@pytest.mark.skipif(not TOOL.exists(), reason="unasyncd is not installed; make client-sync does it")
def test_the_committed_client_is_what_the_tool_makes(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    shutil.copytree(ROOT / SOURCE, tmp_path / SOURCE, ignore=shutil.ignore_patterns("__pycache__"))
    assert contents(generate(tmp_path)) == contents(ROOT / MADE)


def test_the_committed_client_has_no_coroutine() -> None:
    for name, text in contents(ROOT / MADE).items():
        for word in ("async ", "await ", "asyncio", "aclose", "Async"):
            assert word not in text, name
