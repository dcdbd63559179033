"""What is on the wire today is what was on it yesterday, unless somebody meant to change it.

``python -m tests.wire`` writes both files anew; what changed is then seen in review.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.wire.__main__ import ANSWERS, DOCUMENT, recorded, written

if TYPE_CHECKING:
    from tests.wire.recording import Json


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Json, list[Json]]:
    return recorded(tmp_path_factory.mktemp("wire"))


def test_every_answer_is_as_it_was(told: tuple[Json, list[Json]]) -> None:
    """Field for field, in the same order; the recording says what the difference is."""
    kept = json.loads(ANSWERS.read_text(encoding="utf-8"))
    for before, now in zip(kept, told[1], strict=False):
        assert written(now) == written(before), f"{AGAIN} {now['request']}"
    assert len(told[1]) == len(kept), AGAIN


def test_the_openapi_document_is_as_it_was(told: tuple[Json, list[Json]]) -> None:
    assert written(told[0]) == DOCUMENT.read_text(encoding="utf-8"), AGAIN


def test_the_story_asks_every_operation(told: tuple[Json, list[Json]]) -> None:
    document, exchanges = told
    asked = {
        (one["request"]["method"], one["request"]["path"].partition("?")[0])
        for one in exchanges
        if one["status"] < 400
    }
    asked.add(("GET", "/metrics"))  # its figures are of a process: see tests/api/test_metrics.py
    missing = [
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
        if not any(method.upper() == one and _matches(path, place) for one, place in asked)
    ]
    assert not missing


AGAIN = "if the change is meant, run `python -m tests.wire` and review the difference:"


def _matches(template: str, path: str) -> bool:
    pattern = re.sub(r"\\\{tile\\\}", ".+", re.escape(template))
    return re.fullmatch(re.sub(r"\\\{[a-z]+\\\}", "[^/]+", pattern), path) is not None


def test_a_template_matches_its_paths_only() -> None:
    cases: list[tuple[str, str, Any]] = [
        ("/a/{b}/c", "/a/x/c", True),
        ("/a/{b}/c", "/a/x/y/c", False),
        ("/log/tile/{level}/{tile}", "/log/tile/0/000.p/9", True),
    ]
    for template, path, expected in cases:
        assert _matches(template, path) is expected
