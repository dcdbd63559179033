"""Counts of instructions by valgrind, which are the same however busy the machine is."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.measure import NotMeasured
from benchmarks.purchases import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_COUNTS = "counts."
_SUMMARY = "summary: "


@dataclass(frozen=True)
class Counts:
    """The folder in which cachegrind leaves a file for each process that has ended."""

    folder: Path

    def of(self, process_id: int) -> int:
        """The instructions of one process since it was started, or since what forked it was."""
        return _count(self.folder / f"{_COUNTS}{process_id}")

    def total(self) -> int:
        """The instructions of all processes that a program started by running programs."""
        return sum(_count(path) for path in self.folder.glob(f"{_COUNTS}*"))


def require_valgrind() -> None:
    """Go on where there is valgrind.

    Raises:
        NotMeasured: it is not installed.
    """
    if shutil.which("valgrind") is None:
        raise NotMeasured("valgrind is not installed")


def counted(program: Sequence[str], folder: Path) -> tuple[list[str], Counts]:
    """The command that runs a program under cachegrind, and where its counts will be.

    ``folder`` must be there; it is best a new one for every run.
    """
    options = [
        "--quiet", "--log-file=/dev/null", "--trace-children=yes", "--tool=cachegrind",
        "--cache-sim=no",
        f"--cachegrind-out-file={folder}/{_COUNTS}%p",
    ]  # fmt: skip  # a list of options reads better in a block
    return ["valgrind", *options, *program], Counts(folder)


def ran(program: Sequence[str], folder: Path, seconds: float) -> tuple[str, Counts]:
    """What a program printed under cachegrind, and its counts.

    Raises:
        CalledProcessError: it failed.
        TimeoutExpired: it took longer than so many seconds.
    """
    command, counts = counted(program, folder)
    process = subprocess.run(
        command, cwd=ROOT, env=repeatable(), timeout=seconds, check=True, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip  # one argument a line would bury the command
    return process.stdout, counts


def repeatable() -> dict[str, str]:
    """This process's environment, in which sets and dictionaries of texts hash alike every time."""
    return {**os.environ, "PYTHONHASHSEED": "0"}


def mark(name: str) -> None:
    """Print ``name`` and the id under which the instructions of this process so far are counted.

    Cachegrind counts when a process ends, so this forks one that ends at once. The difference of
    two marks is what was done between them, in one run of the program.
    """
    process_id = os.fork()
    if not process_id:
        os._exit(0)
    os.waitpid(process_id, 0)
    print(name, process_id, flush=True)


def _count(path: Path) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(int(line.removeprefix(_SUMMARY)) for line in lines if line.startswith(_SUMMARY))
