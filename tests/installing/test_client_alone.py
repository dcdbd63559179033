"""The client is installed without the server, and works without it.

No network: the new environment is lent what the client's distribution asks for and what builds it,
and nothing else.
"""

from __future__ import annotations

import shutil
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import ROOT, serving
from tests.docs.shell import blocks
from tests.installing.environments import Environment

if TYPE_CHECKING:
    from pathlib import Path

CLIENT = ROOT / "client"
PROJECT = tomllib.loads((CLIENT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SERVERS = ("api", "ledger", "projections", "domain", "fastapi", "starlette", "eventsourcing")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> tuple[Environment, set[str]]:
    """The environment after the installation, and what that added."""
    folder = tmp_path_factory.mktemp("alone")
    source = shutil.copytree(
        CLIENT, folder / "client", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    made = Environment(folder, [*PROJECT["dependencies"], "setuptools"])
    before = made.installed()
    made.run("-m", "pip", "install", "--quiet", str(source))
    return made, made.installed() - before


def test_the_client_brings_itself_alone(environment: tuple[Environment, set[str]]) -> None:
    made, added = environment
    assert added == {"rapport_client", f"rapport_client-{PROJECT['version']}.dist-info"}
    made.run("-m", "pip", "check")
    kept = made.packages / "rapport_client"
    assert (kept / "py.typed").is_file()
    sources = {path.relative_to(CLIENT) for path in CLIENT.glob("rapport_client/**/*.py")}
    assert {path.relative_to(made.packages) for path in kept.rglob("*.py")} == sources


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
