"""One word for one thing: the words of the glossary are used, and those beside them are not."""

from __future__ import annotations

import re

import pytest

from tests.house.prose import (
    DESCRIBED,
    NOT_REWRITTEN,
    RULES,
    RULES_OF_PAGES,
    is_rewritten,
    not_rewritten,
    read,
    rejected,
    rejected_of_rewritten,
    sentences,
)
from tests.house.tree import ROOT

_PAGE = (ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")

MOST_NOT_REWRITTEN = 0
"""How many entries the list of files that are not rewritten may have. Only ever make it smaller."""


def test_what_is_rewritten_uses_the_words_of_the_glossary() -> None:
    assert rejected_of_rewritten() == []


def test_the_list_of_files_that_are_not_rewritten_only_shrinks() -> None:
    """A file leaves the list as soon as nothing in it is rejected, and none is added."""
    entries = not_rewritten()
    assert len(entries) <= MOST_NOT_REWRITTEN, f"rewrite the file, do not add it to {NOT_REWRITTEN}"
    left = [place for place in read() if not is_rewritten(place)]
    done = [
        entry
        for entry in entries
        if not any(place.startswith(entry) and any(rejected(place)) for place in left)
    ]
    assert done == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Personal fields are sealed.",
        "It does.",
        "That is nothing that JSON can say.",
        "Whoever asks is told.",
        "Refused are events without a contact.",
        "The tables are made anew.",
    ],
)
def test_the_rules_reject_what_plain_english_does_without(sentence: str) -> None:
    assert any(rule.pattern.search(sentence) for rule in RULES)


@pytest.mark.parametrize(
    "sentence",
    [
        "What is stored is encrypted.",
        "Keys are kept. Whose they are, the list shows.",
        "- a list\n- How many items at most.",
        "| `limit` | How many items at most | 100 |",
    ],
)
def test_the_rules_of_pages_reject_a_question_in_place_of_a_noun(sentence: str) -> None:
    assert any(rule.pattern.search(sentence) for rule in RULES_OF_PAGES)


@pytest.mark.parametrize("sentence", ["What is stored?", "## What is stored\n", "What if? A test."])
def test_a_question_or_a_heading_may_stand_as_one(sentence: str) -> None:
    assert not any(rule.pattern.search(sentence) for rule in RULES_OF_PAGES)


def test_generated_pages_and_descriptions_are_read() -> None:
    assert {"docs/reference/http.md", "docs/reference/command-line.md", DESCRIBED} <= set(read())
    texts = [sentence.text for sentence in sentences(DESCRIBED)]
    assert len(texts) > 1000
    assert "Check that the process is running" in texts


def test_every_term_has_one_row() -> None:
    terms = re.findall(r"^\| (.+?) \| .+ \|.*\|$", _PAGE, re.MULTILINE)
    found = [term for term in terms if term not in ("term", "---")]
    assert len(found) > 60
    assert len(found) == len(set(found))


def test_no_term_stands_among_the_words_not_to_use_of_itself() -> None:
    for term, avoided in re.findall(r"^\| (\w+) \| .+ \| ([^|]+) \|$", _PAGE, re.MULTILINE):
        assert term not in [word.strip() for word in avoided.split(",")]
