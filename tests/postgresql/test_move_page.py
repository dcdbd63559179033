"""``docs/how-to/move-to-postgresql.md``, as it stands there, on a demo town that takes events."""

from __future__ import annotations

import shlex
import shutil
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from tests.api.shop import purchase
from tests.cli.running import serving
from tests.docs.fences import fences
from tests.docs.terminal import Terminal
from tests.fixtures.patience import END_SECONDS
from tests.house.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "how-to" / "move-to-postgresql.md"
URL = "postgresql://rapport@db.example.org/rapport"
PATH = "/v1/ledgers/demo-cafe/contacts/demo:clara-client/events"


class Till:
    """Sells to one client, over and over, until the server has gone."""

    def __init__(self, address: str) -> None:
        self.sold: list[str] = []
        self.begun = Event()
        self._thread = Thread(target=self._sell, args=(address,))
        self._thread.start()

    def wait(self) -> None:
        """Wait until it does not sell any more."""
        self._thread.join(END_SECONDS)
        assert not self._thread.is_alive()

    def _sell(self, address: str) -> None:
        with suppress(httpx.TransportError):
            while True:
                sale = purchase("sale", id=str(uuid4()))
                answer = httpx.post(address + PATH, json=sale, timeout=END_SECONDS)
                if answer.status_code != 201:
                    return
                self.sold.append(sale["id"])
                self.begun.set()


@pytest.mark.skipif(not shutil.which("bash"), reason="it needs bash")
def test_the_page_moves_the_town_there_and_back(tmp_path: Path, url: str) -> None:
    typed = [one for one in fences(PAGE) if one.language == "sh" and one.reason is None]
    move, serve, remove, back = typed
    with Terminal(tmp_path) as terminal:

        def type_in(code: str) -> str:
            ended = terminal.type(code.replace(URL, shlex.quote(url)))
            assert ended.failed == [], ended.out + ended.err
            return ended.out

        data = tmp_path / "rapport-demo"
        with serving("demo", "--data", data, "--port", 0) as town:
            till = Till(town.url)
            assert till.begun.wait(END_SECONDS)
            told = type_in(move.code)
            till.wait()
        assert "demo-cafe: " in told
        assert "moved to the database" in told
        # It listens where it was, and says so before the next command is typed.
        port = town.url.rpartition(":")[2]
        type_in(serve.code.replace("serve ", f"serve --port {port} "))
        type_in(f"curl -sS --retry 60 --retry-connrefused {town.url}/readyz")
        type_in(remove.code)
        found = type_in(f"curl -sS '{town.url}{PATH}?limit=1000'")
        assert all(sale in found for sale in till.sold[:10])
        assert not (data / "moved").exists()
        assert "moved to files" in type_in(back.code + "wait")
