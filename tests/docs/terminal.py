"""A terminal in which a page's commands are typed, in order, beside a server or without one."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.cli.running import serving
from tests.fixtures.forked_program import forked_program
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from tests.docs.fences import Fence

SHOWN = "http://127.0.0.1:8400"
"""Where the pages' server listens."""

_END = "the block has ended"


@dataclass(frozen=True)
class Typed:
    """What came of a block. ``failed`` are the commands that did, each with its exit code."""

    out: str
    err: str
    failed: list[str]


class Terminal:
    """A shell in a folder of its own, with ``rapport`` and a server on ``./rapport-data``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = "serve"
        """Or ``demo``, for a server with the synthetic town in it."""
        self._port = 0
        self._server = ExitStack()
        self._server_runs = False
        self._number = 0
        self._shell = subprocess.Popen(
            ["bash", "-E", "-o", "pipefail"],
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self._shell.kill()
        self._shell.communicate()

    def with_server(self, wanted: bool) -> None:
        """Start the server, or stop it; it listens where it listened before."""
        if wanted and not self._server_runs:
            data = self.folder / "rapport-data"
            server = serving(self.program, "--data", data, "--port", self._port)
            url = self._server.enter_context(server).url
            self._port = int(url.rpartition(":")[2])
        elif self._server_runs and not wanted:
            self._server.close()
        self._server_runs = wanted

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self._port}"

    def type(self, code: str) -> Typed:
        """Type a block, and wait for its end."""
        self._number += 1
        names = {name: self.folder / f".{self._number}.{name}" for name in ("sh", "out", "err")}
        quoted = {name: shlex.quote(str(path)) for name, path in names.items()}
        names["sh"].write_text(code.replace(SHOWN, self.url), encoding="utf-8")
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(
            "failed=(); trap 'failed+=(\"$? $BASH_COMMAND\")' ERR\n"
            f". {quoted['sh']} >{quoted['out']} 2>{quoted['err']} </dev/null\n"
            "trap - ERR\n"
            f'printf "%s\\n" "${{failed[@]}}" {shlex.quote(_END)}\n'
        )
        self._shell.stdin.flush()
        watchdog = threading.Timer(END_SECONDS, self._shell.kill)
        watchdog.start()
        said = []
        try:
            for line in self._shell.stdout:
                if line.strip() == _END:
                    break
                said.append(line.strip())
            else:
                said.append(f"the shell ended, or the block took {END_SECONDS} seconds")
        finally:
            watchdog.cancel()
        return Typed(
            names["out"].read_text(encoding="utf-8"),
            names["err"].read_text(encoding="utf-8"),
            [line for line in said if line],
        )

    def run(self, fence: Fence) -> Typed:
        """Type the block of a page, beside a server unless the page says otherwise.

        Raises:
            AssertionError: a command of it failed.
        """
        self.with_server(not fence.needs_no_server)
        typed = self.type(fence.code)
        failed = [line for line in typed.failed if not (fence.is_refused and line[:3] == "22 ")]
        assert failed == [], f"{fence.place}\n{failed}\n{typed.out}\n{typed.err}"
        assert not fence.is_refused or typed.failed, f"{fence.place}: nothing was refused"
        return typed


def _environment(folder: Path) -> dict[str, str]:
    """A command ``rapport`` from this folder's code, and no settings but the defaults."""
    # What the server refuses ends curl with 22, as it would not for somebody who reads the answer.
    (folder / ".curlrc").write_text("fail-with-body\n", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    programs, interpreter = forked_program().parent, Path(sys.executable).parent
    path = os.pathsep.join([str(programs), str(interpreter), os.environ["PATH"]])
    return {**kept, "PATH": path, "HOME": str(folder)}
