"""A Python client of Rapport: ``Client``, and ``AsyncClient`` for programs with an event loop.

Every event has its id before it is sent for the first time, so that an event which is sent again is
recorded once. Every answer is a frozen dataclass, and every rejection by the server an exception.
"""

from __future__ import annotations

from rapport_client.answers.contacts import Consent, Contact, FoundContact, Link, Ref, Stream
from rapport_client.answers.events import Appended, AppendedEvent, AppendedMany, RecordedEvent
from rapport_client.answers.ledgers import Ledger, PolicyVersion
from rapport_client.answers.operations import (
    Difference,
    FromTo,
    Operation,
    Previewed,
    PreviewOperation,
    Progress,
    ProposedPolicy,
    RebuildOperation,
    Rebuilt,
    Replayed,
    ReplayedStatus,
    ReplayOperation,
    RevenueBeforeAndAfter,
    StagesBeforeAndAfter,
)
from rapport_client.answers.persons import Erased, ErasedContact, Noted, Notice, Person
from rapport_client.answers.previews import (
    InstantBeforeAndAfter,
    PreviewedChange,
    ScoreBeforeAndAfter,
    SignalBeforeAndAfter,
    SignalReading,
    Silence,
    SilenceBeforeAndAfter,
    Stretch,
)
from rapport_client.answers.proofs import ConsistencyProof, InclusionProof
from rapport_client.answers.standings import Reciprocity, ReferralCounts, Standing, StandingRow
from rapport_client.answers.statuses import (
    Capacity,
    Cause,
    Excluded,
    Interval,
    KnownAt,
    Restatement,
    Signal,
    Status,
    StatusHistory,
    StatusRow,
    Summary,
    WillChange,
    WouldChange,
)
from rapport_client.asynchronous.client import AsyncClient
from rapport_client.bulk import Outcome
from rapport_client.events import ContactName, NewEvent
from rapport_client.problems import (
    EventIdReused,
    Forbidden,
    InvalidRequest,
    NotFound,
    Problem,
    RapportError,
    Refused,
    ServerFault,
    Unauthenticated,
    Unavailable,
    Unreachable,
    VersionMismatch,
)
from rapport_client.retries import Retries
from rapport_client.synchronous.client import Client

__all__ = [
    "Appended",
    "AppendedEvent",
    "AppendedMany",
    "AsyncClient",
    "Capacity",
    "Cause",
    "Client",
    "Consent",
    "ConsistencyProof",
    "Contact",
    "ContactName",
    "Difference",
    "Erased",
    "ErasedContact",
    "EventIdReused",
    "Excluded",
    "Forbidden",
    "FoundContact",
    "FromTo",
    "InclusionProof",
    "InstantBeforeAndAfter",
    "Interval",
    "InvalidRequest",
    "KnownAt",
    "Ledger",
    "Link",
    "NewEvent",
    "NotFound",
    "Noted",
    "Notice",
    "Operation",
    "Outcome",
    "Person",
    "PolicyVersion",
    "PreviewOperation",
    "Previewed",
    "PreviewedChange",
    "Problem",
    "Progress",
    "ProposedPolicy",
    "RapportError",
    "RebuildOperation",
    "Rebuilt",
    "Reciprocity",
    "RecordedEvent",
    "Ref",
    "ReferralCounts",
    "Refused",
    "ReplayOperation",
    "Replayed",
    "ReplayedStatus",
    "Restatement",
    "Retries",
    "RevenueBeforeAndAfter",
    "ScoreBeforeAndAfter",
    "ServerFault",
    "Signal",
    "SignalBeforeAndAfter",
    "SignalReading",
    "Silence",
    "SilenceBeforeAndAfter",
    "StagesBeforeAndAfter",
    "Standing",
    "StandingRow",
    "Status",
    "StatusHistory",
    "StatusRow",
    "Stream",
    "Stretch",
    "Summary",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "VersionMismatch",
    "WillChange",
    "WouldChange",
]
