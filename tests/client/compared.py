"""Which class of the client is which schema of the OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rapport_client
from api.service.answers import replays
from tests.api.endpoints import document

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = document()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
LEDGER = "/v1/ledgers/{ledger}"
CONTACT = f"{LEDGER}/contacts/{{contact}}"

ANSWERS: dict[str, tuple[str, ...]] = {
    "AgendaItem": ("get", f"{LEDGER}/agenda"),
    "AgendaSummary": ("get", f"{LEDGER}/agenda/summary"),
    "Appended": ("post", f"{CONTACT}/events"),
    "AppendedMany": ("post", f"{LEDGER}/events"),
    "Book": ("get", f"{LEDGER}/book"),
    "Calibration": ("get", f"{LEDGER}/calibration"),
    "Card": ("get", f"{CONTACT}/card"),
    "ReferralPath": ("get", f"{LEDGER}/referrals/path"),
    "ConsistencyProof": ("get", f"{LEDGER}/log/proofs/consistency"),
    "Contact": ("get", CONTACT),
    "Downstream": ("get", f"{CONTACT}/downstream"),
    "Duplicate": ("get", f"{LEDGER}/duplicates"),
    "Erased": ("post", f"{CONTACT}/erasure"),
    "ExposureItem": ("get", f"{LEDGER}/exposures"),
    "FitOperation": ("post", f"{LEDGER}/policies/fit"),
    "Gratitude": ("get", f"{LEDGER}/gratitude"),
    "GraphReferrer": ("get", f"{LEDGER}/referrals/graph"),
    "FoundContact": ("get", f"{LEDGER}/contacts"),
    "Import": ("get", f"{LEDGER}/imports/{{import}}"),
    "InclusionProof": ("get", f"{LEDGER}/log/proofs/inclusion"),
    "Ledger": ("post", "/v1/ledgers"),
    "LedgerScorecard": ("get", f"{LEDGER}/scorecard"),
    "ListedImport": ("get", f"{LEDGER}/imports"),
    "Person": ("get", f"{CONTACT}/export"),
    "PolicyVersion": ("get", f"{LEDGER}/policies"),
    "PreviewOperation": ("post", f"{LEDGER}/policies/preview"),
    "RecordedEvent": ("get", f"{LEDGER}/events/{{position}}"),
    "ReplayOperation": ("post", f"{LEDGER}/replays"),
    "Restatement": ("get", f"{LEDGER}/restatements"),
    "RewardItem": ("get", f"{LEDGER}/rewards"),
    "RewardTotal": ("get", f"{LEDGER}/rewards", "totals"),
    "Scorecard": ("get", f"{CONTACT}/scorecard"),
    "Standing": ("get", f"{CONTACT}/standing"),
    "StandingRow": ("get", f"{LEDGER}/standings"),
    "Status": ("get", f"{CONTACT}/status"),
    "StatusHistory": ("get", f"{CONTACT}/status/history"),
    "StatusRow": ("get", f"{LEDGER}/statuses"),
    "Summary": ("get", f"{LEDGER}/statuses/summary"),
    "ContactValue": ("get", f"{CONTACT}/value"),
    "Valuation": ("get", f"{LEDGER}/valuations/{{valuation}}"),
    "ValuationOperation": ("post", f"{LEDGER}/valuations"),
    "WatchItem": ("get", f"{LEDGER}/watch/{{list}}"),
    "Webhook": ("get", f"{LEDGER}/webhooks"),
    "MadeWebhook": ("post", f"{LEDGER}/webhooks"),
    "Delivery": ("get", f"{LEDGER}/webhooks/{{id}}/deliveries"),
    "WebhookReplay": ("post", f"{LEDGER}/webhooks/{{id}}/replays"),
    "UndoOperation": ("post", f"{LEDGER}/imports/{{import}}/undo"),
}
"""Each class that a method returns, with an operation that answers with it or a list of it.

The list is `items` unless it is named.
"""

LINES = {"ReplayedStatus", "PreviewedChange"}
"""Lines of results, which the document has among its components, by the same names."""


def compared() -> Iterator[tuple[type, dict[str, Any], dict[str, Any]]]:
    """Each class with its schema, and the components that the schema refers to.

    Parts of them are found from there.
    """
    for name, operation in ANSWERS.items():
        schema = schema_of(*operation)
        yield (
            getattr(rapport_client, name),
            _as_client(schema) if name == "Appended" else schema,
            SCHEMAS,
        )
    for name in sorted(LINES):
        yield getattr(rapport_client, name), SCHEMAS[name], SCHEMAS
    # The document says of the result of a rebuild only that it is an object.
    rebuilt = replays.Rebuilt.model_json_schema(mode="serialization")
    yield rapport_client.Rebuilt, rebuilt, rebuilt.get("$defs", {})
    operation = SCHEMAS["Operation"]
    properties = {name: one for name, one in operation["properties"].items() if name != "result"}
    required = [name for name in operation["required"] if name != "result"]
    yield (
        rapport_client.Operation,
        {**operation, "properties": properties, "required": required},
        SCHEMAS,
    )


def schema_of(method: str, path: str, listed: str = "items") -> dict[str, Any]:
    """The schema of what an operation answers, of one item where that is a page."""
    responses = DOCUMENT["paths"][path][method]["responses"]
    success = next(one for status, one in responses.items() if status.startswith("2"))
    schema: dict[str, Any] = success["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    properties = schema["properties"]
    found: dict[str, Any] = properties[listed]["items"] if listed in properties else schema
    return found


def _without(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """The schema of an object without one of its fields."""
    properties = {key: one for key, one in schema["properties"].items() if key != name}
    required = [key for key in schema["required"] if key != name]
    return {**schema, "properties": properties, "required": required}


def _as_client(appended: dict[str, Any]) -> dict[str, Any]:
    """The schema with the contact of the whole answer in each event, where the client adds it."""
    shared = ("contact_id", "counts_for")
    item = SCHEMAS["AppendedEvent"]
    properties = {
        **item["properties"],
        **{name: appended["properties"][name] for name in shared},
    }
    item = {**item, "properties": properties, "required": [*item["required"], *shared]}
    events = {**appended["properties"]["events"], "items": item}
    return {**appended, "properties": {**appended["properties"], "events": events}}
