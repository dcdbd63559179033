"""Running ``rapport``: in this process for its words, in another one for its signals."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli import cli
from api.cli.ending import ending_of
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.server_processes import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-c", "from api.cli import main; main()")


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def attempts() -> Iterator[None]:
    """For whoever asks again and again until something is so, which it must be soon."""
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        yield
    raise AssertionError("it did not come to be in time")


def rapport(*arguments: object) -> Ended:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = ending_of(cli, [str(argument) for argument in arguments])
    return Ended(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Serving:
    """A server in a process of its own."""

    url: str
    process: ServerProcess


@contextmanager
def serving(*arguments: object) -> Iterator[Serving]:
    """``rapport`` with these arguments, once it listens; told to stop at the end."""
    process = ServerProcess([str(argument) for argument in arguments])
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("Rapport listens on "):
                break
        else:
            raise AssertionError("".join(said))
        yield Serving(line.split()[3], process)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
