"""The blocks of code on the pages, each with what a comment right above it says to the tests.

===========================  ====================================================================
comment                      means
===========================  ====================================================================
``<!-- not run: REASON -->``  no test runs the block, for that reason
``<!-- no server -->``        it is run while no server runs on the folder
``<!-- refused -->``          the server refuses a request of it, as the page says
``<!-- printed -->``          it is what the block before prints; ``...`` stands for anything
``<!-- answered -->``         it is a JSON object that the block before prints, with other values
``<!-- saved as NAME -->``    it is a file of that name
===========================  ====================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docs.generate import PAGES as GENERATED
from tests.house.tree import ROOT, files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMENTS = re.compile(r"|not run: .+|no server|refused|printed|answered|saved as [a-z.-]+")
LANGUAGES = {"go", "json", "python", "sh", "text", "toml"}
_FENCE = re.compile(
    r"^(?:<!-- (?P<comment>[^\n]*?) -->\n)?```(?P<language>[^\n]*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Fence:
    """A block of code. ``place`` is its page and line, for people."""

    place: str
    language: str
    code: str
    comment: str

    @property
    def reason(self) -> str | None:
        """Why it is not run; None where it is."""
        said, _, reason = self.comment.partition("not run: ")
        return reason if reason and not said else None

    @property
    def needs_no_server(self) -> bool:
        """Whether it is run while no server runs."""
        return self.comment == "no server"

    @property
    def is_refused(self) -> bool:
        """Whether the page says that the server refuses a request of it."""
        return self.comment == "refused"


def fences(page: Path) -> list[Fence]:
    """The blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Fence(
            place=f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}",
            language=match["language"],
            code=match["code"],
            comment=match["comment"] or "",
        )
        for match in _FENCE.finditer(text)
    ]


def pages() -> Iterator[Path]:
    """Every page that somebody wrote, none that ``make docs`` writes."""
    for path in files():
        if path.suffix == ".md" and "results" not in path.parts and path.name not in GENERATED:
            yield path
