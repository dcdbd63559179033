"""The Python that the pages show runs as it stands, against a server of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cli.running import ROOT, serving
from tests.docs.shell import blocks
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "how-to" / "use-the-client.md"


def said(url: str, program: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program.replace("http://127.0.0.1:8400", url)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_the_page_says_what_happens(tmp_path: Path) -> None:
    first, many, auditing, in_a_loop = blocks(PAGE, "python")
    with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
        assert said(server.url, first) == ["customer 0 []", "contact-unregistered"]
        positions = [line.split()[0] for line in said(server.url, many)]
        assert positions == ["1", "2", "3", "4", "5"]
        assert said(server.url, auditing) == ["1", "customer 0"]
        assert said(server.url, in_a_loop) == ["Anna de Wit customer", "purchase-made"]


@pytest.mark.parametrize("page", ["README.md", "client/README.md", "docs/how-to/use-the-client.md"])
def test_the_first_example_of_a_page_can_be_pasted_again(tmp_path: Path, page: str) -> None:
    shown, *_ = blocks(ROOT / page, "python")
    with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
        first = said(server.url, shown)
        assert first[0].startswith("customer")
        assert first[-1] == "contact-unregistered"
        assert said(server.url, shown) == first
        assert (
            len(
                httpx.get(f"{server.url}/v1/ledgers/main/events", timeout=END_SECONDS).json()[
                    "items"
                ]
            )
            == 3
        )
