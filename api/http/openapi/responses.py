"""How answers are documented where they are declared: for ``responses=`` of FastAPI's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.http.openapi.example import example
from api.http.problems import PROBLEM_JSON, TITLES, TYPE, status_of_code
from api.service.answers.document import Document
from api.service.answers.problems import Problem
from api.service.event_schemas import ref
from api.service.strict_parsing import JSON

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Responses = dict[int | str, dict[str, Any]]

ITEM_SCHEMA = "x-item-schema"
"""Where the schema of lines says what one line is. OpenAPI 3.2 has ``itemSchema`` for it."""

INSTANCE = "urn:uuid:4b8f1d3a-52e7-4b0f-8f53-0d6f0b2f9c11"

_HEADERS: dict[str, tuple[str, str]] = {
    "ETag": ("The version, or a digest of the body.", '"7"'),
    "Location": ("The URL of what was made.", "/v1/ledgers/main/events/3"),
    "Content-Location": (
        "The path of this answer under the name of the contact that answers.",
        "/v1/ledgers/main",
    ),
    "Idempotency-Replayed": ("`true`: all of it was recorded before.", "true"),
    "Cache-Control": ("Whether the answer may be stored.", "max-age=31536000, immutable"),
    "Link": ("The next page, if there is one.", '</v1/ledgers/main/events?cursor=x>; rel="next"'),
    "Rapport-Position": ("The position that the answer reflects.", "3"),
}
_INVALID_FIELDS = {
    "invalid-request": {"pointer": "/data/expires_at", "code": "missing", "detail": "is required"},
    "invalid-time": {
        "pointer": "/data/expires_at",
        "code": "invalid-time",
        "detail": "must be a date-time with an offset",
    },
    "invalid-text": {
        "pointer": "/data/name",
        "code": "invalid-text",
        "detail": "must not hold U+202E (RIGHT-TO-LEFT OVERRIDE): send the text without it",
    },
}
"""By the code of a problem, the error in what was sent that its example shows."""


def response_of(
    description: str,
    example: object = None,
    *headers: str,
    media_type: str = JSON,
    schema: Mapping[str, object] | None = None,
    more: Mapping[str, Mapping[str, object]] | None = None,
) -> dict[str, Any]:
    """One answer of an endpoint, by an example of what it returns, with the headers it brings.

    An answer that is no document is described by its ``schema``; ``more`` are other media types,
    or all of them where there is no example.
    """
    answer: dict[str, Any] = {"description": description}
    if headers:
        answer["headers"] = {name: _header(name) for name in headers}
    if example is None:
        return answer if more is None else {**answer, "content": dict(more)}
    content: dict[str, Any] = {}
    if isinstance(example, Document):
        content["schema"], example = ref(type(example).__name__), example.plain()
    if schema is not None:
        content["schema"] = dict(schema)
    answer["content"] = {media_type: {**content, "example": example}, **(more or {})}
    return answer


def form(schema: Mapping[str, object], example: object) -> dict[str, object]:
    """A body or an answer in one media type."""
    return {"schema": dict(schema), "example": example}


def lines(description: str, *examples: Document) -> dict[str, object]:
    """Lines of JSON, by an example of each kind of line."""
    kinds = [ref(name) for name in dict.fromkeys(type(one).__name__ for one in examples)]
    item = kinds[0] if len(kinds) == 1 else {"oneOf": kinds}
    text = "".join(f"{one.json_bytes().decode()}\n" for one in examples)
    return form({"type": "string", "description": description, ITEM_SCHEMA: item}, text)


def problems(*codes: str) -> Responses:
    """The answers that report problems, by status, with an example of each code."""
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(status_of_code(code), []).append(code)
    return {status: _problems(found) for status, found in sorted(by_status.items())}


def example_problem(code: str) -> Problem:
    """An example of the problem with that code."""
    more: dict[str, Any] = {}
    if code in _INVALID_FIELDS:
        more["errors"] = [_INVALID_FIELDS[code]]
    if code == "refused":
        more["reason"] = "contact-unregistered"
    return example(
        Problem,
        {
            "type": f"{TYPE}{code}",
            "title": TITLES[code],
            "status": status_of_code(code),
            "detail": TITLES[code],
            "code": code,
            "instance": INSTANCE,
            **more,
        },
    )


def codes_in(responses: Mapping[Any, Mapping[str, Any]]) -> set[str]:
    """The codes of the problems that are among these answers."""
    return {
        code
        for answer in responses.values()
        for code in answer.get("content", {}).get(PROBLEM_JSON, {}).get("examples", ())
    }


def _problems(codes: Iterable[str]) -> dict[str, Any]:
    examples = {code: {"value": example_problem(code).plain()} for code in codes}
    return {
        "description": "; ".join(TITLES[code] for code in codes) + ".",
        "content": {PROBLEM_JSON: {"schema": ref("Problem"), "examples": examples}},
    }


def _header(name: str) -> dict[str, Any]:
    description, example = _HEADERS[name]
    return {"description": description, "schema": {"type": "string"}, "example": example}
