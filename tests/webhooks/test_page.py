"""``docs/how-to/tell-another-program.md``, as it stands there."""

from __future__ import annotations

import shlex
import shutil
import socket
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.docs.fences import fences
from tests.docs.terminal import Terminal
from tests.fixtures.waiting import until
from tests.house.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "how-to" / "tell-another-program.md"
PORT = "8401"


def free_port() -> str:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def listens(port: str) -> bool:
    """Whether somebody listens at that port."""
    with closing(socket.socket()) as tried:
        return tried.connect_ex(("127.0.0.1", int(port))) == 0


@pytest.mark.skipif(not shutil.which("bash"), reason="it needs bash")
def test_the_receiver_of_the_page_prints_what_follows_from_a_purchase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (program,) = [one for one in fences(PAGE) if one.language == "python"]
    serve, add, buy, dead, again = [one for one in fences(PAGE) if one.language == "sh"]
    port = free_port()
    setting, command = serve.code.strip().split(" ", 1)
    assert command == "rapport serve"
    monkeypatch.setenv(*setting.split("=", 1))
    (tmp_path / "receiver.py").write_text(program.code.replace(PORT, port), encoding="utf-8")
    with Terminal(tmp_path) as terminal:

        def type_in(code: str) -> str:
            own = code.replace(PORT, port).replace("python3 ", f"{shlex.quote(sys.executable)} ")
            ended = terminal.type(own)
            assert ended.failed == [], ended.out + ended.err
            return ended.out

        terminal.with_server(True)
        try:
            type_in(add.code)
            until(lambda: listens(port))
            type_in(buy.code)
            received = tmp_path / "received.txt"
            until(lambda: received.read_text().count("\n") == 2)
            kinds = {line.partition(" ")[0] for line in received.read_text().splitlines()}
            assert kinds == {"stage-changed", "action-opened"}
            assert "Nothing was given up" in type_in(dead.code)
            assert "from position 1 on" in type_in(again.code)
            until(lambda: received.read_text().count("\n") == 4)
        finally:
            terminal.type("kill $(jobs -p)")
