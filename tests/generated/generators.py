"""The generators of clients, which ``make test`` installs, and how they are run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.house.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

INSTALLED = Path(sys.prefix) / "generators"
PYTHON = INSTALLED / "python" / "bin"
NODE = INSTALLED / "node" / "node_modules" / ".bin"
CONFIGURATION = ROOT / "examples" / "openapi-python-client.yaml"

SECONDS = 120
"""A generator takes 2 to 4 seconds. One that hangs fails the test."""

_LEAST_NODE = (20, 19)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Ended:
    """How a program ended, and all that it printed, without colours."""

    code: int
    printed: str


def pinned(name: str) -> str:
    """The version of a tool that the Makefile installs."""
    found = re.search(
        rf"^{name} = (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert found is not None, f"the Makefile has no version of {name}"
    return found[1]


def why_not_python() -> str | None:
    """Why openapi-python-client cannot be run here, or None."""
    if (PYTHON / "openapi-python-client").exists():
        return None
    return "openapi-python-client is not installed; make test does it"


def why_not_node() -> str | None:
    """Why openapi-ts cannot be run here, or None."""
    try:
        said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "node is not installed"
    if tuple(map(int, re.findall(r"\d+", said.stdout)[:2])) < _LEAST_NODE:
        return f"node {said.stdout.strip()} is too old for openapi-ts, which needs 20.19"
    if (NODE / "openapi-ts").exists() and (NODE / "tsc").exists():
        return None
    return "openapi-ts is not installed; make test does it where npm is installed"


def run_program(command: Sequence[str | Path], folder: Path) -> Ended:
    """Run a program in a folder, with the generators on its path and without colours."""
    path = os.pathsep.join([str(PYTHON), str(NODE), os.environ["PATH"]])
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, "NO_COLOR": "1", "PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Ended(done.returncode, _COLOURS.sub("", done.stdout))


def generate_python(document: Path, folder: Path, *, configuration: Path | None = None) -> Ended:
    """Write the package ``rapport_generated`` into the folder."""
    command: list[str | Path] = [PYTHON / "openapi-python-client", "generate"]
    command += ["--path", document, "--output-path", folder / "rapport_generated"]
    command += ["--meta", "none"]
    if configuration is not None:
        command += ["--config", configuration]
    return run_program(command, folder)


def generate_typescript(document: Path, folder: Path) -> Ended:
    """Write the folder ``rapport`` into the folder."""
    command: list[str | Path] = [NODE / "openapi-ts", "--input", document]
    command += ["--output", folder / "rapport", "--no-log-file"]
    return run_program(command, folder)


def compile_typescript(folder: Path, story: Path) -> Ended:
    """Check a story and the generated client strictly, and write both as JavaScript."""
    command: list[str | Path] = [NODE / "tsc", "--strict", "--target", "es2022"]
    command += ["--module", "commonjs", "--lib", "es2022,dom,dom.iterable,dom.asynciterable"]
    command += ["--outDir", "compiled", story]
    return run_program(command, folder)
