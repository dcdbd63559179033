"""The OpenAPI document: FastAPI's own, with additions that FastAPI cannot generate.

FastAPI describes parameters, answers, summaries and security from the functions. Put in are the
second form of every body (msgpack), bodies that our rules read, the problems that every endpoint
can answer with, and examples that hold null, which FastAPI leaves out. Source: FastAPI, "Extending
OpenAPI"; OpenAPI 3.1.0.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from api.http.access import caller
from api.http.contract import Contract, body_of, scopes_of
from api.http.openapi.components import (
    of_events,
    of_problems_and_lines,
    with_names,
    with_references,
)
from api.http.openapi.responses import ITEM_SCHEMA, codes_in, problems
from api.http.openapi.webhook_messages import described_webhooks
from api.service.event_schemas import ref
from api.service.strict_parsing import JSON, MSGPACK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from api.http.routing import LedgerRoute

Described = dict[str, Any]

FURTHER_CONTENT = "x-further-content"
"""Where a request body lists the media types that are read besides JSON, as in ``content``.

Generated clients send JSON. Of several media types in ``content`` `openapi-python-client` makes a
choice by the type of the body, which fails for arrays, and it warns about types it cannot write.
"""

# Also invalid-request: a parameter that is not known is refused everywhere.
_ALWAYS = ("forbidden", "invalid-request", "not-acceptable", "internal", "unavailable")


def description(routes: Iterable[LedgerRoute]) -> Described:
    """The description of these endpoints."""
    routes = list(routes)
    document: Described = get_openapi(
        title="Rapport",
        version=_version(),
        summary="A relationship ledger: who is a customer, who is a client, and why.",
        description="JSON, or msgpack by `Content-Type` and `Accept`. Times are RFC 3339. "
        "Every error is `application/problem+json`. Request bodies are described as JSON; "
        f"`{FURTHER_CONTENT}` lists the other media types that are read. Of answers in lines, "
        f"`{ITEM_SCHEMA}` says what one line is.",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=routes,
    )
    document["components"]["schemas"] |= of_problems_and_lines()
    document = with_names(document)
    for unused in ("HTTPValidationError", "ValidationError"):  # every 422 here is a problem
        document["components"]["schemas"].pop(unused, None)
    document["components"]["schemas"] |= {**of_events(), **_body_schemas(routes)}
    document = with_references(document)
    for route in routes:
        told = document["paths"][route.path_format][route.method.lower()]
        _complete(told, route)
    document["webhooks"] = described_webhooks()
    return document


def problem_codes(route: LedgerRoute) -> set[str]:
    """Every code that an endpoint can answer with, the common ones included."""
    codes = {*codes_in(route.responses), *_ALWAYS}
    if scopes_of(route):
        codes |= {"unauthenticated", "rate-limited"}
    if "{ledger}" in route.path_format:
        codes.add("ledger-not-found")
    return codes


def _complete(told: Described, route: LedgerRoute) -> None:
    """Add to the description of one endpoint what FastAPI cannot generate."""
    scopes = scopes_of(route)
    told["security"] = [{caller.scheme_name: []}] if scopes else []
    told["x-scopes"] = list(scopes)
    told.setdefault("parameters", [])
    for one in told["parameters"]:
        one["schema"] = _schema(route, one)
        if "examples" in one:
            one["example"] = one.pop("examples")["example"]["value"]
    for status, answer in told["responses"].items():
        if "content" in answer:
            answer["content"] = _content(route, status, answer["content"])
    codes = problem_codes(route)
    if route.method in ("POST", "PATCH"):
        codes |= {"unsupported-media-type", "too-large"}
        told["requestBody"] = _body(route)
    if _holds_text(told):
        codes.add("invalid-text")
    for status, answer in problems(*codes).items():
        told["responses"][str(status)] = answer


def _body_schemas(routes: Iterable[LedgerRoute]) -> Described:
    """The schemas of the bodies that have a name."""
    bodies = (body_of(route) for route in routes)
    return {one.name: one.schema for one in bodies if one is not None and one.name is not None}


def _schema(route: LedgerRoute, parameter: Described) -> Described:
    """What a parameter must be, without title and description, which FastAPI repeats in it."""
    schema: Described = parameter["schema"]
    if parameter["in"] == "query":
        default = {"default": schema["default"]} if "default" in schema else {}
        return {**Contract.of(route).query[parameter["name"]].schema, **default}
    return {name: one for name, one in schema.items() if name not in ("title", "description")}


def _content(route: LedgerRoute, status: str, content: Described) -> Described:
    """The forms of an answer, with examples as they were declared: FastAPI leaves out nulls."""
    declared = route.responses.get(int(status), {}).get("content", {})
    content = {name: {**one, **declared.get(name, {})} for name, one in content.items()}
    return _in_both_forms(content) if JSON in content else content


def _in_both_forms(content: Described) -> Described:
    """What is said of JSON, said of msgpack; its examples are bytes, so it has none."""
    rest = {name: one for name, one in content.items() if name != JSON}
    packed = {"schema": content[JSON]["schema"]}
    return {JSON: content[JSON], MSGPACK: packed, **rest}


def _body(route: LedgerRoute) -> Described:
    read = body_of(route)
    if read is not None:
        named = {name: {"value": value} for name, value in read.examples.items()}
        schema = dict(read.schema) if read.name is None else ref(read.name)
        return _sent_as({JSON: {"schema": schema, "examples": named}})
    if route.openapi_extra is not None:
        content = route.openapi_extra["requestBody"]["content"]
        return _sent_as(content)
    # The content type keeps web pages of other sites out, also where there is nothing to say.
    nothing = {"schema": {"type": "object", "maxProperties": 0}, "example": {}}
    return {"required": True, "content": {JSON: nothing}}


def _sent_as(content: Described) -> Described:
    """A body that is described as JSON, with the other forms that are read beside it."""
    further = _in_both_forms(content)
    return {
        "required": True,
        "content": {JSON: further.pop(JSON)},
        FURTHER_CONTENT: further,
    }


def _holds_text(told: Described) -> bool:
    """Whether a text is in the query, in a body that is read, or in the name of a contact."""
    return FURTHER_CONTENT in told.get("requestBody", {}) or any(
        one["schema"].get("type") == "string" if one["in"] == "query" else one["name"] == "contact"
        for one in told["parameters"]
    )


def _version() -> str:
    try:
        return version("rapport-ledger")
    except PackageNotFoundError:
        return "0+unpackaged"
