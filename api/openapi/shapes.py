"""The shapes of bodies, as JSON Schemas for the documentation."""

from __future__ import annotations

from typing import Any

from api.receipts.evidence import NOT_PROVEN
from domain.events import CATALOGUE, STAGES
from domain.kinds import TimeZone
from domain.presets import PRESETS
from domain.relationship import FLAGS
from domain.rewards import STATES
from domain.standing import STANDINGS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
YES_NO: Schema = {"type": "boolean"}
ID: Schema = {"type": "string", "format": "uuid"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
POSITION: Schema = {"type": "integer", "minimum": 0}
ANY_OBJECT: Schema = {"type": "object"}


def ref(name: str) -> Schema:
    """A schema that stands among the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def shape(**properties: Schema) -> Schema:
    """An object that has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def many(one: Schema) -> Schema:
    """An array of these."""
    return {"type": "array", "items": one}


def maybe(one: Schema) -> Schema:
    """This, or null where there is none."""
    return {"anyOf": [one, {"type": "null"}]}


def page(one: Schema) -> Schema:
    """A page of a list."""
    return shape(items=many(one), next_cursor=maybe(TEXT))


_STAGE: Schema = {"type": "string", "enum": list(STAGES)}
_STANDING: Schema = {"type": "string", "enum": list(STANDINGS)}
_FLAGS: Schema = many({"type": "string", "enum": list(FLAGS)})

ONE_OR_MANY_EVENTS: Schema = {
    "oneOf": [
        ref("SentEvent"),
        {"type": "array", "items": ref("SentEvent"), "minItems": 1, "maxItems": 500},
    ]
}
EVENTS_WITH_CONTACT: Schema = {
    "type": "array",
    "items": ref("SentEventOfContact"),
    "minItems": 1,
    "maxItems": 500,
}
SENT_LINES: Schema = {
    "type": "string",
    "description": "One event with its `contact` a line, of at most 64 KiB; any number of lines.",
}
OUTCOME_LINES: Schema = {
    "type": "string",
    "description": "For every line, in order, one with `line`, `status` and either `position` (201 "
    "new, 200 known or already so) and `counts_for`, or `problem`.",
}
LINES_OF_EVENTS: Schema = {"type": "string", "description": "One event a line, as in a page."}
SERVER_SENT_EVENTS: Schema = {
    "type": "string",
    "description": "`id` is the position, `event` the type, `data` the event as in a page. "
    "A comment every 15 s shows that the connection is alive.",
}
CLOUD_EVENT: Schema = ref("SentCloudEvent")
CLOUD_EVENTS: Schema = {"type": "array", "items": CLOUD_EVENT, "minItems": 1, "maxItems": 500}
APPENDED_EVENT: Schema = shape(
    index=WHOLE,
    id=ID,
    type=TEXT,
    version=WHOLE,
    position=POSITION,
    recorded_at=MOMENT,
    replayed=YES_NO,
)
APPENDED: Schema = shape(
    contact_id=ID,
    counts_for=maybe(ID),
    version=WHOLE,
    position=POSITION,
    replayed=YES_NO,
    events=many(APPENDED_EVENT),
)
APPENDED_MANY: Schema = shape(
    position=POSITION,
    replayed=YES_NO,
    events=many({"allOf": [APPENDED_EVENT, shape(contact_id=ID, counts_for=maybe(ID))]}),
)
EVENT: Schema = shape(
    id=ID,
    contact_id=maybe(ID),
    type={"type": "string", "enum": sorted(CATALOGUE)},
    version=WHOLE,
    position=POSITION,
    occurred_at=MOMENT,
    recorded_at=MOMENT,
    source=maybe(TEXT),
    actor=maybe(TEXT),
    causation_id=maybe(ID),
    data=ANY_OBJECT,
    retracted_by=maybe(ID),
    corrected_by=maybe(ID),
)
CONSENT: Schema = shape(purpose=TEXT, channel=TEXT, granted=YES_NO, said_at=MOMENT, event=ID)
CONTACT: Schema = shape(
    contact_id=ID,
    kind=maybe(TEXT),
    name=maybe(TEXT),
    time_zone=maybe(TEXT),
    refs=many(shape(source=TEXT, ref=TEXT)),
    links=many(shape(other=ID, relation=TEXT)),
    consents=many(CONSENT),
    version=WHOLE,
    streams=many(shape(contact_id=ID, version=WHOLE)),
    stage=_STAGE,
    score=WHOLE,
    flags=_FLAGS,
    standing=_STANDING,
    position=POSITION,
)
BYTES: Schema = {"type": "string", "format": "binary"}
BASE64: Schema = {"type": "string", "contentEncoding": "base64"}
_PROVEN_EVENT: Schema = shape(
    position=POSITION, stream=ID, version=WHOLE, topic=TEXT, state=BASE64, hashes=many(BASE64)
)
RECEIPT: Schema = shape(
    format={"const": "rapport-status-receipt"},
    format_version={"const": 1},
    origin=TEXT,
    question=shape(contact_id=ID, as_of=MOMENT, as_known_at=POSITION, policy_version=maybe(WHOLE)),
    answer=ref("Status"),
    tzdata=TEXT,
    ledger_time_zone=maybe(TEXT),
    known_at=shape(entry=BASE64, hashes=many(BASE64)),
    events=many(_PROVEN_EVENT),
    policies=many(_PROVEN_EVENT),
    checkpoint=TEXT,
    verifiers=many(TEXT),
    completeness=shape(
        streams=many(
            shape(
                stream=ID,
                role={"type": "string", "enum": ["contact", "merged", "referrer", "policies"]},
                newest_version=WHOLE,
                gapless=YES_NO,
            )
        ),
        newest_is_proven_by={"const": "log-replay"},
        not_proven=many({"type": "string", "enum": list(NOT_PROVEN)}),
    ),
)
_REFERRAL: Schema = shape(
    referral_id=TEXT,
    stream=ID,
    by=ID,
    other=ID,
    direction={"type": "string", "enum": ["inbound", "outbound"]},
    made_at=MOMENT,
    level=WHOLE,
    outcome=TEXT,
    won_at=maybe(MOMENT),
    event=ID,
)
_REWARD: Schema = shape(
    referral_id=TEXT,
    stream=ID,
    other=ID,
    level=WHOLE,
    state={"type": "string", "enum": list(STATES)},
    won_at=maybe(MOMENT),
    due_at=maybe(MOMENT),
    amount_minor=maybe(WHOLE),
    clawback_minor=WHOLE,
    currency=maybe(TEXT),
    reason=maybe(TEXT),
    purchase=maybe(ID),
    event=ID,
    earned_minor=WHOLE,
    clawed_back_minor=WHOLE,
    paid_minor=WHOLE,
    reversed_minor=WHOLE,
    declined_minor=WHOLE,
    owed_minor=WHOLE,
    in_kind=WHOLE,
)
REFERRALS: Schema = shape(
    contact_id=ID,
    position=POSITION,
    as_of=MOMENT,
    made=many(_REFERRAL),
    received=many(_REFERRAL),
    rewards=many(_REWARD),
)
PUBLISH: Schema = {
    "type": "object",
    "properties": {
        "preset": {"enum": [*PRESETS, None]},
        "policy": maybe(ref("SentPolicy")),
        "effective_from": {"type": ["string", "null"], "format": "date-time"},
    },
    "oneOf": [
        {"required": ["preset"], "properties": {"preset": TEXT, "policy": {"type": "null"}}},
        {"required": ["policy"], "properties": {"policy": ANY_OBJECT, "preset": {"type": "null"}}},
    ],
    "additionalProperties": False,
}
CREATE_LEDGER: Schema = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,39}$"},
        "time_zone": maybe(TimeZone().schema()),
    },
    "required": ["name"],
    "additionalProperties": False,
}
HEALTH: Schema = shape(status={"const": "ok"})
READINESS: Schema = {
    "type": "object",
    "properties": {
        "status": {"enum": ["ok", "degraded"]},
        "stopped": {"type": "object", "additionalProperties": WHOLE},
        "clock_behind_seconds": WHOLE,
        "recording": YES_NO,
    },
    "required": ["status", "stopped", "clock_behind_seconds", "recording"],
}
