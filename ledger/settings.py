"""What a ledger is, besides its events: ``ledger.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.errors import Corrupt
from domain.instants import parse_instant, zone_names

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class LedgerSettings:
    """Fixed when the ledger is made.

    ``namespace`` is never shown: whoever has it can test guesses of refs.
    """

    name: str
    time_zone: str | None
    namespace: UUID
    created_at: str

    def written(self) -> bytes:
        """The content of the file."""
        document = {
            "format": FORMAT,
            "name": self.name,
            "time_zone": self.time_zone,
            "namespace": str(self.namespace),
            "created_at": self.created_at,
        }
        return (json.dumps(document, indent=2) + "\n").encode()

    @classmethod
    def read(cls, content: bytes, path: Path) -> LedgerSettings:
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
                namespace=UUID(document["namespace"]),
                created_at=document["created_at"],
            )
            parse_instant(settings.created_at)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise Corrupt(f"{path} is damaged: restore it from a backup") from error
        if settings.time_zone is not None and settings.time_zone not in zone_names():
            raise Corrupt(f"{path} names a time zone that is not installed: {settings.time_zone}")
        return settings
