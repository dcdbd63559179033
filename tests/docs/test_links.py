"""Every page can be found, and every link leads somewhere."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

from tests.house.tree import ROOT, files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from markdown_it.token import Token

_ELSEWHERE = re.compile(r"[a-z][a-z+.-]*:|//")
_MARKDOWN = MarkdownIt("commonmark").enable("table")


def _pages() -> list[Path]:
    return [path for path in files() if path.suffix == ".md"]


def _named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@cache
def _tokens(page: Path) -> tuple[Token, ...]:
    """The parts of a page, without what stands in blocks of code."""
    blocks = _MARKDOWN.parse(page.read_text(encoding="utf-8"))
    return tuple(token for block in blocks for token in (block, *(block.children or ())))


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    """The files of ours that a page links to or shows, each with the heading that is meant."""
    for token in _tokens(page):
        target = token.attrGet("href") or token.attrGet("src")
        if isinstance(target, str) and not _ELSEWHERE.match(target):
            path, _, anchor = unquote(target).partition("#")
            yield ((page.parent / path).resolve() if path else page), anchor


@cache
def _anchors(page: Path) -> frozenset[str]:
    """The names of a page's headings, made as GitHub makes them."""
    tokens, made, seen = _tokens(page), set(), Counter[str]()
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open":
            text = "".join(part.content for part in inline.children or ())
            name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            made.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
    return frozenset(made)


@pytest.mark.parametrize("page", _pages(), ids=_named)
def test_every_link_leads_to_a_file_and_a_heading_of_it(page: Path) -> None:
    broken = [
        f"{path}#{anchor}"
        for path, anchor in _links(page)
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in _anchors(path))
    ]
    assert broken == []


def test_no_page_shows_a_picture_of_another_host() -> None:
    """A page is read without asking anybody else, who would learn of it."""
    shown = [
        (_named(page), token.attrGet("src"))
        for page in _pages()
        for token in _tokens(page)
        if token.type == "image"
    ]
    assert [one for one in shown if _ELSEWHERE.match(str(one[1]))] == []


def test_every_page_is_listed_in_an_index() -> None:
    docs = ROOT / "docs"
    listed = {docs / "README.md"}
    for index in (docs / "README.md", docs / "decisions" / "README.md"):
        listed |= {path for path, _ in _links(index)}
    assert {str(page) for page in _pages() if docs in page.parents and page not in listed} == set()


def test_decisions_are_numbered_without_gaps_and_say_what_was_rejected() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        for heading in ("## Context", "## Decision", "## Rejected", "## Evidence"):
            assert heading in text, f"{path.name} lacks {heading}"
