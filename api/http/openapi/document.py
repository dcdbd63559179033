"""The OpenAPI document: made of the operations themselves, so that it can leave none out."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from api.http.openapi import examples, shapes
from api.http.problems import PROBLEM_JSON, TITLES, status_of_code
from api.http.wire.parameters import CONTACT_NAME
from api.service.answers import document as answers
from api.service.answers.document import schemas_of
from api.service.event_schemas import (
    cloud_event,
    data_name,
    data_schema,
    from_clients,
    ref,
    sent_event,
)
from api.service.strict_parsing import JSON, MSGPACK
from domain.decisions.reasons import REASONS
from domain.events import CATALOGUE
from domain.policy import policy_schema
from domain.presets import sent_policy_schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from api.http.endpoint import Form, Operation, Shown
    from api.http.wire.parameters import Parameter

Document = dict[str, Any]

KEY = "accessKey"
"""What the document calls an access key. One of the scopes in ``x-scopes`` is enough."""

_PATH_PARAMETERS: dict[str, tuple[str, object]] = {
    "ledger": ("The ledger's name.", "main"),
    "contact": (
        "A contact's UUID, or `source:ref`, percent-encoded; `%2F` may stand in the ref.",
        "pos:17850",
    ),
    "position": ("A place in the log, from 1.", 3),
    "version": ("The policy's version, from 1.", 1),
    "name": ("The projection's name.", "status"),
    "level": ("The level of the tile: 0 is that of the leaves.", 0),
    "tile": (
        "The place of the tile, in groups of three digits, with its width unless it is full.",
        "000.p/3",
    ),
    "operation": ("The operation's id.", examples.OPERATION_ID),
    "type": ("The type of event.", "purchase-made"),
    "id": ("The key's id, which is no secret.", "9f86d081884c7d65"),
}
FURTHER_CONTENT = "x-further-content"
"""Where a request body lists the media types that are read besides JSON, as in ``content``.

Generated clients send JSON. Of several media types in ``content`` `openapi-python-client` makes a
choice by the type of the body, which fails for arrays, and it warns about types it cannot write.
"""

REQUEST_HEADERS: dict[str, tuple[str, str]] = {
    "If-Match": ("Only if the contact's stream is at this version.", '"6"'),
    "If-None-Match": ("`*`: only if the contact does not exist yet.", "*"),
    "Idempotency-Key": (
        "16 to 200 characters; gives ids to the events without one, the same for the same key.",
        "order-2026-03-01-1042",
    ),
    "Last-Event-ID": (
        "Of a tail: the position of the last event seen. It stands before `after_position`.",
        "3",
    ),
    "Prefer": ("`return=minimal`: answer without a body.", "return=minimal"),
}
_HEADER_SCHEMAS: dict[str, Document] = {
    "If-Match": {"pattern": '^"(0|[1-9][0-9]{0,15})"$'},
    "If-None-Match": {"pattern": "^[*]$"},
    "Idempotency-Key": {"minLength": 16, "maxLength": 200},
    "Last-Event-ID": {"pattern": "^[0-9]{1,16}$"},
}
_RESPONSE_HEADERS: dict[str, tuple[str, str]] = {
    "ETag": ("The version, or a digest of the body.", '"7"'),
    "Location": ("Where to find what was made.", "/v1/ledgers/main/events/3"),
    "Content-Location": ("Where this answer stands under its own name.", "/v1/ledgers/main"),
    "Idempotency-Replayed": ("`true`: all of it was recorded before.", "true"),
    "Cache-Control": ("How long it may be kept.", "max-age=31536000, immutable"),
    "Link": ("The next page, if there is one.", '</v1/ledgers/main/events?cursor=x>; rel="next"'),
    "Rapport-Position": ("The position that the answer reflects.", "3"),
}
# Also invalid-request: a parameter that is not known is refused everywhere.
_ALWAYS = ("forbidden", "invalid-request", "not-acceptable", "internal", "unavailable")


def document(operations: Collection[Operation]) -> Document:
    """The description of these operations. Source: OpenAPI 3.1.0."""
    paths: dict[str, Document] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rapport",
            "version": _version(),
            "summary": "A relationship ledger: who is a customer, who is a client, and why.",
            "description": "JSON, or msgpack by `Content-Type` and `Accept`. Times are RFC 3339. "
            "Every error is `application/problem+json`. Request bodies are described as JSON; "
            f"`{FURTHER_CONTENT}` lists the other media types that are read.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {**_components(), **schemas_of(_answered(operations))},
            "securitySchemes": {
                KEY: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "rk_...",
                    "description": "An access key; in open mode none is asked for.",
                }
            },
        },
    }


def problem_codes(operation: Operation) -> list[str]:
    """Every code that an operation can answer with, the common ones included."""
    codes = {*operation.problems, *_ALWAYS}
    if operation.scopes:
        codes |= {"unauthenticated", "rate-limited"}
    if "{ledger}" in operation.path:
        codes.add("ledger-not-found")
    if operation.method == "POST":
        codes |= {"unsupported-media-type", "too-large"}
    texts = any(one.schema.get("type") == "string" for one in operation.query)
    if texts or operation.body is not None or "{contact}" in operation.path:
        codes.add("invalid-text")
    return sorted(codes)


def _described(operation: Operation) -> Document:
    described: Document = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": inspect.cleandoc(operation.function.__doc__ or ""),
        "parameters": _parameters(operation),
        "security": [{KEY: []}] if operation.scopes else [],
        "x-scopes": list(operation.scopes),
        "responses": {
            **_answers(operation),
            **problem_answers(problem_codes(operation)),
        },
    }
    if operation.body is None and operation.method == "POST":
        # The content type keeps web pages of other sites out, also where there is nothing to say.
        nothing = {"schema": {"type": "object", "maxProperties": 0}, "example": {}}
        described["requestBody"] = {"required": True, "content": {JSON: nothing}}
    if operation.body is not None:
        named = {name: {"value": value} for name, value in operation.body.examples.items()}
        content = {"schema": operation.body.schema, "examples": named}
        further = {MSGPACK: {"schema": operation.body.schema}, **_forms(operation.reads)}
        described["requestBody"] = {
            "required": True,
            "content": {JSON: content},
            FURTHER_CONTENT: further,
        }
    return described


def _parameters(operation: Operation) -> list[Document]:
    found: list[Document] = []
    for name in re.findall("{([a-z]+)}", operation.path):
        description, example = _PATH_PARAMETERS[name]
        one = {"name": name, "in": "path", "required": True, "description": description}
        kind = "integer" if isinstance(example, int) else "string"
        schema = CONTACT_NAME if name == "contact" else {"type": kind}
        found.append({**one, "schema": schema, "example": example})
    found.extend(_query_parameter(parameter) for parameter in operation.query)
    for name in operation.headers:
        description, text = REQUEST_HEADERS[name]
        one = {"name": name, "in": "header", "description": description}
        schema = {"type": "string", **_HEADER_SCHEMAS.get(name, {})}
        found.append({**one, "schema": schema, "example": text})
    return found


def _query_parameter(parameter: Parameter[Any]) -> Document:
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        **({"required": True} if parameter.required else {}),
        "schema": parameter.schema,
        **({} if parameter.example is None else {"example": parameter.example}),
    }


def _answers(operation: Operation) -> Document:
    answers = {
        str(status): _answer(shown, operation.offered)
        for status, shown in operation.answers.items()
    }
    for form in operation.reads:
        if form.outcome is not None:
            schema, example = form.outcome
            for media_type in form.offered:
                answers["200"]["content"][media_type] = {"schema": schema, "example": example}
    if operation.streams:
        answers["200"]["content"] |= _forms(operation.streams)
    return answers


def _forms(forms: Iterable[Form]) -> Document:
    return {
        media_type: {"schema": form.schema, "example": form.shown}
        for form in forms
        for media_type in form.media_types
    }


def _answer(shown: Shown, offered: tuple[str, ...]) -> Document:
    answer: Document = {"description": shown.description}
    if shown.headers:
        answer["headers"] = {name: _header(name) for name in shown.headers}
    schema, example = shown.schema, shown.example
    if isinstance(example, answers.Document):
        schema, example = ref(type(example).__name__), example.plain()
    if schema is not None:
        content = {"schema": schema, "example": example}
        answer["content"] = {JSON: content, MSGPACK: {"schema": schema}}
        if JSON not in offered:
            answer["content"] = dict.fromkeys(offered, content)
    return answer


def _answered(operations: Iterable[Operation]) -> Iterator[type[answers.Document]]:
    """The documents that the operations answer, as often as they do."""
    for operation in operations:
        for shown in operation.answers.values():
            if isinstance(shown.example, answers.Document):
                yield type(shown.example)


def _header(name: str) -> Document:
    description, example = _RESPONSE_HEADERS[name]
    return {"description": description, "schema": {"type": "string"}, "example": example}


def problem_answers(all_codes: Iterable[str]) -> Document:
    """The answers that tell of problems, by status, with an example of each code."""
    by_status: dict[int, list[str]] = {}
    for code in all_codes:
        by_status.setdefault(status_of_code(code), []).append(code)
    return {
        str(status): {
            "description": "; ".join(TITLES[code] for code in codes) + ".",
            "content": {
                PROBLEM_JSON: {
                    "schema": ref("Problem"),
                    "examples": {code: {"value": _problem(code, status)} for code in codes},
                }
            },
        }
        for status, codes in sorted(by_status.items())
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


def _problem(code: str, status: int) -> Document:
    more: Document = {}
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
        "instance": f"urn:uuid:{examples.OPERATION_ID}",
        **more,
    }


def _components() -> Mapping[str, Any]:
    contact = {**CONTACT_NAME, "description": "A UUID, or `source:ref`."}
    text = {"type": "string"}
    problem = shapes.shape(
        type=text, title=text, status={"type": "integer"}, detail=text, code=text, instance=text
    )
    problem["properties"] |= {
        "reason": {
            "type": "string",
            "enum": sorted(REASONS),
            "description": "Of `refused`: the decision's own code.",
        },
        "errors": shapes.many(shapes.shape(pointer=text, code=text, detail=text)),
    }
    policy, sent_policy = (
        {name: part for name, part in schema.items() if name not in {"$schema", "title"}}
        for schema in (policy_schema(), sent_policy_schema())
    )
    sent = {f"Sent.{cls.TYPE}": sent_event(cls) for cls in from_clients()}
    sent_of_contact = {
        f"SentOfContact.{cls.TYPE}": sent_event(cls, contact=contact) for cls in from_clients()
    }
    cloud_events = {f"CloudEvent.{cls.TYPE}": cloud_event(cls) for cls in from_clients()}
    return {
        "SentEvent": _one_of(sent),
        "SentEventOfContact": _one_of(sent_of_contact),
        "SentCloudEvent": {
            "description": "CloudEvents 1.0. Extension attributes are ignored.",
            **_one_of(cloud_events),
        },
        **sent,
        **sent_of_contact,
        **cloud_events,
        **{data_name(cls): data_schema(cls) for cls in from_clients()},
        "EventTypeName": {"type": "string", "enum": sorted(CATALOGUE)},
        "Policy": policy,
        "SentPolicy": sent_policy,
        "Problem": problem,
    }


def _one_of(names: Iterable[str]) -> Document:
    return {"oneOf": [ref(name) for name in names]}


def _version() -> str:
    try:
        return version("rapport-ledger")
    except PackageNotFoundError:
        return "0+unpackaged"
