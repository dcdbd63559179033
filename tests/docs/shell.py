"""Running what the documentation shows, and reading what a terminal would show."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

needs_a_shell = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl")), reason="the session needs bash and curl"
)


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page in that language."""
    pattern = rf"^```{language}\n(.*?)^```"
    return re.findall(pattern, page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run(script: str) -> list[dict[str, Any]]:
    """The JSON objects that the script prints, one after the other."""
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
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
