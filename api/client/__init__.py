"""A client for the ledger over HTTP: ``Client``, and ``AsyncClient`` for an event loop.

Every event has its id before it is sent for the first time, so that whatever is sent again is
recorded once. It needs ``httpx``, which ``make client`` installs.
"""

from __future__ import annotations

from api.client.accounts import (
    ConsistencyProof,
    Erased,
    FoundContact,
    InclusionProof,
    Operation,
    Person,
    Policy,
    PreviewedChange,
    ReplayedStatus,
    Restatement,
    Standing,
    StandingRow,
    StatusRow,
    Summary,
)
from api.client.answers import (
    Appended,
    AppendedEvent,
    AppendedMany,
    Contact,
    Interval,
    RecordedEvent,
    Status,
    Stream,
)
from api.client.asynchronous import AsyncClient
from api.client.bulk import Outcome
from api.client.events import NewEvent
from api.client.problems import (
    EventIdReused,
    InvalidRequest,
    NotFound,
    Problem,
    RapportError,
    Refused,
    ServerFault,
    Unavailable,
    Unreachable,
    VersionMismatch,
)
from api.client.retries import Retries
from api.client.synchronous import Client

__all__ = [
    "Appended",
    "AppendedEvent",
    "AppendedMany",
    "AsyncClient",
    "Client",
    "ConsistencyProof",
    "Contact",
    "Erased",
    "EventIdReused",
    "FoundContact",
    "InclusionProof",
    "Interval",
    "InvalidRequest",
    "NewEvent",
    "NotFound",
    "Operation",
    "Outcome",
    "Person",
    "Policy",
    "PreviewedChange",
    "Problem",
    "RapportError",
    "RecordedEvent",
    "Refused",
    "ReplayedStatus",
    "Restatement",
    "Retries",
    "ServerFault",
    "Standing",
    "StandingRow",
    "Status",
    "StatusRow",
    "Stream",
    "Summary",
    "Unavailable",
    "Unreachable",
    "VersionMismatch",
]
