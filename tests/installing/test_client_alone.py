"""The client is installed without the server, and works without it.

No network: the new environment is lent what the client's distribution asks for and what builds it,
and nothing else.
"""

from __future__ import annotations

import shutil
import tomllib
from typing import TYPE_CHECKING

from tests.cli.running import ROOT, serving
from tests.docs.shell import blocks
from tests.installing.environments import Environment

if TYPE_CHECKING:
    from pathlib import Path

CLIENT = ROOT / "client"
PROJECT = tomllib.loads((CLIENT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SERVERS = ("api", "ledger", "projections", "domain", "fastapi", "starlette", "eventsourcing")


def test_the_client_is_installed_alone_and_does_what_its_readme_says(tmp_path: Path) -> None:
    """Of the server nothing is there, nor a library of it that could be imported by accident."""
    source = shutil.copytree(
        CLIENT, tmp_path / "client", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    made = Environment(tmp_path, [*PROJECT["dependencies"], "setuptools"])
    before = made.installed()
    made.run("-m", "pip", "install", "--quiet", str(source))
    assert made.installed() - before == {
        "rapport_client",
        f"rapport_client-{PROJECT['version']}.dist-info",
    }
    made.run("-m", "pip", "check")
    kept = made.packages / "rapport_client"
    assert (kept / "py.typed").is_file()
    sources = {path.relative_to(CLIENT) for path in CLIENT.glob("rapport_client/**/*.py")}
    assert {path.relative_to(made.packages) for path in kept.rglob("*.py")} == sources
    program = (
        "import importlib.util, rapport_client, sys\n"
        "print([n for n in sys.argv[1:] if importlib.util.find_spec(n)])"
    )
    assert made.run("-c", program, *SERVERS) == "[]\n"
    (shown,) = blocks(CLIENT / "README.md", "python")
    with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
        program = shown.replace("http://127.0.0.1:8400", server.url)
        assert made.run("-W", "error", "-c", program).splitlines() == [
            "customer 0",
            "contact-unregistered",
        ]
