"""The load generator: a process of its own, so that what it does is not the server's time."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.bench import environment
from benchmarks.measure import Disagreement
from benchmarks.purchases import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_SECONDS = 600.0

Request = tuple[str, str, str]
"""Method, path, and a body of JSON, which may be empty."""


@dataclass(frozen=True)
class Reply:
    """What came back, in how many seconds, and the ``Rapport-Position`` it named, or 0."""

    status: int
    seconds: float
    position: int
    body: str


@dataclass(frozen=True)
class Sight:
    """When something appended was seen: seconds since it was answered, and since it was sent."""

    position: int
    since_answered: float
    since_sent: float


@dataclass(frozen=True)
class Loaded:
    """What came of a load: its seconds on the wall, and the replies in the order asked."""

    seconds: float
    replies: tuple[Reply, ...]
    sights: tuple[Sight, ...]

    @property
    def rate(self) -> float:
        """Replies a second."""
        return len(self.replies) / self.seconds


def closed_loop(port: int, requests: Sequence[Request], connections: int) -> Loaded:
    """Ask all of it, on each connection the next as soon as one is answered."""
    return _load({"port": port, "requests": requests, "connections": connections})


def open_loop(
    port: int,
    requests: Sequence[Request],
    connections: int,
    *,
    rate: float,
    watch: str,
    watch_every: int,
) -> Loaded:
    """Ask at that rate a second, however slow the answers are.

    After every ``watch_every``-th answer the path ``watch`` with its position is asked for.
    """
    job = {"port": port, "requests": requests, "connections": connections}
    return _load({**job, "rate": rate, "watch": watch, "watch_every": watch_every})


def _load(job: dict[str, object]) -> Loaded:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"], input=json.dumps(job), capture_output=True,
        text=True, check=False, cwd=ROOT, env=environment(), timeout=MOST_SECONDS,
    )  # fmt: skip  # one argument a line would bury the call
    if ran.returncode:
        raise Disagreement(f"the load generator ended with {ran.returncode}: {ran.stderr}")
    found = json.loads(ran.stdout)
    return Loaded(
        found["seconds"],
        tuple(Reply(*one) for one in found["replies"]),
        tuple(Sight(*one) for one in found["sights"]),
    )
