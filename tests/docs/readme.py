"""What the README shows: ``python -m tests.docs.readme sh|python|install PORT`` prints it.

It needs nothing but the standard library, so that ``.ci/run`` asks before anything is installed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def shown(language: str) -> str:
    """The one block of code in that language that is run as it stands."""
    text = README.read_text(encoding="utf-8")
    pattern = rf"(?<! -->\n)^```{language}\n(.*?)^```"
    (block,) = re.findall(pattern, text, re.MULTILINE | re.DOTALL)
    return str(block)


def session(port: int) -> str:
    """The shell commands of the README's session, speaking to that port instead of 8400."""
    return shown("sh").replace(":8400", f":{port}")


def instruction() -> str:
    """What the README says to install for Python."""
    text = README.read_text(encoding="utf-8")
    (command,) = re.findall(r"^The same works from Python \(`([^`]+)`", text, re.MULTILINE)
    return str(command)


def main(what: str, port: str) -> None:
    """Print it, as it would be typed where the server listens on that port."""
    text = instruction() if what == "install" else shown(what)
    print(text.replace(":8400", f":{port}"))


if __name__ == "__main__":
    main(*sys.argv[1:])
