"""What a ledger is, besides its events: ``ledger.json``."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.errors import Corrupt, Invalid
from domain.instants import parse_instant, zone_names
from domain.kinds import Region, TimeZone
from domain.regions import REGIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = 1

LOG_DOMAIN = "rapport.invalid"
"""Under what the origins of logs are named where nobody says otherwise.

Nobody can own it. Source: RFC 6761, section 6.4.
"""

_LOG_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,188}[a-z0-9])?")
_ORIGIN = re.compile(rf"{_LOG_DOMAIN.pattern}/[a-z][a-z0-9-]{{0,39}}-[0-9a-f]{{8}}")


def is_log_domain(text: str) -> bool:
    """Whether origins can be named under it: lower-case letters, digits, dots and hyphens."""
    return _LOG_DOMAIN.fullmatch(text) is not None


def is_origin(text: str) -> bool:
    """Whether a log can have this name."""
    return _ORIGIN.fullmatch(text) is not None


def origin_of(log_domain: str, name: str, suffix: bytes) -> str:
    """The origin of a log, which is also the name of its keys; ``suffix`` are 4 random bytes.

    The suffix keeps two ledgers of one name apart, such as one that was deleted and created again:
    their trees differ, and under one origin each would be the proof that the other lied.
    Source: C2SP tlog-checkpoint v1.0.0, "Note text".
    """
    return f"{log_domain}/{name}-{suffix.hex()}"


def require_place(time_zone: str | None, region: str | None) -> None:
    """Let pass where a ledger is, as far as that is said.

    Raises:
        Invalid: the time zone is none of IANA's, or the region none of ISO 3166.
    """
    for name, kind, value in (("time_zone", TimeZone(), time_zone), ("region", Region(), region)):
        if value is not None:
            try:
                kind.read(value)
            except Invalid as error:
                raise error.within(f"/{name}") from None


@dataclass(frozen=True, kw_only=True)
class LedgerSettings:
    """Fixed when the ledger is made.

    ``region`` is where phone numbers without a country stand, by ISO 3166; None is nowhere.
    ``namespace`` is never shown: with it anyone can test guesses of refs. It is None where the
    ledger was imported without it. ``origin`` names the transparency log; ledgers that were made
    before there was one get theirs when they are opened. ``for_audit``: it was imported without its
    keys, is read, and never continues. ``archived`` alone may change: it takes no more until that
    is ended.
    """

    name: str
    time_zone: str | None
    namespace: UUID | None
    created_at: str
    origin: str | None = None
    for_audit: bool = False
    archived: bool = False
    region: str | None = None

    def to_bytes(self) -> bytes:
        """The content of the file, which ends in the SHA-256 of what it would be without that."""
        return _text({**self._document(), "sha256": self.digest})

    def _document(self) -> dict[str, object]:
        document: dict[str, object] = {
            "format": FORMAT,
            "name": self.name,
            "time_zone": self.time_zone,
            "namespace": str(self.namespace),
            "created_at": self.created_at,
        }
        if self.namespace is None:
            del document["namespace"]
        if self.origin is not None:
            document["origin"] = self.origin
        if self.for_audit:
            document["for_audit"] = True
        if self.archived:
            document["archived"] = True
        if self.region is not None:
            document["region"] = self.region
        return document

    @property
    def digest(self) -> str:
        """The digest that shows whether a settings file was damaged."""
        return hashlib.sha256(_text(self._document())).hexdigest()

    @classmethod
    def read(cls, content: bytes, path: Path | str) -> LedgerSettings:
        """The settings in the file's content; ``path`` is for the error.

        Raises:
            Corrupt: it is not what ``written`` wrote.
        """
        try:
            document: dict[str, Any] = json.loads(content)
            if document["format"] != FORMAT:
                raise Corrupt(f"{path} was written by a newer Rapport")
            settings = cls(
                name=str(document["name"]),
                time_zone=document["time_zone"],
                namespace=UUID(document["namespace"]) if "namespace" in document else None,
                created_at=document["created_at"],
                origin=document.get("origin"),
                for_audit=document.get("for_audit", False) is not False,
                archived=document.get("archived", False) is not False,
                region=document.get("region"),
            )
            parse_instant(settings.created_at)
            if settings.namespace is None and not settings.for_audit:
                raise ValueError("no namespace")
            # Files that were written before there was a digest have none.
            if document.get("sha256", settings.digest) != settings.digest:
                raise ValueError("not the digest of these settings")
            if settings.origin is not None and not is_origin(settings.origin):
                raise ValueError("no origin")
            if settings.region is not None and settings.region not in REGIONS:
                raise ValueError("no region")
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise Corrupt(f"{path} is damaged: restore it from a backup") from error
        if settings.time_zone is not None and settings.time_zone not in zone_names():
            raise Corrupt(f"{path} names a time zone that is not installed: {settings.time_zone}")
        return settings


def _text(document: Mapping[str, object]) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()
