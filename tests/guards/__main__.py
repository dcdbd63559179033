"""``python -m tests.guards``: print what is counted now beside the bounds."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.guards.bounds import INSTRUCTIONS
from tests.guards.test_instructions import counted_instructions

if __name__ == "__main__":
    with TemporaryDirectory(prefix="rapport-guards-") as folder:
        for name, count in counted_instructions(Path(folder)).items():
            sys.stdout.write(f"{count:>12,} of {INSTRUCTIONS[name]:>12,}  {name}\n")
