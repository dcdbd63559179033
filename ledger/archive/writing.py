"""Writing an archive: one pass over a ledger, a chunk in memory at a time."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from domain.errors import Corrupt
from domain.instants import format_instant
from ledger.archive import layout
from ledger.archive.body import Body
from ledger.archive.chunks import chunk_rows
from ledger.archive.history import checkpoint_line
from ledger.archive.key_encryption import Lock
from ledger.archive.tar import TarWriter
from ledger.codec import pack
from ledger.transparency.notes import to_base64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Self

    from ledger.archive.history import SignedCheckpoint
    from ledger.archive.layout import Head, Identity
    from ledger.archive.tar import Sink
    from ledger.stores.reading import EventColumns

SPOOL_BYTES = 2**20

DISTRIBUTION = "rapport-ledger"


@dataclass(frozen=True)
class KnownKey:
    """A verifier key of the log, with the instants since when and until when it signed."""

    verifier: str
    made_at: int
    retired_at: int | None

    def to_document(self) -> dict[str, object]:
        """The key as it stands in an archive."""
        retired_at = None if self.retired_at is None else format_instant(self.retired_at)
        return {
            "verifier": self.verifier,
            "made_at": format_instant(self.made_at),
            "retired_at": retired_at,
        }


class Source(Protocol):
    """A ledger as it stands at its last checkpoint, however much is appended meanwhile."""

    name: str
    identity: Identity
    last: SignedCheckpoint

    def settings_note(self) -> bytes:
        """The identity without its namespace, signed by a key of the log."""

    def namespace_note(self) -> bytes:
        """The identity with its namespace, signed by a key of the log; with the keys alone."""

    def known_keys(self) -> list[KnownKey]:
        """The keys of the log, newest first."""

    def checkpoints(self) -> Iterator[SignedCheckpoint]:
        """Every checkpoint ever signed, up to the last, by size and then as they were signed."""

    def rows(self) -> Iterator[EventColumns]:
        """Every event up to the last checkpoint, in order."""

    def data_keys(self) -> Iterator[tuple[bytes, bytes]]:
        """Every contact's data key, decrypted, by contact."""

    def signing_keys(self) -> list[tuple[str, bytes]]:
        """The private keys of the log, each with its verifier key."""


@dataclass(frozen=True)
class ExportResult:
    """What an export wrote; ``sums`` is the SHA-256 of the list of digests, which names it all.

    ``tells_namespace``: its signed settings hold the namespace, with which guesses of refs can be
    tested. So they came from an archive of layout 1, without a key to sign others.
    """

    ledger: str
    origin: str
    position: int
    root: bytes
    events: int
    checkpoints: int
    data_keys: int
    members: int
    sums: bytes
    tells_namespace: bool


class _DigestingWriter:
    """Writes members and remembers their digests."""

    def __init__(self, sink: Sink) -> None:
        self._tar = TarWriter(sink)
        self._sums = SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115  # __exit__ closes it
        self._digest = sha256()
        self._size = 0
        self.members = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sums.close()

    def add(self, name: str, content: bytes) -> None:
        self._tar.add(name, content)
        text = sum_line(name, content)
        self._sums.write(text)
        self._digest.update(text)
        self._size += len(text)
        self.members += 1

    def end(self) -> bytes:
        """Write the list of digests and the end; the SHA-256 of the list."""
        self._sums.seek(0)
        self._tar.add_stream(layout.SUMS, self._size, cast("BinaryIO", self._sums))
        self._tar.end()
        self.members += 1
        return self._digest.digest()


def sum_line(name: str, content: bytes) -> bytes:
    """The line of a member in the list of digests."""
    return f"{sha256(content).hexdigest()}  {name}\n".encode()


def export(
    source: Source,
    sink: Sink,
    *,
    schemas: Mapping[str, Mapping[str, object]],
    passphrase: str | None = None,
    advance: Callable[[int], None] = lambda _position: None,
) -> ExportResult:
    """Write the ledger as one archive, with its keys where a passphrase is given to lock them.

    ``schemas`` are the JSON Schemas of the event types. ``advance`` hears positions that are
    written. Without keys the same position gives the same bytes.

    Raises:
        Corrupt: the events are damaged, or do not give the root that was signed.
        PassphraseRefused: the passphrase is too short.
        OSError: the archive cannot be written.
    """
    head = layout.Head(
        ledger=source.name,
        origin=source.identity.origin,
        position=source.last.size,
        keys=passphrase is not None,
        topics=tuple(sorted(schemas)),
    )
    lock = None if passphrase is None else Lock.new(head, passphrase)
    body = Body()
    with _DigestingWriter(sink) as out:
        settings_note = source.settings_note()
        _write_head(source, out, head, settings_note, lock)
        for topic in head.topics:
            out.add(layout.SCHEMA.format(topic=topic), layout.canonical(schemas[topic]))
        checkpoints = _write_events(source, out, body, advance)
        if body.tree.size != head.position or body.tree.root() != source.last.root:
            raise Corrupt(
                f"the events up to position {head.position:,} do not give the root that was signed "
                "for them: rapport verify says where; nothing of this export can be used"
            )
        for name, content in body.rest():
            out.add(name, content)
        out.add(layout.CHECKPOINT, source.last.note)
        keys = 0 if lock is None else _write_keys(source, out, lock, body.erased)
        counts = {**body.counts(), "checkpoints": checkpoints, "data_keys": keys}
        out.add(
            layout.MANIFEST,
            manifest(
                head,
                source.identity,
                source.last,
                counts,
                made_by=f"{DISTRIBUTION} {version(DISTRIBUTION)}",
                tzdata=version("tzdata"),
            ),
        )
        sums = out.end()
    return ExportResult(
        ledger=source.name,
        origin=source.identity.origin,
        position=head.position,
        root=source.last.root,
        events=body.position,
        checkpoints=checkpoints,
        data_keys=keys,
        members=out.members,
        sums=sums,
        tells_namespace=b"\nrapport-ledger/v1\n" in b"\n" + settings_note,
    )


def manifest(
    head: Head,
    identity: Identity,
    last: SignedCheckpoint,
    counts: Mapping[str, object],
    *,
    made_by: str,
    tzdata: str,
) -> bytes:
    """The figures of an archive. Only ``made_by`` and ``tzdata`` do not follow from the rest."""
    ledger = {
        "name": head.ledger,
        "origin": identity.origin,
        "time_zone": identity.time_zone,
        "created_at": identity.created_at,
    }
    if identity.region is not None:
        ledger["region"] = identity.region
    if head.version == 1:
        ledger["namespace"] = str(identity.namespace)
    return layout.canonical(
        {
            "archive": layout.ARCHIVE,
            "version": head.version,
            "made_by": made_by,
            "tzdata": tzdata,
            "ledger": ledger,
            "position": head.position,
            "checkpoint": {
                "size": last.size,
                "root": to_base64(last.root),
                "signed_at": format_instant(last.signed_at),
            },
            "counts": counts,
        }
    )


def _write_head(
    source: Source, out: _DigestingWriter, head: Head, settings_note: bytes, lock: Lock | None
) -> None:
    known = source.known_keys()
    out.add(layout.HEAD, head.to_bytes())
    out.add(layout.SETTINGS, settings_note)
    out.add(layout.VERIFIERS, layout.canonical([one.to_document() for one in known]))
    out.add(layout.KEY, "".join(f"{one.verifier}\n" for one in known).encode())
    if lock is not None:
        out.add(layout.LOCK, lock.to_bytes())
        out.add(layout.NAMESPACE, lock.encrypt(layout.NAMESPACE, source.namespace_note()))


def _write_events(
    source: Source, out: _DigestingWriter, body: Body, advance: Callable[[int], None]
) -> int:
    """Write the events and what follows from them, each chunk after the checkpoints that cover it;
    how many checkpoints there were.
    """
    checkpoints, number = _Ahead(source.checkpoints()), 0
    for rows in chunk_rows(source.rows()):
        for content in checkpoints.lines(upto=rows[-1][0]):
            number += 1
            out.add(layout.CHECKPOINTS.format(number=number), content)
        for name, content in body.take(rows):
            out.add(name, content)
        body.tree.extend(body.leaves)
        advance(body.position)
    return checkpoints.count


class _Ahead:
    """Checkpoints, taken up to a size at a time."""

    def __init__(self, checkpoints: Iterator[SignedCheckpoint]) -> None:
        self._checkpoints = checkpoints
        self._next = next(checkpoints, None)
        self.count = 0

    def lines(self, upto: int) -> Iterator[bytes]:
        """The checkpoints of sizes up to that, as the contents of members."""
        waiting = self._upto(upto)
        while lines := list(islice(waiting, layout.CHUNK_CHECKPOINTS)):
            yield b"".join(lines)

    def _upto(self, size: int) -> Iterator[bytes]:
        while self._next is not None and self._next.size <= size:
            yield checkpoint_line(self._next)
            self.count += 1
            self._next = next(self._checkpoints, None)


def _write_keys(source: Source, out: _DigestingWriter, lock: Lock, erased: Iterable[bytes]) -> int:
    """Write the contacts' keys but those of the erased, then the log's; how many of the former."""
    gone = set(erased)
    keys = ([contact, key] for contact, key in source.data_keys() if contact not in gone)
    number = count = 0
    while chunk := list(islice(keys, layout.CHUNK_KEYS)):
        number += 1
        count += len(chunk)
        name = layout.DATA_KEYS.format(number=number)
        out.add(name, lock.encrypt(name, pack(chunk)))
    signing = [[verifier, key] for verifier, key in source.signing_keys()]
    out.add(layout.SIGNING_KEYS, lock.encrypt(layout.SIGNING_KEYS, pack([count, signing])))
    return count
