"""A server of its own for whatever the documentation shows."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMMAND = "from api.cli import main; main()"


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A server of its own, as ``rapport serve`` starts it, on a port that was free."""
    arguments = ["serve", "--port", "0", "--data", str(tmp_path / "data")]
    with subprocess.Popen(
        [sys.executable, "-c", _COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as server:
        watchdog = threading.Timer(60, server.kill)
        watchdog.start()
        try:
            yield _port_said(server)
        finally:
            watchdog.cancel()
            server.terminate()
            server.communicate(timeout=END_SECONDS)


def _port_said(server: subprocess.Popen[str]) -> int:
    said = ""
    assert server.stdout is not None
    for line in server.stdout:
        said += line
        if match := re.search(r"http://127\.0\.0\.1:([1-9]\d*)", line):
            return int(match[1])
    raise AssertionError(f"the server ended without saying where it listens:\n{said}")
