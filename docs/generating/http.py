"""The HTTP routes, from the OpenAPI document that the server itself serves."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.bootstrap import build
from api.http.app import create_app
from api.http.openapi.description import FURTHER_CONTENT
from api.service.settings import Settings
from docs.generating.markdown import code, opening, table, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_INTRODUCTION = """\
This page follows the OpenAPI document that the server serves at `/openapi.json`, in which every
operation has an example. Bodies are JSON, or msgpack (`application/vnd.msgpack`) by `Content-Type`
and `Accept`. Errors are listed under [problems](problems.md); {common} can be the answer to
anything, and are
repeated below only where they say more.
"""

_METHODS = ("get", "post", "put", "patch", "delete")


def http_page() -> str:
    """Every operation with its parameters, its answers and an example."""
    document = openapi()
    operations = list(_operations(document))
    common = _common_problems([told for _, _, told in operations])
    introduction = _INTRODUCTION.format(common=words(sorted(common)))
    parts = [opening("HTTP", "the routes in `api/http/routers`", introduction)]
    for tag in dict.fromkeys(told["tags"][0] for _, _, told in operations):
        parts.append(f"## {tag}\n")
        parts.extend(
            _operation(title, told, document, common, shared)
            for title, shared, told in operations
            if told["tags"][0] == tag
        )
    return "\n".join(parts)


def _common_problems(operations: Sequence[dict[str, Any]]) -> dict[str, str]:
    """What every operation can be answered with: by status, the least that it says anywhere."""
    responses = [told["responses"] for told in operations]
    statuses = set.intersection(*map(set, responses))
    return {
        status: min((one[status]["description"] for one in responses), key=len)
        for status in statuses
        if status >= "400"
    }


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, list[Any], dict[str, Any]]]:
    """Every operation as its title, what it shares with others on its path, and the rest."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item.get("parameters", []), item[method]


def openapi() -> dict[str, Any]:
    """The OpenAPI document of a server with nothing in it."""
    with tempfile.TemporaryDirectory() as folder:
        server = build(Settings(folder=Path(folder) / "data"))
        try:
            document: dict[str, Any] = create_app(server).openapi()
            return document
        finally:
            server.close()


def _operation(
    title: str,
    told: dict[str, Any],
    document: dict[str, Any],
    common: Mapping[str, str],
    shared: list[Any],
) -> str:
    parts = [f"### `{title}`\n", f"**{told['summary']}.** {told.get('description', '')}\n"]
    parameters = [_resolve(one, document) for one in [*shared, *told.get("parameters", ())]]
    if parameters:
        rows = [(f"`{one['name']}`", one["in"], one.get("description", "")) for one in parameters]
        parts.append(table(("parameter", "in", "meaning"), rows))
    if body := told.get("requestBody"):
        body = _resolve(body, document)
        content = body["content"] | body.get(FURTHER_CONTENT, {})
        parts.append(f"Body: {words(content)}.\n")
        parts.extend(_examples(content))
    answers = {
        status: _resolve(answer, document)
        for status, answer in told["responses"].items()
        if answer.get("description") != common.get(status)
    }
    meanings = [(status, answer["description"]) for status, answer in answers.items()]
    parts.append(table(("status", "answer"), meanings))
    for answer in answers.values():
        parts.extend(_examples(answer.get("content", {})))
    return "\n".join(parts)


def _examples(content: dict[str, Any]) -> Iterator[str]:
    """The first example of a body, as JSON."""
    for media_type, described in content.items():
        named = list(described.get("examples", {}).values())
        example = described.get("example", named[0].get("value") if named else None)
        if example is not None and "problem" not in media_type:
            shown = json.dumps(example, indent=2, ensure_ascii=False)
            yield code(example if "jsonl" in media_type else shown, "json")
            return


def _resolve(part: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """The part itself, or what it refers to."""
    while "$ref" in part:
        found: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part
