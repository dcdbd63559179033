"""Two servers and three processes that follow, on one folder, of which any may be killed."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from tests.cli.running import serving
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.server_processes import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from random import Random

    from tests.cli.running import Serving

_SERVERS, _WORKERS = 2, 3


class Several:
    """One of the servers records, and one of the others follows; the rest wait to take over."""

    def __init__(self, data: Path, opened: ExitStack) -> None:
        """Whatever still runs is stopped when ``opened`` is closed."""
        self._data = data
        self._servers: Sequence[Serving] = ()
        self._workers: list[ServerProcess] = []
        opened.callback(self._stop_workers)

    @contextmanager
    def started(self) -> Iterator[Sequence[Serving]]:
        """Both servers, with all that follow. The latter go on afterwards, and wait."""
        arguments = ("serve", "--join", "--no-followers", "--port", 0, "--data", self._data)
        with ExitStack() as opened:
            self._servers = [opened.enter_context(serving(*arguments)) for _ in range(_SERVERS)]
            self._workers = [one for one in self._workers if one.poll() is None]
            while len(self._workers) < _WORKERS:
                self._workers.append(
                    ServerProcess(["project", "--standby", "--data", str(self._data)])
                )
            yield self._servers

    def kill_some(self, chance: Random) -> None:
        """Kill one of the servers, some of the others, or both."""
        chosen: list[ServerProcess] = chance.sample(self._workers, chance.randint(0, _WORKERS))
        if not chosen or chance.random() < 0.7:
            chosen.insert(chance.randint(0, len(chosen)), chance.choice(self._servers).process)
        for process in chosen:
            process.kill()
        for process in chosen:
            process.communicate(END_SECONDS)

    def _stop_workers(self) -> None:
        for process in self._workers:
            process.terminate()
        for process in self._workers:
            try:
                process.communicate(timeout=END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                raise
