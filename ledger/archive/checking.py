"""Checking an archive by itself: nothing in it is believed before it was derived or verified.

Every event is read, what follows from the events is derived again and compared byte for byte, the
tree is checked against every checkpoint, and every checkpoint with the keys. What no checkpoint
covers is signed too: the ledger's identity. The rest, such as schemas, has its digest in the list.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Any

from domain.errors import LedgerError, Unproven
from domain.instants import parse_instant
from ledger.archive import layout
from ledger.archive.body import Body, FaultAt
from ledger.archive.chunks import is_full, read_rows
from ledger.archive.history import History, RootDiffers
from ledger.archive.key_encryption import Lock, check_lock, read_data_keys, read_signing_keys
from ledger.archive.layout import Head, Identity
from ledger.archive.narrowing import first_difference, narrow
from ledger.archive.refusals import ArchiveRefused
from ledger.archive.tar import TarReader
from ledger.archive.writing import KnownKey, manifest, sum_line
from ledger.transparency.notes import Note, Verifier, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from ledger.archive.body import Member
    from ledger.archive.history import SignedCheckpoint
    from ledger.stores.reading import EventColumns
    from ledger.stores.sorting import EventPlaces, Sorting

_LINE_DIGEST_BYTES = 16
_LONGEST_SUM = 512


@dataclass(frozen=True)
class VerifiedArchive:
    """What an archive holds, once all of it was checked.

    ``sums`` is the SHA-256 of its list of digests: another archive with the same one is the same.
    ``identity`` has the namespace where the archive told it: as layout 1 did, or among its keys, if
    they were opened. Only then the ids that the ledger gave were checked.
    ``counts`` are the figures of its manifest, ``tzdata`` the version of the time-zone database
    where it was exported.
    """

    head: Head
    identity: Identity
    settings_note: bytes
    known_keys: tuple[KnownKey, ...]
    last: SignedCheckpoint
    counts: Mapping[str, Any]
    tzdata: str
    erased: frozenset[bytes]
    sums: bytes


def verify_archive(
    path: Path,
    sorting: Sorting,
    keys: Sequence[Verifier] = (),
    *,
    passphrase: str | None = None,
    advance: Callable[[int, int], None] = lambda _position, _of: None,
) -> VerifiedArchive:
    """Check a whole archive, in bounded memory; nothing is written but a temporary index.

    ``sorting`` makes that index. Where ``keys`` are given, one of them must have signed the last
    checkpoint and the identity: a log differs from a forged one only by a key that is known from
    elsewhere. With a ``passphrase`` the keys in the archive are opened and checked too.
    ``advance`` hears the position that was reached and the last one.

    Raises:
        ArchiveRefused: at the first fault, with its member, and its position where it has one.
        PassphraseRefused: the passphrase does not open the keys.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file, sorting.event_places() as places:
        return _ArchiveCheck(file, keys, passphrase, places, advance).run()


def is_archive(path: Path) -> bool:
    """Whether the file claims to be an archive: a tar file, gzipped or not.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return TarReader(file).is_tar()


def read_head(path: Path) -> Head:
    """What an archive says of itself first; nothing of it is verified.

    Raises:
        ArchiveRefused: it is none, or one of a newer layout.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return Head.read(SummedReader(file).read(layout.HEAD))


class SummedReader:
    """Reads members in order, and holds the list of digests at the end against them."""

    def __init__(self, file: BinaryIO) -> None:
        self._tar = TarReader(file)
        self._digest = sha256()
        self._lines = bytearray()

    def peek(self) -> str | None:
        """The name of the next member; raises as the archive's reader does."""
        return self._tar.peek()

    def read(self, name: str) -> bytes:
        """The member of that name, which must be the next.

        Raises:
            ArchiveRefused: another one is, or it is too large, or broken off.
        """
        content = self._tar.read(name, layout.most_bytes(name))
        text = sum_line(name, content)
        self._digest.update(text)
        self._lines += blake2b(text, digest_size=_LINE_DIGEST_BYTES).digest()
        return content

    def end(self) -> bytes:
        """Read the list of digests and the end; the SHA-256 of the list.

        Raises:
            ArchiveRefused: a digest is not that of its member, or something follows.
        """
        self._tar.open(layout.SUMS, layout.most_bytes(layout.SUMS))
        rest, number = b"", 0
        for portion in self._tar.portions():
            *lines, rest = (rest + portion).split(b"\n")
            for text in lines:
                number += 1
                self._check(number, text + b"\n")
            if len(rest) > _LONGEST_SUM:
                raise ArchiveRefused("is damaged: a line is too long", layout.SUMS)
        if rest or number * _LINE_DIGEST_BYTES != len(self._lines):
            raise ArchiveRefused("does not list every member once", layout.SUMS)
        self._tar.end()
        return self._digest.digest()

    def _check(self, number: int, text: bytes) -> None:
        end = number * _LINE_DIGEST_BYTES
        expected = self._lines[end - _LINE_DIGEST_BYTES : end]
        if blake2b(text, digest_size=_LINE_DIGEST_BYTES).digest() != expected:
            why = f"is not what line {number} of {layout.SUMS} says: one of them was changed"
            named = text[66:-1].decode("ascii", "replace")
            raise ArchiveRefused(why, named if named.isprintable() else layout.SUMS)


class _ArchiveCheck:
    """One check, from the first member to the end."""

    def __init__(
        self,
        file: BinaryIO,
        pinned: Sequence[Verifier],
        passphrase: str | None,
        places: EventPlaces,
        advance: Callable[[int, int], None],
    ) -> None:
        self._reader = SummedReader(file)
        self._pinned = pinned
        self._passphrase = passphrase
        self._places = places
        self._advance = advance
        self._body = Body()
        self._firsts: list[int] = []

    def run(self) -> VerifiedArchive:
        reader = self._reader
        head = Head.read(reader.read(layout.HEAD))
        settings_note = reader.read(layout.SETTINGS)
        known = self._known_keys(head)
        verifiers = [Verifier.read(one.verifier) for one in known]
        identity = self._identity(head, settings_note, verifiers, layout.SETTINGS)
        if head.version == 1 and identity.namespace is None:
            raise ArchiveRefused("is damaged", layout.SETTINGS)
        lock = self._lock(head)
        identity = self._with_namespace(head, identity, verifiers, lock)
        body = self._body = Body(identity.namespace)
        self._schemas(head)
        history = History(head.origin, verifiers)
        while body.position < head.position:
            self._chunk(head, history)
            self._advance(body.position, head.position)
        for name, content in body.rest():
            self._compare(name, content)
        last = history.last
        if last is None or last.size != head.position:
            raise ArchiveRefused("the last checkpoint does not cover every event", layout.HEAD)
        self._compare(layout.CHECKPOINT, last.note)
        self._verify_note(last.note, self._pinned or verifiers, layout.CHECKPOINT)
        if (fault := self._places.fault()) is not None:
            raise ArchiveRefused(fault[1], self._chunk_of(fault[0]), fault[0])
        keys = self._keys(head, known, lock) if head.keys else 0
        counts = {**body.counts(), "checkpoints": history.count}
        counts, tzdata = self._manifest(head, identity, last, counts, keys)
        return VerifiedArchive(
            head=head,
            identity=identity,
            settings_note=settings_note,
            known_keys=tuple(known),
            last=last,
            counts=counts,
            tzdata=tzdata,
            erased=frozenset(body.erased),
            sums=reader.end(),
        )

    def _known_keys(self, head: Head) -> list[KnownKey]:
        content, texts = self._reader.read(layout.VERIFIERS), self._reader.read(layout.KEY)
        try:
            known = [
                KnownKey(
                    verifier=Verifier.read(one["verifier"]).to_text(),
                    made_at=parse_instant(one["made_at"]),
                    retired_at=None
                    if one["retired_at"] is None
                    else parse_instant(one["retired_at"]),
                )
                for one in json.loads(content)
            ]
        except (LedgerError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise ArchiveRefused(f"is damaged: {error}", layout.VERIFIERS) from None
        if layout.canonical([one.to_document() for one in known]) != content:
            raise ArchiveRefused("is damaged: it is not what an export writes", layout.VERIFIERS)
        names = {one.verifier.partition("+")[0] for one in known}
        if names != {head.origin} or len({one.verifier for one in known}) != len(known):
            raise ArchiveRefused("has a key of another log, one twice, or none", layout.VERIFIERS)
        if len(known) > layout.MOST_VERIFIERS:
            raise ArchiveRefused("has too many keys", layout.VERIFIERS)
        if "".join(f"{one.verifier}\n" for one in known).encode() != texts:
            raise ArchiveRefused(f"has other keys than {layout.VERIFIERS}", layout.KEY)
        return known

    def _identity(
        self, head: Head, content: bytes, verifiers: Sequence[Verifier], member: str
    ) -> Identity:
        note = self._verify_note(content, verifiers, member)
        if note.signatures != Note.read(content).signatures:
            raise ArchiveRefused("is signed by a key that is not in the archive", member)
        if self._pinned:
            self._verify_note(content, self._pinned, member)
        identity = Identity.read(note.text)
        if identity.origin != head.origin:
            raise ArchiveRefused("is that of another log", member)
        return identity

    def _with_namespace(
        self, head: Head, identity: Identity, verifiers: Sequence[Verifier], lock: Lock | None
    ) -> Identity:
        """The same identity, with the namespace where it is among the keys and they are opened."""
        member = layout.NAMESPACE
        if not head.keys or head.version == 1:
            return identity
        content = self._reader.read(member)
        if lock is None:
            return identity
        whole = self._identity(head, lock.decrypt(member, content), verifiers, member)
        if whole.namespace is None or whole.public() != identity.public():
            raise ArchiveRefused(f"says something else than {layout.SETTINGS}", member)
        return whole

    @staticmethod
    def _verify_note(content: bytes, verifiers: Sequence[Verifier], member: str) -> Note:
        try:
            return verify(content, verifiers)
        except Unproven as error:
            raise ArchiveRefused(str(error), member) from None

    def _lock(self, head: Head) -> Lock | None:
        if not head.keys:
            return None
        content = self._reader.read(layout.LOCK)
        if self._passphrase is None:
            check_lock(content)
            return None
        return Lock.read(content, head, self._passphrase)

    def _schemas(self, head: Head) -> None:
        for topic in head.topics:
            name = layout.SCHEMA.format(topic=topic)
            schema = layout.read_document(self._reader.read(name), name)
            if schema.get("title") != topic:
                raise ArchiveRefused("is the schema of another type", name)

    def _chunk(self, head: Head, history: History) -> None:
        while (self._reader.peek() or "").startswith("checkpoints/"):
            name = layout.CHECKPOINTS.format(number=history.members + 1)
            history.take(self._reader.read(name), name)
        name = layout.EVENTS.format(first=self._body.position + 1)
        content = self._reader.read(name)
        rows = read_rows(content, name, self._body.position + 1)
        if not rows:
            raise ArchiveRefused("has no events", name)
        try:
            expected = self._body.take(rows)
        except FaultAt as error:
            raise ArchiveRefused(error.why, name, error.position) from None
        if self._body.position > head.position:
            raise ArchiveRefused("goes beyond the last position", name, head.position + 1)
        _check_cut(rows, name, last=self._body.position == head.position)
        if unknown := {row[3] for row in rows}.difference(head.topics):
            raise ArchiveRefused(f"has events without a schema: {min(unknown)}", name)
        try:
            history.check(self._body)
        except RootDiffers as fault:
            raise self._narrow(fault, name, expected[1:], head) from None
        for member, made in expected[1:]:
            self._compare(member, made)
        self._places.put(rows)
        self._firsts.append(rows[0][0])

    def _narrow(
        self, fault: RootDiffers, chunk: str, expected: Sequence[Member], head: Head
    ) -> ArchiveRefused:
        """The fault at the event that was changed; the partial tiles follow the last chunk."""
        rest = self._body.rest() if self._body.position == head.position else ()
        return narrow(fault, chunk, [*expected, *rest], self._reader.read)

    def _chunk_of(self, position: int) -> str:
        first = self._firsts[bisect_right(self._firsts, position) - 1]
        return layout.EVENTS.format(first=first)

    def _compare(self, name: str, expected: bytes) -> None:
        content = self._reader.read(name)
        if content == expected:
            return
        position = first_difference(name, content, expected)
        raise ArchiveRefused("is not what the events make", name, position)

    def _keys(self, head: Head, known: Sequence[KnownKey], lock: Lock | None) -> int | None:
        """How many contacts' keys there are; None where they cannot be opened."""
        count = 0
        for number in range(1, 2**31):
            name = layout.DATA_KEYS.format(number=number)
            if self._reader.peek() != name:
                break
            content = self._reader.read(name)
            if lock is not None:
                count += len(read_data_keys(lock.decrypt(name, content), name))
        content = self._reader.read(layout.SIGNING_KEYS)
        if lock is None:
            return None
        said, signing = read_signing_keys(lock.decrypt(layout.SIGNING_KEYS, content))
        if said != count:
            why = f"{count:,} keys of contacts are there, and {said:,} were exported"
            raise ArchiveRefused(why, layout.SIGNING_KEYS)
        if not {verifier for verifier, _ in signing} <= {one.verifier for one in known}:
            raise ArchiveRefused("holds a key of another log", layout.SIGNING_KEYS)
        return count

    def _manifest(
        self,
        head: Head,
        identity: Identity,
        last: SignedCheckpoint,
        counts: dict[str, object],
        keys: int | None,
    ) -> tuple[dict[str, object], str]:
        content = self._reader.read(layout.MANIFEST)
        document = layout.read_document(content, layout.MANIFEST)
        try:
            made_by, tzdata = str(document["made_by"]), str(document["tzdata"])
            counts["data_keys"] = document["counts"]["data_keys"] if keys is None else keys
        except (LookupError, TypeError):
            raise ArchiveRefused("is damaged", layout.MANIFEST) from None
        if manifest(head, identity, last, counts, made_by=made_by, tzdata=tzdata) != content:
            raise ArchiveRefused("has other figures than the archive", layout.MANIFEST)
        return counts, tzdata


def _check_cut(rows: Sequence[EventColumns], member: str, *, last: bool) -> None:
    """Let a chunk pass that ends where an export would have ended it."""
    before, states = len(rows) - 1, sum(len(row[4]) for row in rows[:-1])
    if is_full(before, states):
        raise ArchiveRefused("has more events than a chunk holds", member)
    if not last and not is_full(len(rows), states + len(rows[-1][4])):
        position = rows[-1][0] + 1
        raise ArchiveRefused("ends too early: events are missing", member, position)
