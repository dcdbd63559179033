"""Every command that a page shows is typed as it stands there, or the page says why not."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.fences import COMMENTS, LANGUAGES, fences, pages
from tests.docs.given import GIVEN
from tests.docs.readme import session
from tests.docs.terminal import Terminal
from tests.house.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.fences import Fence

NEEDED = ("bash", "curl", "openssl", "sqlite3", "tar", "xxd")
ELSEWHERE = {
    "README.md": "tests/docs/readme.py",
    "client/README.md": "tests/installing/test_client_alone.py",
    "docs/explanation/measured-on-real-purchases.md": "tests/benchmarks/test_quoted_figures.py",
    "docs/explanation/what-if-on-real-purchases.md": "tests/benchmarks/test_what_if_figures.py",
    "docs/how-to/audit-a-ledger.md": "tests/docs/test_audit_page.py",
    "docs/how-to/move-to-postgresql.md": "tests/postgresql/test_move_page.py",
    "docs/how-to/tell-another-program.md": "tests/webhooks/test_page.py",
    "docs/how-to/use-the-client.md": "tests/client/test_examples.py",
    "docs/tutorial/first-relationship.md": "tests/docs/test_examples.py",
}
"""Pages with a test of their own, which says more about what they show."""

COVERED = 'curl -sS --retry 30 "$api/contacts/pos:17850/status/receipt" >receipt-of-all.json'
"""Waits until a signed checkpoint covers the session, since exports end at the last checkpoint."""


def _named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _typed() -> list[Path]:
    return [
        page
        for page in pages()
        if _named(page) not in ELSEWHERE
        and any(one.language in {"sh", "python"} and one.reason is None for one in fences(page))
    ]


@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"it needs {', '.join(NEEDED)}")
@pytest.mark.parametrize("page", _typed(), ids=_named)
def test_the_commands_of_a_page_do_what_it_says(page: Path, tmp_path: Path) -> None:
    with Terminal(tmp_path) as terminal:
        terminal.with_server(True)
        begun = terminal.type(session(8400))  # the session of the README: Anna, Ben and the till
        assert begun.failed == []
        assert terminal.type(COVERED).failed == []
        if (prepare := GIVEN.get(_named(page))) is not None:
            prepare(terminal)
        printed = ""
        for fence in fences(page):
            if fence.comment.startswith("saved as "):
                name = fence.comment.removeprefix("saved as ")
                (tmp_path / name).write_text(fence.code, encoding="utf-8")
            elif fence.reason is not None:
                continue
            elif fence.language == "sh":
                printed = terminal.run(fence).out
            elif fence.language == "python":
                printed = _ran(terminal, fence)
            elif fence.comment == "printed":
                assert re.search(_pattern(fence.code), printed), f"{fence.place}\n{printed}"
            elif fence.comment == "answered":
                assert _answers(json.loads(fence.code), printed), f"{fence.place}\n{printed}"


def _ran(terminal: Terminal, fence: Fence) -> str:
    (terminal.folder / ".program.py").write_text(fence.code, encoding="utf-8")
    typed = terminal.type(f"PYTHONPATH={ROOT} {shlex.quote(sys.executable)} .program.py")
    assert typed.failed == [], f"{fence.place}\n{typed.err}"
    return typed.out


def _pattern(shown: str) -> str:
    """A pattern of what is shown, in which ``...`` is anything, over lines if alone on one."""
    lines = [r"(?:.*\n)*?" if line.strip() == "..." else _line(line) for line in shown.splitlines()]
    return "(?m)^" + "".join(lines)


def _line(line: str) -> str:
    words = [re.escape(part) for part in line.rstrip().split("...")]
    return ".*?".join(words) + r"[ ]*\n"


def _answers(shown: Any, printed: str) -> bool:
    """Whether one of the objects that were printed has the form of what is shown."""
    decoder, place = json.JSONDecoder(), printed.find("{")
    while place >= 0:
        try:
            found, _ = decoder.raw_decode(printed, place)
        except json.JSONDecodeError:
            found = None
        if _alike(shown, found):
            return True
        place = printed.find("{", place + 1)
    return False


def _alike(shown: Any, found: Any) -> bool:
    """The same names all through, and values of the same types; a list by its first item."""
    if isinstance(shown, dict):
        return (
            isinstance(found, dict)
            and shown.keys() == found.keys()
            and all(_alike(value, found[name]) for name, value in shown.items())
        )
    if isinstance(shown, list):
        return isinstance(found, list) and (
            not shown or (bool(found) and _alike(shown[0], found[0]))
        )
    if isinstance(shown, int | float) and not isinstance(shown, bool):
        return isinstance(found, int | float) and not isinstance(found, bool)
    return type(shown) is type(found)


def test_every_command_is_typed_by_a_test_or_says_why_not() -> None:
    for page in pages():
        for fence in fences(page):
            assert COMMENTS.fullmatch(fence.comment), f"{fence.place}: {fence.comment}"
    for named, test in ELSEWHERE.items():
        assert named.rpartition("/")[2] in (ROOT / test).read_text(encoding="utf-8"), named


def test_every_block_says_what_it_is() -> None:
    """A block without a language could hide commands that nobody types."""
    unknown, hidden, lone = [], [], []
    for page in pages():
        before = ""
        for fence in fences(page):
            if fence.language not in LANGUAGES:
                unknown.append(fence.place)
            first = fence.code.split(maxsplit=1)[0] if fence.code.strip() else ""
            if fence.language != "sh" and first in {"rapport", "curl", "make", "git", "sqlite3"}:
                hidden.append(fence.place)
            if fence.comment in {"printed", "answered"} and before == "":
                lone.append(fence.place)
            if fence.language in {"sh", "python"}:
                before = fence.place
    assert (unknown, hidden, lone) == ([], [], [])
