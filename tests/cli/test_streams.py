"""What commands write on standard output arrives whole, whatever interrupts them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.fixtures.patience import END_SECONDS

WRITES = """
import signal, sys
from api.cli.streams import take_every_character

take_every_character()
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for _ in range(40):
    {write}
sys.stdout.flush()
signal.setitimer(signal.ITIMER_REAL, 0)
"""
LENGTH = 200_000


@pytest.mark.parametrize(
    "write",
    [f"sys.stdout.write('x' * {LENGTH})", f"sys.stdout.buffer.write(b'x' * {LENGTH})"],
    ids=["text", "bytes"],
)
def test_what_a_signal_interrupts_is_written_to_its_end(write: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WRITES.format(write=write)],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        check=True,
        timeout=END_SECONDS,
    )
    assert len(ran.stdout) == 40 * LENGTH
