"""Every page can be found, and every link leads somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.house.tree import ROOT, files

if TYPE_CHECKING:
    from pathlib import Path

_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(#[^)\s]*)?\)")


def _pages() -> list[Path]:
    return [path for path in files() if path.suffix == ".md"]


def test_every_link_between_pages_leads_to_a_file_and_a_heading() -> None:
    broken = []
    for page in _pages():
        for target, anchor in _LINK.findall(page.read_text(encoding="utf-8")):
            path = (page.parent / target).resolve() if target else page
            if not path.exists() or (anchor and anchor[1:] not in _anchors(path)):
                broken.append(f"{page.relative_to(ROOT)}: {target}{anchor}")
    assert broken == []


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_listed_in_an_index() -> None:
    docs = ROOT / "docs"
    listed = {docs / "README.md"}
    for index in (docs / "README.md", docs / "decisions" / "README.md"):
        links = _LINK.findall(index.read_text(encoding="utf-8"))
        listed |= {(index.parent / target).resolve() for target, _ in links}
    assert {str(page) for page in _pages() if docs in page.parents and page not in listed} == set()


def test_decisions_are_numbered_without_gaps_and_say_what_was_rejected() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        for heading in ("## Context", "## Decision", "## Rejected", "## Evidence"):
            assert heading in text, f"{path.name} lacks {heading}"
