"""What an archive holds, in which order, under which names, and how large each may be.

The order is fixed, so nothing can be there twice or be missing. Chunks follow from the events
alone, so two exports at one position have the same bytes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.instants import parse_instant, zone_names
from domain.regions import REGIONS
from ledger.archive.refusals import ArchiveRefused
from ledger.settings import is_origin

if TYPE_CHECKING:
    from ledger.settings import LedgerSettings

ARCHIVE = "rapport-archive"
VERSION = 2
"""The number of this layout. A reader takes its own and all before.

In layout 1 the signed settings and the manifest held the namespace, with keys and without.
"""

HEAD = "archive.json"
"""First, so that an archive of another layout is known at once."""

SETTINGS = "ledger.note"
"""What the ledger is, signed by the key of its log, since no checkpoint covers it."""

LOCK = "keys/lock.json"
"""How the keys are locked, where there are any."""

NAMESPACE = "keys/namespace.bin"
"""The ledger's settings with its namespace: signed, and locked as the keys are. Since layout 2."""

NAMESPACE_NOTE = "namespace.note"
"""The same in the folder of a ledger that is for audit, once it was brought there."""

VERIFIERS = "log/verifiers.json"
KEY = "log/key"
SCHEMA = "schemas/{topic}.json"
CHECKPOINTS = "checkpoints/{number:012}.jsonl"
EVENTS = "events/{first:012}.msgpack"
READABLE = "readable/{first:012}.jsonl"
POLICY = "policies/{version:04}.json"
LOG = "log/"
CHECKPOINT = "log/checkpoint"
DATA_KEYS = "keys/data-{number:06}.bin"
SIGNING_KEYS = "keys/signing.bin"
MANIFEST = "manifest.json"
"""The figures of the whole."""

SUMS = "SHA256SUMS"
"""Last: the digest of every other member, as ``sha256sum --check`` reads it."""

CHUNK_EVENTS = 1024
CHUNK_BYTES = 2**20
"""A chunk ends with the event that reaches either."""

MOST_EVENT_BYTES = 2 * 2**20
"""The largest stored state that is exported or read; what is sent to a ledger has half of it."""

CHUNK_CHECKPOINTS = 1000
CHUNK_KEYS = 4096
MOST_VERIFIERS = 1000

MOST_BYTES = {
    HEAD: 64 * 1024,
    SETTINGS: 64 * 1024,
    LOCK: 4096,
    VERIFIERS: 2**20,
    KEY: 2**20,
    "schemas": 2**20,
    "checkpoints": 2**20 * 4,
    "events": CHUNK_BYTES + MOST_EVENT_BYTES + CHUNK_EVENTS * 64,
    "readable": 8 * (CHUNK_BYTES + MOST_EVENT_BYTES),
    "policies": 4 * MOST_EVENT_BYTES,
    "log": 64 * 1024 * 256,
    "keys": CHUNK_KEYS * 64 + 4096,
    MANIFEST: 2**20,
    SUMS: 2**33,
}
"""How large a member may be, by its name or by its folder; what is larger is not read."""


_LEDGER = re.compile(r"[a-z][a-z0-9-]{0,39}")


def most_bytes(name: str) -> int:
    """How large the member of that name may be."""
    return MOST_BYTES.get(name) or MOST_BYTES[name.partition("/")[0]]


def canonical(document: object) -> bytes:
    """The one form in which a document stands in an archive, over lines, for people to read."""
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode()


def line(document: object) -> bytes:
    """The one form in which a document stands as a line among others."""
    text = json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode()


def read_document(content: bytes, member: str) -> dict[str, Any]:
    """The object that ``canonical`` wrote.

    Raises:
        ArchiveRefused: it is none, or is written otherwise.
    """
    try:
        document = json.loads(content)
        if isinstance(document, dict) and canonical(document) == content:
            return document
    except (ValueError, RecursionError):
        pass  # refused below, as any other content that an export does not write
    raise ArchiveRefused("is damaged: it is not what an export writes", member)


@dataclass(frozen=True, kw_only=True)
class Head:
    """What must be known before the rest can be read.

    ``position`` is that of the last event, which the last checkpoint covers. ``version`` is the
    number of the layout.
    """

    ledger: str
    origin: str
    position: int
    keys: bool
    topics: tuple[str, ...]
    version: int = VERSION

    def to_bytes(self) -> bytes:
        """The content of the member."""
        return canonical(
            {
                "archive": ARCHIVE,
                "version": self.version,
                "ledger": self.ledger,
                "origin": self.origin,
                "position": self.position,
                "keys": self.keys,
                "topics": list(self.topics),
            }
        )

    @classmethod
    def read(cls, content: bytes) -> Head:
        """The head that was written.

        Raises:
            ArchiveRefused: it is none, or that of a newer layout.
        """
        document = read_document(content, HEAD)
        if document.get("archive") != ARCHIVE:
            raise ArchiveRefused("is not that of an archive of a ledger", HEAD)
        version = document.get("version")
        if isinstance(version, int) and version > VERSION:
            raise ArchiveRefused(
                f"the archive has layout {version}, and this program reads up to {VERSION}: "
                "it was exported by a newer Rapport",
                HEAD,
            )
        try:
            head = cls(
                ledger=str(document["ledger"]),
                origin=str(document["origin"]),
                position=int(document["position"]),
                keys=document["keys"] is True,
                topics=tuple(map(str, document["topics"])),
                version=int(document["version"]),
            )
        except (LookupError, TypeError, ValueError):
            raise ArchiveRefused("is damaged", HEAD) from None
        sound = head.version >= 1 and head.position >= 1 and _LEDGER.fullmatch(head.ledger)
        if (
            not sound
            or head.to_bytes() != content
            or head.topics != tuple(sorted(set(head.topics)))
        ):
            raise ArchiveRefused("is damaged", HEAD)
        return head


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a ledger is besides its name and its events; answers depend on it.

    ``namespace`` makes contacts of ``source:ref``, ``time_zone`` says where days begin, ``region``
    where phone numbers without a country stand. None stands for a namespace that is not told: only
    with the keys it is.
    """

    origin: str
    namespace: UUID | None
    time_zone: str | None
    created_at: str
    region: str | None = None

    def text(self) -> str:
        """The text that the log's key signs. Its first line tells it from a checkpoint.

        It names a region only where there is one: ledgers were signed before there were any.
        """
        rest = {"time_zone": self.time_zone, "created_at": self.created_at}
        if self.region is not None:
            rest["region"] = self.region
        if self.namespace is None:
            return f"rapport-ledger/v2\n{self.origin}\n{line(rest).decode()}"
        named = {"namespace": str(self.namespace), **rest}
        return f"rapport-ledger/v1\n{self.origin}\n{line(named).decode()}"

    def public(self) -> Identity:
        """The same without its namespace."""
        return replace(self, namespace=None)

    @classmethod
    def of(cls, settings: LedgerSettings) -> Identity:
        """That of a ledger which has a log."""
        assert settings.origin is not None, "every ledger gets a log when it is opened"
        return cls(
            origin=settings.origin,
            namespace=settings.namespace,
            time_zone=settings.time_zone,
            created_at=settings.created_at,
            region=settings.region,
        )

    @classmethod
    def read(cls, text: str) -> Identity:
        """The identity in such a text.

        Raises:
            ArchiveRefused: it is none.
        """
        try:
            _, origin, rest, end = text.split("\n")
            document = json.loads(rest)
            found = cls(
                origin=origin,
                namespace=UUID(document["namespace"]) if "namespace" in document else None,
                time_zone=document["time_zone"],
                created_at=document["created_at"],
                region=document.get("region"),
            )
            parse_instant(found.created_at)
            if not is_origin(found.origin):
                raise ValueError("no origin")
            if found.region is not None and found.region not in REGIONS:
                raise ValueError("no region")
        except (ValueError, LookupError, TypeError, AttributeError):
            raise ArchiveRefused("is damaged", SETTINGS) from None
        if end or found.text() != text:
            raise ArchiveRefused("is damaged", SETTINGS)
        if found.time_zone is not None and found.time_zone not in zone_names():
            why = f"names a time zone that is not installed: {found.time_zone}"
            raise ArchiveRefused(why, SETTINGS)
        return found
