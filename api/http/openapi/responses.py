"""How answers are documented where they are declared: for ``responses=`` of FastAPI's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.http.problems import PROBLEM_JSON, TITLES, status_of_code
from api.service.answers.document import Document
from api.service.event_schemas import ref
from api.service.strict_parsing import JSON

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Responses = dict[int | str, dict[str, Any]]

INSTANCE = "urn:uuid:4b8f1d3a-52e7-4b0f-8f53-0d6f0b2f9c11"

_HEADERS: dict[str, tuple[str, str]] = {
    "ETag": ("The version, or a digest of the body.", '"7"'),
    "Location": ("Where to find what was made.", "/v1/ledgers/main/events/3"),
    "Content-Location": ("Where this answer stands under its own name.", "/v1/ledgers/main"),
    "Idempotency-Replayed": ("`true`: all of it was recorded before.", "true"),
    "Cache-Control": ("How long it may be kept.", "max-age=31536000, immutable"),
    "Link": ("The next page, if there is one.", '</v1/ledgers/main/events?cursor=x>; rel="next"'),
    "Rapport-Position": ("The position that the answer reflects.", "3"),
}
_EXAMPLES_OF_ERRORS: dict[str, tuple[str, str, str]] = {
    "invalid-request": ("/data/expires_at", "missing", "is required"),
    "invalid-time": ("/data/expires_at", "invalid-time", "must be a date-time with an offset"),
    "invalid-text": (
        "/data/name",
        "invalid-text",
        "must not hold U+202E (RIGHT-TO-LEFT OVERRIDE): send the text without it",
    ),
}
"""By code, the pointer, code and detail of an error that the example shows."""


def response_of(
    description: str,
    example: object = None,
    *headers: str,
    media_type: str = JSON,
    schema: Mapping[str, object] | None = None,
    more: Mapping[str, Mapping[str, object]] | None = None,
) -> dict[str, Any]:
    """One answer of an endpoint, by an example of what it returns, with the headers it brings.

    An answer that is no document is described by its ``schema``; ``more`` are other media types.
    """
    answer: dict[str, Any] = {"description": description}
    if headers:
        answer["headers"] = {name: _header(name) for name in headers}
    if example is None:
        return answer
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


def problems(*codes: str) -> Responses:
    """The answers that report problems, by status, with an example of each code."""
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(status_of_code(code), []).append(code)
    return {status: _problems(status, found) for status, found in sorted(by_status.items())}


def codes_in(responses: Mapping[Any, Mapping[str, Any]]) -> set[str]:
    """The codes of the problems that are among these answers."""
    return {
        code
        for answer in responses.values()
        for code in answer.get("content", {}).get(PROBLEM_JSON, {}).get("examples", ())
    }


def _problems(status: int, codes: Iterable[str]) -> dict[str, Any]:
    examples = {code: {"value": _problem(code, status)} for code in codes}
    return {
        "description": "; ".join(TITLES[code] for code in codes) + ".",
        "content": {PROBLEM_JSON: {"schema": ref("Problem"), "examples": examples}},
    }


def _problem(code: str, status: int) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if code in _EXAMPLES_OF_ERRORS:
        pointer, kind, detail = _EXAMPLES_OF_ERRORS[code]
        more["errors"] = [{"pointer": pointer, "code": kind, "detail": detail}]
    if code == "refused":
        more["reason"] = "contact-unregistered"
    return {
        "type": f"urn:rapport:problem:{code}",
        "title": TITLES[code],
        "status": status,
        "detail": TITLES[code],
        "code": code,
        "instance": INSTANCE,
        **more,
    }


def _header(name: str) -> dict[str, Any]:
    description, example = _HEADERS[name]
    return {"description": description, "schema": {"type": "string"}, "example": example}
