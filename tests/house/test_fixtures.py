"""What every room needs is written once, in ``tests/fixtures``."""

from __future__ import annotations

import ast
import re

from tests.house.tree import modules

_COMMON = re.compile(r"\w*Clock|until|registration")

_REQUEST = re.compile(r"httpx\.(Async)?(Client|get|post|put|delete|request|stream)")

ELSEWHERE = {
    "tests/api/test_front_door.py:until": "it lets coroutines run and waits for no time at all",
    "tests/wire/story.py:registration": "numbered and dated, as every event of that story is",
}
"""What has one of these names outside, each with the reason. It may only become shorter."""


def test_no_room_has_a_clock_a_wait_or_a_registration_of_its_own() -> None:
    found = {
        f"{place}:{node.name}"
        for place, tree, _ in modules()
        if place.startswith("tests/") and not place.startswith("tests/fixtures/")
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and _COMMON.fullmatch(node.name)
    }
    assert found - ELSEWHERE.keys() == set()


def test_every_http_request_of_a_test_waits_as_long_as_the_others() -> None:
    """Five seconds, which is what httpx waits by itself, pass easily on a busy machine."""
    impatient = {
        f"{place}:{node.lineno}"
        for place, tree, _ in modules()
        if place.startswith("tests/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and _REQUEST.fullmatch(ast.unparse(node.func))
        and not any(
            word.arg == "timeout" and "END_SECONDS" in ast.unparse(word.value)
            for word in node.keywords
        )
    }
    assert impatient == set()
