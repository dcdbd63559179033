"""The parameters of queries, as types: read by our readers, described by FastAPI."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Query

from api.http.wire.path_types import CONTACT_NAME
from api.http.wire.query import (
    Reads,
    choice,
    read_date,
    read_flag,
    read_knowledge_or_date,
    read_moment_or_date,
    read_month,
    read_types,
    whole,
)
from domain.agenda.items import KINDS
from domain.agenda.items import STATES as ITEM_STATES
from domain.events import CATALOGUE, STAGES
from domain.kinds import MAX_WHOLE, Text
from domain.relationship import FLAGS
from domain.standing import STANDINGS
from domain.text import IDENTIFIER
from domain.text import NAME as NAME_RULE
from ledger.stores.webhooks import STATES as DELIVERY_STATES

MOST_ITEMS = 100
"""How many items a page has unless the query says otherwise."""

_ANY_TYPE = "|".join(CATALOGUE)
_MOMENT = ({"type": "string", "format": "date-time"}, {"type": "string", "format": "date"})
_MOMENT_OR_DATE = Reads(read_moment_or_date, {"anyOf": list(_MOMENT)})
_POSITION = {"type": "integer", "minimum": 0, "maximum": MAX_WHOLE}
_FROM_ONE = {**_POSITION, "minimum": 1}
_START = "A date is the start of that day in the ledger's time zone."
_WORD = Text(100, NAME_RULE)
_LONG_NAME = Text(200, NAME_RULE)
_TOKEN = Text(200, IDENTIFIER)


def _query(description: str, example: object = None, alias: str | None = None) -> Any:
    """How a parameter is described; without an example where none would work for every reader."""
    shown = {} if example is None else {"openapi_examples": {"example": {"value": example}}}
    return Query(description=description, alias=alias, **shown)  # type: ignore[arg-type]  # a plain mapping


def _one_of(*words: str) -> Reads:
    return Reads(choice(words), {"type": "string", "enum": list(words)})


AsOf = Annotated[
    int | date | None,
    _MOMENT_OR_DATE,
    _query(f"World time to answer for; now if absent. {_START}", "2026-03-01T12:00:00Z"),
]
AsKnownAt = Annotated[
    Any,  # Knowledge, a date or None: FastAPI takes no class of ours in a query
    Reads(read_knowledge_or_date, {"anyOf": [*_MOMENT, _POSITION]}),
    _query(
        "Ledger time to answer for: an instant, or a position; all that is known if absent. "
        f"{_START}",
        42,
    ),
]
PeriodStart = Annotated[
    int | date | None,
    _MOMENT_OR_DATE,
    _query(
        f"The first instant of the period; without it everything before is in it. {_START}",
        "2026-01-01",
        "from",
    ),
]
PeriodEnd = Annotated[
    int | date | None,
    _MOMENT_OR_DATE,
    _query(
        f"The first instant after the period; without it everything since is in it. {_START}",
        "2026-07-01",
        "to",
    ),
]
PolicyVersion = Annotated[
    int | None,
    Reads(whole(1), _FROM_ONE),
    _query("Judge all instants by this version of the policy.", 1),
]
Explain = Annotated[
    str | None,
    _one_of("text"),
    _query("`text` adds sentences to the evidence, for the owner of the business.", "text"),
]
MinPosition = Annotated[
    int | None,
    Reads(whole(0), _POSITION),
    _query("Wait up to 5 s until the answer reflects this position, then 503.", 42),
]
Limit = Annotated[
    int,
    Reads(whole(1, 1000), {"type": "integer", "minimum": 1, "maximum": 1000}),
    _query("The greatest number of items in the answer.", 100),
]
Cursor = Annotated[
    str | None,
    Reads(Text(500, IDENTIFIER).read, {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,500}$"}),
    _query("The `next_cursor` of the page before. Only the ledger that gave it understands it."),
]
Confirm = Annotated[
    str | None,
    Reads(_TOKEN.read, _TOKEN.schema()),
    _query(
        "The token in the answer to the same request without it.",
        "1772366400000000-" + "A" * 43,
    ),
]
Types = Annotated[
    Any,  # a tuple of texts or None: FastAPI would look for one parameter for each
    Reads(read_types, {"type": "string", "pattern": f"^({_ANY_TYPE})(,({_ANY_TYPE}))*$"}),
    _query("Event types, separated by commas.", "purchase-made"),
]
AfterVersion = Annotated[
    int | None,
    Reads(whole(0), _POSITION),
    _query("Only events of a later version of the stream.", 0),
]
AfterPosition = Annotated[
    int | None, Reads(whole(0), _POSITION), _query("Only events at a later position.", 0)
]
LeafPosition = Annotated[int, Reads(whole(1), _FROM_ONE), _query("The position of the event.", 42)]
TreeSize = Annotated[
    int | None,
    Reads(whole(1), _FROM_ONE),
    _query("The size of the tree to prove it in; that of the last checkpoint if absent.", 42),
]
FirstSize = Annotated[int, Reads(whole(0), _POSITION), _query("The size of the earlier tree.", 3)]
SecondSize = Annotated[
    int | None,
    Reads(whole(0), _POSITION),
    _query("The size of the later tree; that of the last checkpoint if absent.", 42),
]
AfterNumber = Annotated[
    int | None, Reads(whole(0), _POSITION), _query("Only entries of a later number.", 0)
]
DeliveryStateWanted = Annotated[
    str | None, _one_of(*DELIVERY_STATES), _query("Only deliveries in this state.", "dead")
]
StageWanted = Annotated[str | None, _one_of(*STAGES), _query("Only this stage.", "client")]
FlagWanted = Annotated[str | None, _one_of(*FLAGS), _query("Only with this flag.", "quiet")]
Sort = Annotated[
    str | None,
    _one_of("score", "since"),
    _query(
        "The field to sort by, the greatest first. Without it the present is sorted by score, and "
        "the past by since.",
        "since",
    ),
]
SortOfContacts = Annotated[
    str | None,
    _one_of("score", "since"),
    _query("The field to sort by, the greatest first; `score` without it.", "since"),
]
ByInfluence = Annotated[
    str | None,
    _one_of("influence"),
    _query("The most influential first. The present is listed so in any case.", "influence"),
]
StandingWanted = Annotated[
    str | None, _one_of(*STANDINGS), _query("Only this standing.", "partner")
]
ConsentPurpose = Annotated[
    str | None,
    Reads(_WORD.read, _WORD.schema()),
    _query(
        "Only contacts who allow us this use now; `consent_channel` is then required.", "offers"
    ),
]
ConsentChannel = Annotated[
    str | None,
    Reads(_WORD.read, _WORD.schema()),
    _query("The channel of that use; required with `consent_purpose`.", "email"),
]
SearchWanted = Annotated[
    str | None,
    Reads(_LONG_NAME.read, _LONG_NAME.schema()),
    _query(
        "Words, or their beginnings, of a name, a ref, an e-mail address or a phone number, in any "
        "order. Names with one or two mistakes come last.",
        "jansen ada",
    ),
]
NameWanted = Annotated[
    str | None,
    Reads(_LONG_NAME.read, _LONG_NAME.schema()),
    _query(
        "A name or part of a name; case, accents and runs of white space make no difference.",
        "jansen",
    ),
]
ContactWanted = Annotated[
    str | None,
    Reads(str, CONTACT_NAME),
    _query("Only this contact's events: a UUID or source:ref.", "pos:17850"),
]
Group = Annotated[
    bool | None,
    Reads(read_flag, {"type": "boolean"}),
    _query("With `contact`: the events of all contacts that are one with it by merges.", True),
]
Names = Annotated[
    bool | None,
    Reads(read_flag, {"type": "boolean"}),
    _query("Show the names of contacts beside their ids. It takes the scope `read`.", True),
]
Refs = Annotated[
    bool | None,
    Reads(read_flag, {"type": "boolean"}),
    _query(
        "Show beside the ids of contacts what producers call them. It takes the scope `read`.", True
    ),
]
RestatedContact = Annotated[
    str | None,
    Reads(str, CONTACT_NAME),
    _query("Only restatements of this contact: a UUID or source:ref.", "pos:17850"),
]
SincePosition = Annotated[
    int | None,
    Reads(whole(0), _POSITION),
    _query("Only restatements by events at a later position.", 0),
]
CalendarToken = Annotated[
    str | None,
    Reads(_TOKEN.read, _TOKEN.schema()),
    _query(
        "An access key of the scope `calendar`, since calendars send no headers.",
        "rk_9f86d081884c7d65_" + "0" * 43,
    ),
]
OnDay = Annotated[
    date | None,
    Reads(read_date, {"type": "string", "format": "date"}),
    _query(
        "The day in the ledger's time zone, at most 366 days ahead; today if absent.", "2026-03-03"
    ),
]
KindWanted = Annotated[str | None, _one_of(*KINDS), _query("Only this kind.", "thanks")]
StateWanted = Annotated[
    str | None,
    _one_of(*ITEM_STATES),
    _query("Only items in this state, also where it is `muted` or `deferred`.", "overdue"),
]
StewardWanted = Annotated[
    str | None,
    Reads(_LONG_NAME.read, _LONG_NAME.schema()),
    _query("Only contacts whom this one of ours looks after.", "Kim"),
]
OneContact = Annotated[
    str | None,
    Reads(str, CONTACT_NAME),
    _query("Only this contact: a UUID or source:ref.", "pos:17850"),
]
WithMuted = Annotated[
    bool | None,
    Reads(read_flag, {"type": "boolean"}),
    _query("`true`: with items that a refused consent mutes.", True),
]
WithDeferred = Annotated[
    bool | None,
    Reads(read_flag, {"type": "boolean"}),
    _query("`true`: with items that somebody put off.", True),
]
WithNames = Annotated[
    bool | None,
    Reads(read_flag, {"type": "boolean"}),
    _query("`true`: with names, also in sentences.", True),
]
_MONTH = Reads(read_month, {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"})
FirstMonth = Annotated[
    str | None,
    _MONTH,
    _query("The first month; all before if absent.", "2026-01", "from"),
]
LastMonth = Annotated[
    str | None, _MONTH, _query("The last month, included; all since if absent.", "2026-06", "to")
]
MappingName = Annotated[
    str | None,
    Reads(_LONG_NAME.read, _LONG_NAME.schema()),
    _query("The name of a ready mapping. A mapping of your own is sent with the file.", "vcard"),
]
DryRun = Annotated[
    bool | None,
    Reads(read_flag, {"type": "boolean"}),
    _query("`true`: nothing is appended; each row is accounted for as the import would.", True),
]
MappingSettings = Annotated[
    str | None,
    Reads(_LONG_NAME.read, _LONG_NAME.schema()),
    _query(
        "The settings of the mapping, as `NAME=VALUE`, separated by `;`.",
        "currency=EUR;time_zone=Europe/Paris",
        alias="set",
    ),
]
