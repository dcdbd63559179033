"""Running what the documentation shows, and reading what a terminal would show."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.fences import fences
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

needs_a_shell = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl")), reason="the session needs bash and curl"
)


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page in that language, without those that say why nobody runs them."""
    return [one.code for one in fences(page) if one.language == language and one.reason is None]


def run(script: str) -> list[dict[str, Any]]:
    """The JSON objects that the script prints, one after the other."""
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=END_SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    decoder, text = json.JSONDecoder(), ran.stdout
    documents = []
    place = text.find("{")
    while place >= 0:
        document, end = decoder.raw_decode(text, place)
        documents.append(document)
        place = text.find("{", end)
    return documents
