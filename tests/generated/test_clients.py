"""Clients that other people's generators make of the OpenAPI document work like ours."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.http.app import create_app
from ledger.access.scopes import SCOPES
from tests.api.shop import Clock, built, listening
from tests.fixtures.patience import END_SECONDS
from tests.generated import generators
from tests.generated.script import CONTACT, PURCHASE_ID, Script, comparable
from tests.generated.stories import handwritten

if TYPE_CHECKING:
    from collections.abc import Iterator


STORIES = Path(__file__).parent / "stories"

with_python = pytest.mark.skipif(
    generators.why_not_python() is not None, reason=str(generators.why_not_python())
)
with_node = pytest.mark.skipif(
    generators.why_not_node() is not None, reason=str(generators.why_not_node())
)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    """A server that asks for a key, and a key that may do everything."""
    folder = tmp_path_factory.mktemp("generated") / "data"
    with built(folder, Clock()) as server, listening(create_app(server)) as url:
        _, key = server.keys.make("everything", SCOPES)
        yield Script(url, key, "by-hand")


@pytest.fixture(scope="module")
def document(script: Script, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OpenAPI document as the server serves it, in a file."""
    file = tmp_path_factory.mktemp("document") / "openapi.json"
    answer = httpx.get(
        f"{script.url}/openapi.json", headers={"Authorization": script.key}, timeout=END_SECONDS
    )
    file.write_bytes(answer.raise_for_status().content)
    return file


@pytest.fixture(scope="module")
def by_hand(script: Script) -> dict[str, Any]:
    """What ``rapport_client`` is answered."""
    answers: dict[str, Any] = comparable(handwritten.run(script))
    return answers


def test_the_script_meets_what_it_is_about(by_hand: dict[str, Any]) -> None:
    """So that equal answers are not equally empty."""
    assert (by_hand["second"]["replayed"], by_hand["again"]["replayed"]) == (False, True)
    assert by_hand["second"]["position"] == by_hand["again"]["position"]
    assert by_hand["second"]["events"][0]["id"] == PURCHASE_ID
    assert by_hand["status"]["stage"] == "customer"
    assert by_hand["contact"]["contact_id"] == CONTACT
    types = [one["type"] for one in by_hand["followed"]]
    assert types == ["contact-registered", "purchase-made", "visit-made"]
    assert [one["contact_id"] for one in by_hand["replayed"]] == [CONTACT]
    assert (by_hand["unknown"]["status"], by_hand["unknown"]["code"]) == (404, "contact-not-found")
    assert by_hand["refused"]["reason"] == "contact-unregistered"


@with_python
def test_the_client_of_openapi_python_client_is_answered_like_ours(
    document: Path, script: Script, by_hand: dict[str, Any], tmp_path: Path
) -> None:
    """The generator writes every operation and has nothing to say of any."""
    configuration = generators.CONFIGURATION
    ended = generators.generate_python(document, tmp_path, configuration=configuration)
    assert ended.printed.split() == ["Generating", str(tmp_path / "rapport_generated")]
    assert ended.code == 0
    modules = (tmp_path / "rapport_generated" / "api").rglob("[!_]*.py")
    assert sorted(module.stem for module in modules) == sorted(operation_ids(document))
    story = STORIES / "openapi_python_client.py"
    given = json.dumps({**asdict(script), "ledger": "python"})
    ended = generators.run_program([generators.PYTHON / "python", story, given], tmp_path)
    assert ended.code == 0, ended.printed
    assert_same(json.loads(ended.printed), by_hand, ledger="python")


@with_python
def test_openapi_python_client_needs_no_configuration_for_any_operation(
    document: Path, tmp_path: Path
) -> None:
    """Without it the lines of a result are bytes instead of text, and it says so."""
    ended = generators.generate_python(document, tmp_path)
    assert re.findall(r"^WARNING.*", ended.printed, re.MULTILINE) == [
        "WARNING parsing GET /v1/ledgers/{ledger}/operations/{operation}/result within replays."
    ]
    modules = (tmp_path / "rapport_generated" / "api").rglob("[!_]*.py")
    assert sorted(module.stem for module in modules) == sorted(operation_ids(document))


@with_node
def test_the_client_of_openapi_ts_is_answered_like_ours(
    document: Path, script: Script, by_hand: dict[str, Any], tmp_path: Path
) -> None:
    """The generator writes every operation and has nothing to say of any; the compiler neither."""
    folder = tmp_path
    ended = generators.generate_typescript(document, folder)
    assert ended.code == 0, ended.printed
    said = [line.removeprefix("[Job 1] ").strip() for line in ended.printed.splitlines()]
    assert [line for line in said if line] == [
        f"@hey-api/openapi-ts v{generators.pinned('OPENAPI_TS')}",
        "⏳ Generating from 1 input:",
        f"[1] {document}",
        f"✅ Done! Your output is in {folder / 'rapport'}",
    ]
    source = (folder / "rapport" / "sdk.gen.ts").read_text(encoding="utf-8")
    functions = re.findall(r"^export const (\w+) =", source, re.MULTILINE)
    assert sorted(functions) == sorted(map(in_camel_case, operation_ids(document)))
    story = folder / "story.ts"
    shutil.copyfile(STORIES / "openapi_ts.ts", story)
    compiled = generators.compile_typescript(folder, story)
    assert compiled.code == 0, compiled.printed
    given = json.dumps({**asdict(script), "ledger": "typescript"})
    ended = generators.run_program(["node", folder / "compiled" / "story.js", given], folder)
    assert ended.code == 0, ended.printed
    assert_same(json.loads(ended.printed), by_hand, ledger="typescript")


def operation_ids(document: Path) -> list[str]:
    paths = json.loads(document.read_text(encoding="utf-8"))["paths"]
    return [one["operationId"] for methods in paths.values() for one in methods.values()]


def in_camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def assert_same(answers: dict[str, Any], by_hand: dict[str, Any], *, ledger: str) -> None:
    """All answers are equal, but for the name of the ledger."""
    assert answers["ledger"]["name"] == ledger
    answers["ledger"]["name"] = by_hand["ledger"]["name"]
    assert answers.keys() == by_hand.keys()
    for name, answer in answers.items():
        assert comparable(answer) == by_hand[name], name
