"""The session that the README shows; ``python -m tests.docs.readme PORT`` prints it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def session(port: int) -> str:
    """The shell commands of the README's session, speaking to that port instead of 8400."""
    text = README.read_text(encoding="utf-8")
    (script,) = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(script).replace(":8400", f":{port}")


if __name__ == "__main__":
    print(session(int(sys.argv[1])))
