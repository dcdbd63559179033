"""Answers about who a contact is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from rapport_client.answers.labels import Ref
from rapport_client.answers.statuses import StatusRow


@dataclass(frozen=True, kw_only=True)
class Link:
    """Another contact to which this one is related, such as the household that it belongs to."""

    other: UUID
    relation: str


@dataclass(frozen=True, kw_only=True)
class Detail:
    """One way to reach a contact: an email, phone, postal address or handle."""

    kind: str
    value: str
    label: str | None
    postal_code: str | None


@dataclass(frozen=True, kw_only=True)
class Consent:
    """The last consent or refusal of a contact for one purpose and channel, and its event."""

    purpose: str
    channel: str
    granted: bool
    said_at: datetime
    event: UUID


@dataclass(frozen=True, kw_only=True)
class Registration:
    """The registration of a contact as it is now. Personal fields are None once erased."""

    kind: str | None
    name: str | None
    time_zone: str | None
    refs: tuple[Ref, ...]
    links: tuple[Link, ...]
    details: tuple[Detail, ...]


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One of the streams whose events count for a contact, and its version."""

    contact_id: UUID
    version: int


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A contact and its stage. ``kind`` and ``name`` are None once erased.

    ``streams`` are all streams whose events count for the contact: first its own, whose version is
    ``version``, then those of the contacts that were merged into it.
    """

    contact_id: UUID
    kind: str | None
    name: str | None
    time_zone: str | None
    refs: tuple[Ref, ...]
    links: tuple[Link, ...]
    details: tuple[Detail, ...]
    consents: tuple[Consent, ...]
    version: int
    streams: tuple[Stream, ...]
    stage: str
    score: int
    flags: tuple[str, ...]
    standing: str
    position: int


@dataclass(frozen=True, kw_only=True)
class Duplicate:
    """Two contacts that may be one person, and what speaks for and against; the score is of 100."""

    contacts: tuple[UUID, ...]
    names: tuple[str | None, ...]
    for_: tuple[str, ...]
    against: tuple[str, ...]
    score: int


@dataclass(frozen=True, kw_only=True)
class FoundContact(StatusRow):
    """One of the contacts that match a search. ``name`` is None once it was erased.

    ``matched`` is what a search found: a name, former_name, ref, email or phone.
    """

    name: str | None = field()
    matched: str | None
