"""Writes ``rapport_client.synchronous`` from ``rapport_client.asynchronous``: ``make client-sync``.

The tool is unasyncd, in an environment of its own below the one that runs this, because it asks for
an older ``rich`` than the server does.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.house.tree import ROOT

TOOL = Path(sys.prefix) / "unasyncd" / "bin" / "unasyncd"
SOURCE = Path("client", "rapport_client", "asynchronous")
MADE = Path("client", "rapport_client", "synchronous")


def generate(root: Path) -> Path:
    """Write the package below that folder anew, and return its place.

    Raises:
        CalledProcessError: the tool or the formatter failed.
        FileNotFoundError: the tool is not installed; ``make client-sync`` installs it.
    """
    made = root / MADE
    shutil.rmtree(made, ignore_errors=True)
    tool = subprocess.run([TOOL], cwd=root, capture_output=True, text=True, check=False)
    written = {path.name for path in made.glob("*.py")}
    if written != {path.name for path in (root / SOURCE).glob("*.py")}:  # 1 means: files written
        raise subprocess.CalledProcessError(tool.returncode, TOOL, tool.stdout, tool.stderr)
    for command in (("check", "--quiet", "--fix", "--exit-zero"), ("format", "--quiet")):
        subprocess.run([sys.executable, "-m", "ruff", *command, MADE], cwd=root, check=True)
    return made


if __name__ == "__main__":
    generate(ROOT)
