"""Answers about ledgers and their policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """A ledger of the server. ``time_zone`` is where its days begin; None means UTC.

    ``region`` is where phone numbers without a country stand, by ISO 3166.
    """

    name: str
    time_zone: str | None
    region: str | None
    archived: bool
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class PolicyVersion:
    """A published version of the policy. ``position`` is the position of its event."""

    policy_version: int
    name: str
    effective_from: datetime
    sha256: str
    position: int
