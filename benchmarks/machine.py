"""What the figures were taken on: enough to read them by, nothing that names the place."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import shown

PACKAGES = (
    "eventsourcing", "msgpack", "cryptography", "fastapi", "pydantic", "uvicorn", "uvloop",
    "httptools",
)  # fmt: skip  # a list of words reads better in a block

_COMMITS = 1_000

DURABILITY = """\
- Our events and keys: SQLite, write-ahead log, `synchronous=FULL`, flushed before they are
  acknowledged.
- Our projections: SQLite, write-ahead log, `synchronous=NORMAL`: derived, made again if lost.
- The stock `eventsourcing` program: SQLite as it sets it up, write-ahead log, `synchronous=FULL`.
- The bare table: SQLite, write-ahead log, `synchronous=FULL`.
"""


def machine() -> list[str]:
    """Cores, memory and versions, one fact a line."""
    return [
        f"{len(os.sched_getaffinity(0))} cores ({_processor()}), {_memory_gib()} GiB of memory, "
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        + ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    ]


def load() -> str:
    """How busy the machine is: processes that ran or waited in the last minute, on average."""
    return f"{os.getloadavg()[0]:.1f}"


def durable_commits(folder: Path) -> str:
    """How many flushed commits of one row a second the disk takes, which some rows hang on."""
    path = folder / "commits.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE rows (state BLOB)")
        started = time.perf_counter()
        for _ in range(_COMMITS):
            connection.execute("INSERT INTO rows VALUES (zeroblob(200))")
        rate = _COMMITS / (time.perf_counter() - started)
    path.unlink()
    return shown(rate)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
