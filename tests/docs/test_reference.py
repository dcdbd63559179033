"""The reference pages are what the code says, and leave nothing out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from api.cli import COMMANDS
from api.http.problems import TITLES
from api.service.importing.mapping import mapping_of
from api.service.importing.reading import MappingTable
from api.service.settings import Settings
from docs.generate import PAGES, REFERENCE
from docs.generating.http import openapi
from docs.generating.mapping import KEYS
from docs.generating.problems import FIELD_CODES, IMPORT_CODES
from domain.decisions import REASONS
from domain.events import CATALOGUE
from domain.presets import PRESETS
from tests.house.tree import package_modules
from tests.importing.test_mapping import SOUND

if TYPE_CHECKING:
    from collections.abc import Iterator


def _page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_generated_page_is_current(name: str) -> None:
    assert _page(name) == PAGES[name](), "run make docs"


def test_the_pages_that_are_not_generated_are_named_in_the_index() -> None:
    written = {path.stem for path in REFERENCE.glob("*.md")} - {name[:-3] for name in PAGES}
    assert written == {
        "rules",
        "benchmarks",
        "card-and-scorecard",
        "rewards-and-the-book",
        "scale",
        "soak",
        "dependencies",
        "glossary",
    }
    index = " ".join((REFERENCE.parent / "README.md").read_text(encoding="utf-8").split())
    written_by_hand = (
        "the rules, the card and the scorecard, rewards and the book, the glossary, the benchmarks,"
        " the scale, the soak"
    )
    assert f"except {written_by_hand} and the dependencies" in index


def test_every_event_and_field_is_documented_and_its_stored_order_too() -> None:
    events, stored = _page("events.md"), _page("stored-format.md")
    for topic, made in CATALOGUE.items():
        section = events.partition(f"### `{topic}`\n")[2].partition("\n### ")[0]
        assert section
        assert [
            name for field in made.FIELDS if f"| `{(name := field.name)}` |" not in section
        ] == []
        assert f"| `{topic}` |" in stored


def test_every_problem_and_every_reason_for_a_refusal_is_documented() -> None:
    page = _page("problems.md")
    assert [code for code in TITLES if f"| `{code}` |" not in page] == []
    assert [reason for reason in REASONS if f"| `{reason}` |" not in page] == []


def test_every_code_of_a_single_error_is_documented() -> None:
    given = {code for _, tree, _ in package_modules() for code in _codes_given(tree)}
    assert given == FIELD_CODES.keys() | IMPORT_CODES.keys()


def _codes_given(tree: ast.Module) -> Iterator[str]:
    """The literal codes in calls that say what is wrong."""
    places = {"wrong": 0, "FieldError": 1, "at": 1}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            place = places.get(ast.unparse(node.func).split(".")[-1], len(node.args))
            code = node.args[place] if place < len(node.args) else None
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                yield code.value


def test_every_operation_is_documented_with_an_example() -> None:
    page, undocumented = _page("http.md"), []
    for path, item in openapi()["paths"].items():
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            section = page.partition(f"### `{method.upper()} {path}`\n")[2].partition("\n### ")[0]
            if "```json" not in section:
                undocumented.append(f"{method} {path}")
    assert undocumented == []


def test_every_command_is_documented_with_an_example() -> None:
    page = _page("command-line.md")
    for name in COMMANDS:
        section = page.partition(f"## `rapport {name}`\n")[2]
        assert f"rapport {name}" in section, name


def test_every_key_of_a_mapping_is_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, set[str]] = {}
    finish = MappingTable.finish

    def noted(table: MappingTable) -> None:
        finish(table)
        keys = list(table.asked)
        made = "amount_minor" in table.pointer or "category" in table.pointer
        place = f"{table.pointer}/sign" if "sign" in keys else table.pointer
        asked.setdefault(keys[0] if made else place, set()).update(keys)

    monkeypatch.setattr(MappingTable, "finish", noted)
    (event,) = SOUND["event"]
    for value in (
        {"whole": "{x}"},
        {"choice": "{x}", "words": {"a": "b"}},
        {"date": "{x}", "part": "day"},
        {"list": "{x}"},
        {"refs": {"x": "{x}"}},
    ):
        data = {**event["data"], "category": value}
        for when in (
            {"text": "{x}", "is": "y"},
            {"text": "{x}", "is_not": "y"},
            {"amount": "{x}", "sign": "zero"},
        ):
            tables = {
                "file": {},
                "column": {"NAME": {"header": "x", "repeat": 1}},
                "skip": [{"text": "{x}", "is": "y"}],
            }
            mapping_of({**SOUND, **tables, "event": [{**event, "data": data, "when": when}]})
    places = {
        "": "",
        "/column/NAME": "column",
        "/event/0": "event",
        "/event/0/when": "event.when",
        "/event/0/when/sign": "event.when.sign",
        "/skip/0": "skip",
    }
    # Tables are written out as often as they are repeated before they are read.
    for repeated in ("/column/NAME", "/event/0"):
        asked[repeated].add("repeat")
    asked["/skip/0"] -= KEYS["event.when"].keys()
    found = {places.get(place, place.removeprefix("/")): keys for place, keys in asked.items()}
    assert found == {place: set(keys) for place, keys in KEYS.items()}


def test_every_setting_and_every_preset_is_documented() -> None:
    settings, policy = _page("settings.md"), _page("policy.md")
    names = Settings.__dataclass_fields__
    assert [name for name in names if f"| `{name}` |" not in settings] == []
    assert [name for name in PRESETS if f"`{name}`" not in policy] == []
