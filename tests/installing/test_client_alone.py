"""The client is installed without the server, and works without it.

No network: the new environment is lent what the client's distribution asks for and what builds it,
and nothing else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.cli.running import ROOT, serving
from tests.docs.shell import blocks
from tests.house.requirements import needed_by

CLIENT = ROOT / "client"
PROJECT = tomllib.loads((CLIENT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SERVERS = ("api", "ledger", "projections", "domain", "fastapi", "starlette", "eventsourcing")


class Environment:
    """A virtual environment with nothing in it but what it is lent."""

    def __init__(self, folder: Path) -> None:
        self.folder, lent = folder / "venv", folder / "lent"
        venv.create(self.folder, with_pip=True)
        self.python = str(self.folder / "bin" / "python")
        lent.mkdir()
        for name in needed_by([*PROJECT["dependencies"], "setuptools"]):
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

    def run(self, *arguments: str) -> str:
        """What Python prints with these arguments, away from the repository."""
        ran = subprocess.run(
            [self.python, *arguments],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def installed(self) -> set[str]:
        """What stands in its own folder of packages."""
        (packages,) = self.folder.glob("lib/python*/site-packages")
        return {path.name for path in packages.iterdir()}


def _top_level(name: str) -> set[Path]:
    """The folders and modules that a distribution put into the folder of packages."""
    found = distribution(name)
    tops = {one.parts[0] for one in found.files or () if one.parts[0] not in ("..", "__pycache__")}
    return {Path(str(found.locate_file(top))) for top in tops}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> tuple[Environment, set[str]]:
    """The environment after the installation, and what that added."""
    folder = tmp_path_factory.mktemp("alone")
    source = shutil.copytree(
        CLIENT, folder / "client", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    made = Environment(folder)
    before = made.installed()
    made.run("-m", "pip", "install", "--quiet", str(source))
    return made, made.installed() - before


def test_the_client_brings_itself_alone(environment: tuple[Environment, set[str]]) -> None:
    made, added = environment
    assert added == {"rapport_client", f"rapport_client-{PROJECT['version']}.dist-info"}
    made.run("-m", "pip", "check")
    (packages,) = made.folder.glob("lib/python*/site-packages")
    kept = packages / "rapport_client"
    assert (kept / "py.typed").is_file()
    sources = {path.relative_to(CLIENT) for path in CLIENT.glob("rapport_client/**/*.py")}
    assert {path.relative_to(packages) for path in kept.rglob("*.py")} == sources


def test_no_part_of_the_server_is_there(environment: tuple[Environment, set[str]]) -> None:
    """Nor is a library of it, so that nothing of the server can be imported by accident."""
    made, _ = environment
    program = (
        "import importlib.util, rapport_client, sys\n"
        "print([n for n in sys.argv[1:] if importlib.util.find_spec(n)])"
    )
    assert made.run("-c", program, *SERVERS) == "[]\n"


def test_the_readme_of_the_client_says_what_happens(
    environment: tuple[Environment, set[str]], tmp_path: Path
) -> None:
    made, _ = environment
    (shown,) = blocks(CLIENT / "README.md", "python")
    with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
        program = shown.replace("http://127.0.0.1:8400", server.url)
        assert made.run("-W", "error", "-c", program).splitlines() == [
            "customer 0",
            "contact-unregistered",
        ]
