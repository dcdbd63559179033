"""The parameters of questions about rewards, referral trees and the book."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.http.wire.path_types import CONTACT_NAME
from api.http.wire.query import Reads, choice, whole
from domain.book.book import DIVISIONS, Within
from domain.kinds import Currency, wrong
from domain.rewards import STATES

RewardStateWanted = Annotated[
    str | None,
    Reads(choice(STATES), {"type": "string", "enum": list(STATES)}),
    Query(
        description="Only rewards in this state.", openapi_examples={"example": {"value": "due"}}
    ),
]
RewardedContact = Annotated[
    str | None,
    Reads(str, CONTACT_NAME),
    Query(
        description="Only rewards of this referrer: a UUID or source:ref.",
        openapi_examples={"example": {"value": "pos:17850"}},
    ),
]
MOST_DEPTH = 1000

Depth = Annotated[
    int | None,
    Reads(whole(1, MOST_DEPTH), {"type": "integer", "minimum": 1, "maximum": MOST_DEPTH}),
    Query(
        description="The depth down to which nodes are listed; the whole tree if absent.",
        openapi_examples={"example": {"value": 2}},
    ),
]
ConnectionStart = Annotated[
    str,
    Reads(str, CONTACT_NAME),
    Query(
        alias="from",
        description="The contact where the way begins: a UUID or source:ref.",
        openapi_examples={"example": {"value": "pos:17850"}},
    ),
]
ConnectionEnd = Annotated[
    str,
    Reads(str, CONTACT_NAME),
    Query(
        description="The contact where it ends: a UUID or source:ref.",
        openapi_examples={"example": {"value": "pos:17851"}},
    ),
]
ValuedCurrency = Annotated[
    str | None,
    Reads(Currency().read, Currency().schema()),
    Query(
        description="The currency of the value: that of the most purchase days if absent.",
        openapi_examples={"example": {"value": "EUR"}},
    ),
]
DividedBy = Annotated[
    str,
    Reads(choice(DIVISIONS), {"type": "string", "enum": list(DIVISIONS)}),
    Query(
        description="By what the rows are divided.",
        openapi_examples={"example": {"value": "stage"}},
    ),
]


def _read_within(text: str) -> str:
    """A row of the book, such as ``stage:client``, as it was written.

    Raises:
        Invalid: there is no such division.
    """
    try:
        Within.read(text)
    except ValueError:
        wrong("wrong-type", f"must be one of {', '.join(DIVISIONS)}, a colon and a key")
    return text


BookRowWanted = Annotated[
    str | None,
    Reads(
        _read_within,
        {"type": "string", "pattern": f"^({'|'.join(DIVISIONS)})(:.+)?$", "maxLength": 300},
    ),
    Query(
        description="Only what stands in this row: the division and its key; without a key, in the"
        " row that has none.",
        openapi_examples={"example": {"value": "stage:client"}},
    ),
]
