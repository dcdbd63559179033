"""What schemathesis makes of the OpenAPI document, and what it has to be told to make it well.

Lines, cursors, time zones and positions are such that a schema can say what they look like, and
not which of them this ledger knows.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgpack
import schemathesis
from hypothesis import reject
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CoveragePhaseData

from api.http.openapi.description import FURTHER_CONTENT
from api.http.wire.cloudevents import BATCH
from api.http.wire.media import LINES
from api.service.event_schemas import from_clients
from api.service.strict_parsing import JSON, MSGPACK
from docs.generating.problems import IMPORT_CODES
from domain.instants import zone_names
from tests.api.endpoints import ENDPOINTS, Endpoint, document
from tests.api.shop import purchase, registration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemathesis.specs.openapi.schemas import OpenApiSchema

    from domain.events import Event

POSITIONS = 50
"""How much there is; the examples in the document speak of position 42."""

APPENDS = ("append_events", "append_events_of_many_contacts")
EXPECTED = ["2xx", "3xx", "404", "409", "412", "503"]
"""How right requests may be answered: also by what the ledger holds now, which no schema knows."""

UNSAID = ("contradiction", "takes-a-replay")
INVISIBLE = ("must hold a visible character", "must not begin with", "must not end with")
"""How texts are refused for what no pattern says: which characters of Unicode can be seen."""

_OF_MAPPINGS = ("/mapping_toml", "/set")
"""Where a mapping stands, and what it is set to."""

CORRECTED = re.compile(r"(/\d+)?/data/data(/.*)?", re.DOTALL)
"""Where corrected data stands, whose schema is that of the event it corrects."""

REF = re.compile(r"(/\d+)?/(contact|subject|from|to|data/(other|into))")
"""Where a contact is named, of whose ref a pattern says only how long it is."""

CHECKS = {"positive_data_acceptance": {"expected-statuses": EXPECTED}}

Context = schemathesis.CheckContext
Case = schemathesis.Case[Any]


def one_operation(told: dict[str, Any], name: str, *, edges: bool) -> OpenApiSchema:
    """That operation of a document, also at the edges of its values, or only at random ones.

    The edges of what is appended are in ``edges_of_appending``.

    Policies have thousands of edges: all are tried where they are published, in one media type, and
    few where policies are tried, because each answer there takes long.
    """
    told = _with_path_of(told, name)
    methods = told["paths"][_endpoint(name).path]
    if name == "publish_policy":
        del methods["post"]["requestBody"]["content"][MSGPACK]
    if name in ("preview_policy", "fit_policy"):
        del methods["post"]["requestBody"]["content"][JSON]
        schemas = dict(told["components"]["schemas"])
        policy = schemas["SentPolicy"]
        few = {one: policy["properties"][one] for one in ("extends", "rules", "rhythm")}
        schemas["SentPolicy"] = {**policy, "properties": few}
        told["components"] = {**told["components"], "schemas": schemas}
    random = APPENDS if edges else (*APPENDS, name)
    off = {"include-operation-id": list(random), "phases": {"coverage": {"enabled": False}}}
    return _only(told, name, [off])


def edges_of_appending(name: str) -> OpenApiSchema:
    """An operation that appends, with every kind of field in as few types of events as have them.

    All types of events with all their edges are 60,000 requests. Each media type is tried once.
    """
    told = whole_document()
    one, many = (
        told["paths"][operation.path]["post"]["requestBody"]["content"]
        for operation in ENDPOINTS
        if operation.name in APPENDS
    )
    del one[MSGPACK], many[JSON], many[BATCH]
    types = {cls.TYPE for cls in having_every_kind_of_field()}
    schemas = told["components"]["schemas"]
    for event in ("SentEvent", "SentEventOfContact", "SentCloudEvent"):
        every = schemas[event]["oneOf"]
        schemas[event]["oneOf"] = [one for one in every if one["$ref"].partition(".")[2] in types]
    return _only(_with_path_of(told, name), name, [])


def whole_document() -> dict[str, Any]:
    """The document with every media type of a body where OpenAPI, and schemathesis, look for it."""
    told = document()
    for operation in ENDPOINTS:
        body = told["paths"][operation.path][operation.method.lower()].get("requestBody", {})
        if FURTHER_CONTENT in body:
            body["content"] = body["content"] | body.pop(FURTHER_CONTENT)
    return told


def _endpoint(name: str) -> Endpoint:
    return next(one for one in ENDPOINTS if one.name == name)


def _with_path_of(told: dict[str, Any], name: str) -> dict[str, Any]:
    """A copy of the document with the path of one operation alone, with a copy of its bodies."""
    path = _endpoint(name).path
    return {**told, "paths": {path: deepcopy(told["paths"][path])}}


def _only(told: dict[str, Any], name: str, operations: list[dict[str, Any]]) -> OpenApiSchema:
    """That operation, beside those of the same path, which answer to the other methods."""
    others = [one.name for one in ENDPOINTS if one.path == _endpoint(name).path]
    others.remove(name)
    if others:
        operations = [*operations, {"include-operation-id": others, "enabled": False}]
    config = schemathesis.Config.from_dict({"checks": CHECKS, "operations": operations})
    return schemathesis.openapi.from_dict(told, config=config)


def having_every_kind_of_field() -> list[type[Event]]:
    """Few types of events, that have every kind of field, both required and not."""
    found: list[type[Event]] = []
    left = set(chain.from_iterable(map(kinds_of_fields, from_clients())))
    while left:
        best = max(from_clients(), key=lambda cls: len(left & kinds_of_fields(cls)))
        found.append(best)
        left -= kinds_of_fields(best)
    return found


def kinds_of_fields(cls: type[Event]) -> set[tuple[str, bool]]:
    return {(type(field.kind).__name__, field.required) for field in cls.FIELDS}


def operation_of(case: Case) -> Endpoint:
    return _endpoint(case.operation.definition.raw["operationId"])


def is_right(case: Case) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def is_wrong(case: Case) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_negative


def at_edge_of(case: Case) -> str | None:
    """The name of what is brought to its edge; None where values are random, or were shown."""
    data = case.meta and case.meta.phase.data
    return (data.parameter or "all") if isinstance(data, CoveragePhaseData) else None


def in_whole_numbers(value: Any) -> Any:
    """The value with 7 for 7.0, which JSON Schema does not tell apart, and Rapport does."""
    if isinstance(value, dict):
        return {name: in_whole_numbers(one) for name, one in value.items()}
    if isinstance(value, list):
        return [in_whole_numbers(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def of_body(case: Case) -> bool:
    """Whether the body is what is tried: one that is wrong, or an edge of one."""
    if case.meta is None:
        return False
    body = case.meta.components.get(ParameterLocation.BODY)
    place = getattr(case.meta.phase.data, "parameter_location", None)
    return bool(body and body.mode.is_negative) or place is ParameterLocation.BODY


def acceptance(context: Context, response: schemathesis.Response, case: Case) -> None:
    """What the document allows is refused only for what a schema cannot say."""
    if response.status_code == 422 and is_right(case):
        problem = response.json()
        if all(map(is_unsaid, problem["errors"])):
            return
    checks.positive_data_acceptance(context, response, case)


def is_unsaid(error: dict[str, str]) -> bool:
    """Whether no schema could have kept it from happening: fields that do not go together,
    instants that lie ahead of the server's clock, and what stands in a mapping or a data file.
    """
    if error["code"] == "invalid-time":
        return "ahead" in error["detail"]
    if (error["pointer"], error["code"]) == ("/name", "missing"):
        return True  # of a key that is for no calendar
    if error["code"] in IMPORT_CODES or error["pointer"].startswith(_OF_MAPPINGS):
        return True
    if error["code"] == "invalid-text":
        return error["detail"].startswith(INVISIBLE) or bool(REF.fullmatch(error["pointer"]))
    return error["code"] in UNSAID or bool(CORRECTED.fullmatch(error["pointer"]))


def unfailing(context: Context, response: schemathesis.Response, case: Case) -> None:
    """It is never 500, and 503 only where it waited for a position that is far away."""
    if response.status_code == 503 and "projection-behind" in operation_of(case).problems:
        assert response.json()["code"] == "projection-behind"
        return
    checks.not_a_server_error(context, response, case)


def rejection(context: Context, response: schemathesis.Response, case: Case) -> None:
    """What the document forbids is refused; of lines, each by its own answer."""
    if response.status_code == 200 and case.media_type in LINES:
        answered = [json.loads(line) for line in response.content.splitlines()]
        numbers = [one["line"] for one in answered]
        assert numbers == sorted(set(numbers))
        documented = set(case.operation.definition.raw["responses"])
        for one in answered:
            assert str(one["status"]) in documented
            assert ("problem" in one) == (one["status"] >= 400)
        return
    checks.negative_data_rejection(context, response, case)


@schemathesis.serializer(MSGPACK, "application/msgpack")
def packed(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    try:
        return bytes(msgpack.packb(value))
    except OverflowError:
        reject()  # an integer that msgpack cannot say


@schemathesis.deserializer(MSGPACK, "application/msgpack")
def unpacked(_context: schemathesis.DeserializationContext, response: schemathesis.Response) -> Any:
    return msgpack.unpackb(response.content)


def _lines(values: Iterable[object]) -> bytes:
    return b"".join(
        one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in values
    )


_IDS = st.sampled_from([None, *(str(UUID(int=number, version=4)) for number in range(1, 9))])
_EVENTS = st.builds(
    lambda event, contact, event_id: {"contact": contact, "id": event_id, **event},
    st.sampled_from([registration(), *(purchase(f"l{number}") for number in range(4))]),
    st.sampled_from(["pos:17850", "pos:2", "no contact", ""]),
    _IDS,
)
schemathesis.openapi.media_type(
    LINES[0],
    st.lists(_EVENTS | st.sampled_from([b"\n", b"{\n", b"\xff\n", b"[]\n"]), max_size=20).map(
        _lines
    ),
    aliases=LINES[1:],
)
schemathesis.openapi.format("time-zone", st.sampled_from(sorted(zone_names())))
schemathesis.openapi.format(
    "date-time",
    st.datetimes(datetime(1970, 1, 1), datetime(2026, 3, 1)).map(lambda at: f"{at.isoformat()}Z"),  # noqa: DTZ001  # it is given its Z
)
