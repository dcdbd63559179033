"""How much memory processes took at most."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bench import environment
from benchmarks.measure import Disagreement, NotMeasured
from benchmarks.purchases import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

MIB = 2**20
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak_of_running_mib(process_id: int) -> float:
    """The most that a process and those that it started have had resident so far, summed, in MiB.

    Raises:
        NotMeasured: the system does not tell.
    """
    folder = Path("/proc") / str(process_id)
    try:
        text = (folder / "status").read_text(encoding="utf-8")
        children = (folder / "task" / str(process_id) / "children").read_text(encoding="utf-8")
    except OSError as error:
        raise NotMeasured("peak memory is read from /proc, which is not there") from error
    own = _PEAK.search(text)
    assert own is not None, "a process that runs has a peak"
    return int(own[1]) / 1024 + sum(peak_of_running_mib(int(child)) for child in children.split())


def peak_of_command_mib(arguments: Sequence[str]) -> float:
    """Run a command to its end; the most that its largest process had resident, in MiB.

    Raises:
        Disagreement: it failed.
    """
    process = subprocess.Popen(
        arguments, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Disagreement(f"{arguments} ended with {process.returncode}")
    return usage.ru_maxrss / 1024
