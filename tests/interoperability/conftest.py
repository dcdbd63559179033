"""A log that has grown under two keys, with what an auditor kept of it on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cli.running import attempts, rapport, serving
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import ANN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEFORE, AFTER = (1, 2, 255, 256, 257, 600), (601, 770)
"""How many events there are at each checkpoint that is kept, before and after a change of keys."""


@dataclass
class Auditor:
    """What somebody holds who knows a URL, and kept every key and some checkpoints."""

    log: str
    folder: Path
    keys: Path
    kept: list[Path] = field(default_factory=list)

    def keep(self, size: int) -> None:
        """Wait for the checkpoint of that size, and put it into a file."""
        for _ in attempts():
            note = httpx.get(f"{self.log}/checkpoint", timeout=END_SECONDS).content
            if int(note.split(b"\n")[1]) == size:
                break
        self.kept.append(self.keys.with_name(f"{size}.txt"))
        self.kept[-1].write_bytes(note)

    def grow(self, sizes: tuple[int, ...]) -> None:
        """Add events until there are so many, one size after the other."""
        for size in sizes:
            head = int(httpx.get(f"{self.log}/checkpoint", timeout=END_SECONDS).text.split("\n")[1])
            people = [
                {"contact": f"pos:{number}", "type": "contact-registered", "data": ANN}
                for number in range(head, size)
            ]
            for at in range(0, len(people), 500):
                url = f"{self.log.removesuffix('/log')}/events"
                assert (
                    httpx.post(url, json=people[at : at + 500], timeout=END_SECONDS).status_code
                    == 201
                )
            self.keep(size)


@pytest.fixture(scope="package")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Auditor]:
    folder = tmp_path_factory.mktemp("interoperability")
    data = folder / "data"
    with serving("serve", "--data", data, "--port", 0) as server:
        first = Auditor(f"{server.url}/v1/ledgers/main/log", data, folder / "keys.txt")
        first.grow(BEFORE)
    assert rapport("log-keys", "rotate", "--data", data).code == 0
    with serving("serve", "--data", data, "--port", 0) as server:
        second = Auditor(f"{server.url}/v1/ledgers/main/log", data, first.keys, first.kept)
        second.grow(AFTER)
        second.keys.write_bytes(httpx.get(f"{second.log}/key", timeout=END_SECONDS).content)
        yield second
