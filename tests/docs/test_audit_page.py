"""The auditor's page: every command on it was typed in, by hand and without our programs too."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cli.running import attempts, serving
from tests.docs.shell import blocks
from tests.fixtures.patience import END_SECONDS
from tests.house.tree import ROOT
from tests.ledger.given import ANN

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "how-to" / "audit-a-ledger.md"
NEEDED = ("bash", "curl", "openssl", "sqlite3", "xxd")
EVENTS = 300
"""More than one bundle of them."""

PROGRAM = "'from api.cli import main; main()'"
OURS = f'rapport() {{ PYTHONPATH={ROOT} {sys.executable} -c {PROGRAM} "$@"; }}\n'


def typed(folder: Path, commands: list[str], url: str) -> str:
    """What a terminal shows after these commands."""
    script = OURS + "\n".join(commands).replace("http://127.0.0.1:8400", url)
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder, capture_output=True, text=True, timeout=END_SECONDS, check=False,
    )  # fmt: skip  # one argument a line would bury the call
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"it needs {', '.join(NEEDED)}")
def test_an_auditor_gets_through_the_page(tmp_path: Path) -> None:
    *served, files = blocks(PAGE, "sh")
    (script,) = blocks(PAGE, "python")
    (tmp_path / "root.py").write_text(script, encoding="utf-8")
    with serving("serve", "--data", tmp_path / "rapport-data", "--port", 0) as server:
        ledger = f"{server.url}/v1/ledgers/main"
        several = [
            {"contact": f"pos:{number}", "type": "contact-registered", "data": ANN}
            for number in range(EVENTS)
        ]
        assert httpx.post(f"{ledger}/events", json=several, timeout=END_SECONDS).status_code == 201
        for _ in attempts():  # it is sealed within a second
            if (
                int(httpx.get(f"{ledger}/log/checkpoint", timeout=END_SECONDS).text.splitlines()[1])
                > EVENTS
            ):
                break
        out = typed(tmp_path, served, server.url)
        entry = httpx.get(f"{ledger}/log/entries/1", timeout=END_SECONDS).content
    assert "Signature Verified Successfully" in out
    assert "the root holds" in out
    assert out.count(": sound") == 2
    assert f"signed   {EVENTS + 1} of {EVENTS + 1} events" in out
    assert out.splitlines()[-1] == entry[-32:].hex()
    state, positions, *rest = typed(tmp_path, [files], server.url).splitlines()
    assert state.split()[0] == entry[-32:].hex()
    assert positions == f"{EVENTS + 1}|1|{EVENTS + 1}"
    assert rest == ["ok"]
