"""Whatever is sent to any operation, it is answered as the OpenAPI document says, and never 500.

Examples are made by schemathesis from the document itself, right ones and wrong ones.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgpack
import pytest
import schemathesis
from hypothesis import Phase, reject, settings
from schemathesis import checks

from api import calls
from api.app import create_app
from api.client import Client, NewEvent
from api.openapi.document import document
from api.routes import OPERATIONS
from api.wire.media import LINES
from tests.api.shop import Clock, built, listening, purchase

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = 8
POSITIONS = 50
"""The examples in the document speak of position 42."""

CONFIG = {
    "operations": [
        {
            # Every type of event times every edge of its fields is a minute; tests/domain has them.
            "include-operation-id": ["append_events", "append_events_of_many_contacts"],
            "phases": {"coverage": {"enabled": False}},
        }
    ]
}

schema = schemathesis.openapi.from_dict(
    document(OPERATIONS), config=schemathesis.Config.from_dict(CONFIG)
)
UNSAID = ("bad-cursor", "contradiction", "takes-a-replay", "unknown-time-zone")
"""Codes of errors that no schema could have kept from happening."""


@schemathesis.serializer("application/vnd.msgpack", "application/msgpack")
def packed(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    try:
        return bytes(msgpack.packb(value))
    except OverflowError:
        reject()  # an integer that msgpack cannot say


@schemathesis.deserializer("application/vnd.msgpack", "application/msgpack")
def unpacked(_context: schemathesis.DeserializationContext, response: schemathesis.Response) -> Any:
    return msgpack.unpackb(response.content)


@schemathesis.serializer("application/jsonl", "application/x-ndjson")
def lined(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    values = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(one).encode() + b"\n" for one in values)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on which the contact of the examples has a past; nobody waits there for long."""
    folder = tmp_path_factory.mktemp("schemathesis") / "data"
    with (
        pytest.MonkeyPatch.context() as patch,
        built(folder, Clock()) as server,
        listening(create_app(server)) as address,
        Client(address) as client,
    ):
        patch.setattr(calls, "WAIT_SECONDS", 0.05)
        person = {"kind": "person", "name": "Ann Example"}
        sales = [purchase(f"s{number}")["data"] for number in range(POSITIONS)]
        client.append(
            "pos:17850",
            NewEvent("contact-registered", person),
            *(NewEvent("purchase-made", sale) for sale in sales),
        )
        yield address


@schemathesis.hook
def before_call(
    _context: schemathesis.HookContext, case: schemathesis.Case[Any], _options: dict[str, Any]
) -> None:
    """Leave out the conditions on versions, of which a schema cannot say that they exclude each
    other; the tests of appending send them."""
    if case.headers is not None:
        for name in ("If-Match", "If-None-Match"):
            case.headers.pop(name, None)


def acceptance(
    _context: schemathesis.CheckContext,
    response: schemathesis.Response,
    case: schemathesis.Case[Any],
) -> None:
    """What the document allows is refused only for what a schema cannot say.

    Of a CloudEvent it only says the envelope.
    """
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if response.status_code == 422 and positive and "cloudevents" not in (case.media_type or ""):
        problem = response.json()
        said = [
            error
            for error in problem["errors"]
            if error["code"] not in UNSAID and "is not recorded yet" not in error["detail"]
        ]
        assert not said, f"the document allows it, and the server does not: {said}"


def unfailing(
    _context: schemathesis.CheckContext,
    response: schemathesis.Response,
    _case: schemathesis.Case[Any],
) -> None:
    """No 500; 503 only where the example itself waits for a position that is far away."""
    if response.status_code >= 500:
        assert response.json()["code"] == "projection-behind"


@schema.parametrize()
@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate])
def test_every_answer_is_documented(case: schemathesis.Case[Any], url: str) -> None:
    case.call_and_validate(
        base_url=url,
        timeout=20,
        additional_checks=[acceptance, unfailing],
        excluded_checks=[
            checks.positive_data_acceptance,
            checks.not_a_server_error,
            # Of lines, each has an answer of its own, and the whole is 200.
            *([checks.negative_data_rejection] if case.media_type in LINES else []),
        ],
    )
