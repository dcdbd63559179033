"""New virtual environments that are lent what they need, so that nothing is fetched."""

from __future__ import annotations

import os
import subprocess
import venv
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fixtures.patience import END_SECONDS
from tests.house.requirements import needed_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Environment:
    """A virtual environment with nothing in it but what it is lent.

    It is lent the distributions that fulfil the given requirements, and what these need in turn.
    """

    def __init__(self, folder: Path, requirements: Iterable[str]) -> None:
        self.folder, lent = folder / "venv", folder / "lent"
        venv.create(self.folder, with_pip=True)
        self.python = str(self.folder / "bin" / "python")
        lent.mkdir()
        for name in needed_by(requirements):
            for path in _top_level(name):
                (lent / path.name).symlink_to(path)
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.variables = {
            **kept,
            "HOME": str(folder),
            "PYTHONPATH": str(lent),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # means: build without isolation
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    @property
    def packages(self) -> Path:
        """Its own folder of packages."""
        (packages,) = self.folder.glob("lib/python*/site-packages")
        return packages

    def run(self, *arguments: str) -> str:
        """What Python prints with these arguments, away from the repository."""
        return self._printed(self.python, *arguments)

    def program(self, name: str, *arguments: str) -> str:
        """What an installed program prints with these arguments, away from the repository."""
        return self._printed(str(self.folder / "bin" / name), *arguments)

    def installed(self) -> set[str]:
        """What stands in its own folder of packages."""
        return {path.name for path in self.packages.iterdir()}

    @contextmanager
    def serving(self, data: Path) -> Iterator[str]:
        """The URL of the installed ``rapport serve`` on that folder, until the end of the block."""
        command = [
            str(self.folder / "bin" / "rapport"),
            "serve",
            "--port",
            "0",
            "--data",
            str(data),
        ]
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as server:
            try:
                yield _url_said(server)
            finally:
                server.terminate()
                server.communicate(timeout=END_SECONDS)
        assert server.returncode == 0, "it did not end well when it was told to stop"

    def _printed(self, *command: str) -> str:
        ran = subprocess.run(
            command,
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=END_SECONDS,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


def _url_said(server: subprocess.Popen[str]) -> str:
    said = ""
    assert server.stderr is not None
    for line in server.stderr:
        said += line
        if line.startswith("Rapport listens on "):
            return line.split()[3]
    raise AssertionError(f"the server ended without saying where it listens:\n{said}")


def _top_level(name: str) -> set[Path]:
    """The folders and modules that a distribution put into the folder of packages."""
    found = distribution(name)
    tops = {one.parts[0] for one in found.files or () if one.parts[0] not in ("..", "__pycache__")}
    return {Path(str(found.locate_file(top))) for top in tops}
