"""Whatever the README says to install, a ``git pull`` brings the code that is served next.

No network: the packages that the new environment needs are lent to it by the one that runs the
tests, without our own, and what builds is one of them.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.docs.readme import instruction, shown
from tests.fixtures.patience import END_SECONDS
from tests.house.tree import PACKAGES, ROOT, files

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDED = ("bash", "git", "make")
SOURCES = {
    *PACKAGES,
    "client",
    ".gitignore",
    "LICENSE",
    "Makefile",
    "README.md",
    "constraints.txt",
    "pyproject.toml",
}


pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, NEEDED)), reason=f"installing needs {', '.join(NEEDED)}"
)


class Newcomer:
    """Somebody with a clone of the repository, of which new commits come now and then."""

    def __init__(self, folder: Path) -> None:
        self.upstream, self.clone = folder / "upstream", folder / "clone"
        self.environment = _environment(folder)
        for path in _sources():
            kept = self.upstream / path.relative_to(ROOT)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, kept)
        self._run("git", "init", "--quiet", "--initial-branch=main", cwd=self.upstream)
        self.commit("as it is")
        self._run("git", "clone", "--quiet", str(self.upstream), str(self.clone), cwd=folder)

    def commit(self, title: str) -> None:
        """Record in the repository whatever was changed there."""
        self._run("git", "add", "--all", cwd=self.upstream)
        self._run("git", "commit", "--quiet", "--message", title, cwd=self.upstream)

    def pull(self, title: str) -> None:
        """The repository gets another title for ``not-found``, and the clone pulls it."""
        problems = self.upstream / "api" / "http" / "problems.py"
        text = problems.read_text(encoding="utf-8")
        changed = re.sub(r'("not-found": )"[^"]*"', rf'\1"{title}"', text)
        assert changed != text
        problems.write_text(changed, encoding="utf-8")
        self.commit(title)
        self.type("git pull --quiet")

    def type(self, line: str) -> str:
        """What a line prints that is typed in the clone."""
        return self._run("bash", "-euo", "pipefail", "-c", line, cwd=self.clone)

    def title_served(self) -> str:
        """What ``make run`` answers where there is nothing."""
        with self._serving() as url:
            return str(httpx.get(f"{url}/v1/nowhere", timeout=END_SECONDS).json()["title"])

    def _run(self, *command: str, cwd: Path) -> str:
        ran = subprocess.run(
            command,
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=END_SECONDS,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    @contextmanager
    def _serving(self) -> Iterator[str]:
        with subprocess.Popen(
            ["make", "run", "PORT=0"],
            cwd=self.clone,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # so that make and its server end together
        ) as making:
            watchdog = threading.Timer(120, os.killpg, (making.pid, signal.SIGKILL))
            watchdog.start()
            try:
                yield _listens_on(making)
            finally:
                watchdog.cancel()
                os.killpg(making.pid, signal.SIGTERM)
                making.communicate(timeout=END_SECONDS)


def _listens_on(making: subprocess.Popen[str]) -> str:
    said = ""
    assert making.stdout is not None
    for line in making.stdout:
        said += line
        if match := re.search(r"http://127\.0\.0\.1:[1-9]\d*", line):
            return match[0]
    raise AssertionError(f"make run ended without saying where it listens:\n{said}")


def _sources() -> Iterator[Path]:
    """What an installation is made from."""
    for path in files():
        if path.relative_to(ROOT).parts[0] in SOURCES:
            yield path


def _environment(folder: Path) -> dict[str, str]:
    """Everything that we need is there already, ourselves excepted, and nothing is fetched."""
    lent, mine = folder / "lent", ("rapport_ledger", "__editable__")
    lent.mkdir()
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.startswith((*mine, "pip", "__pycache__")) and package.suffix != ".pth":
            (lent / package.name).symlink_to(package)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "GIT_", "MAKE", "RAPPORT_"))
    }
    return {
        **kept,
        "PYTHONPATH": str(lent),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # means: build without isolation
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ann",
        "GIT_AUTHOR_EMAIL": "ann@example.org",
        "GIT_COMMITTER_NAME": "Ann",
        "GIT_COMMITTER_EMAIL": "ann@example.org",
    }


@pytest.mark.long("three environments are made, two of which pip installs into")
def test_a_pull_is_served_whatever_was_installed_before(tmp_path: Path) -> None:
    newcomer = Newcomer(tmp_path)
    newcomer.type(f"{instruction()} PYTHON={sys.executable}")
    assert "from rapport_client import" in shown("python")
    newcomer.type(".venv/bin/python -c 'import rapport_client'")
    newcomer.pull("first change")
    assert newcomer.title_served() == "first change"

    newcomer.type(".venv/bin/pip install --quiet '.[client]'")  # a copy, which no page asks for
    looked_up = "import importlib.util as u; print(u.find_spec('rapport_client').origin)"
    shipped = newcomer.type(f'.venv/bin/python -I -c "{looked_up}"')
    assert "site-packages" in shipped, "the server's distribution ships the client too"
    newcomer.pull("second change")
    assert newcomer.title_served() == "second change"

    moved = newcomer.clone.rename(tmp_path / "moved")
    shutil.copytree(moved, newcomer.clone, symlinks=True)  # the old place is still there
    newcomer.clone = moved
    newcomer.pull("third change")
    assert newcomer.title_served() == "third change"
    assert newcomer.type(".venv/bin/python -I -c 'import api; print(api.__file__)'") == (
        f"{moved}/api/__init__.py\n"
    )
    assert newcomer.type("make --question .venv/run || echo made anew") == ""
