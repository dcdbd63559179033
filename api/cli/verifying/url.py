"""A ledger behind a URL verified: its tree derived again from the entries that it serves."""

from __future__ import annotations

import json
import time
from heapq import merge
from itertools import takewhile
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from api.bootstrap import SORTING
from api.cli.log_reading import NotAnswered, Unanswered, fetch
from domain.errors import NotFound, Unproven
from domain.events import CATALOGUE
from domain.instants import parse_instant
from domain.recorded import POLICY_STREAM
from ledger.transparency.checkpoints import Checkpoint, verify_checkpoint
from ledger.transparency.entries import Entry, read_entry
from ledger.transparency.notes import Note, Verifier
from ledger.transparency.tiles import TILE_HEIGHT, TILE_WIDTH, BundleAt, TileAt, decode_bundle
from ledger.verification.faults import Report
from ledger.verification.rules import not_signed_by_given, wrong_version
from ledger.verification.tree_check import Milestone, Regrowth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.cli.verifying.folder import VerifyOptions
    from ledger.stores.sorting import StreamOrder


MOST_MISSING = 100
"""After how many missing or damaged bundles no more are requested."""


def verify_url(url: str, asked: VerifyOptions) -> Report:
    """Check what a server says of a ledger, such as ``http://127.0.0.1:8400/v1/ledgers/main``.

    What it serves is all that is known: entries hold hashes of the stored events and not what they
    hash. Streams are counted in a temporary database, so that memory stays small.

    Raises:
        Unanswered: the server cannot be reached.
        LedgerError: it says no, or has no such ledger.
    """
    began = time.monotonic()
    report = _LedgerAtUrl(url.rstrip("/"), asked).report()
    report.seconds = time.monotonic() - began
    return report


class _LedgerAtUrl:
    """One ledger's URL while it is looked at."""

    def __init__(self, url: str, asked: VerifyOptions) -> None:
        self._url = url
        self._asked = asked
        self._report = Report(url)
        self._reads_events = True
        self._missing = 0

    def report(self) -> Report:
        report = self._report
        note = fetch(f"{self._url}/log/checkpoint")
        listed = list(self._published_verifiers())
        given = list(self._asked.verifiers)
        try:
            checkpoint = verify_checkpoint(note, [*given, *listed])
        except Unproven as error:
            report.add("checkpoints", None, f"the newest checkpoint: {error}")
            return report
        self._look_at_signers(note, checkpoint.origin, listed)
        report.origin, report.checkpoint_size = checkpoint.origin, checkpoint.size
        report.head = checkpoint.size
        report.checked["checkpoints"] += 1
        report.notes.append(
            "entries hold hashes of what is stored: whether the server still has it, only its "
            "folder, an archive or a receipt tells"
        )
        newest = Milestone(checkpoint.size, checkpoint.root, "the newest checkpoint")
        milestones = merge(
            self._milestones(checkpoint, [*given, *listed]), [newest], key=attrgetter("size")
        )
        regrowth = Regrowth(
            report, milestones, _FetchedTiles(self._url, checkpoint.size), checkpoint.size
        )
        with SORTING.stream_order() as streams:
            self._walk(regrowth, checkpoint.size, streams)
            regrowth.end()
            self._check_streams(streams)
        return report

    def _look_at_signers(self, note: bytes, origin: str, listed: list[Verifier]) -> None:
        """Where keys were given, one of them must have signed the newest checkpoint."""
        given = self._asked.verifiers
        ids = {one.key_id for one in Note.read(note).signatures if one.name == origin}
        if not given or any(key.name == origin and key.key_id in ids for key in given):
            return
        # They are listed newest first.
        newer = takewhile(lambda key: key.key_id not in ids, listed)
        detail = not_signed_by_given(
            older=not set(given).isdisjoint(listed), newer=not set(given).isdisjoint(newer)
        )
        self._report.add("checkpoints", None, detail)

    def _published_verifiers(self) -> Iterator[Verifier]:
        for line in fetch(f"{self._url}/log/key").decode("utf-8", "replace").splitlines():
            try:
                yield Verifier.read(line)
            except Unproven as error:
                self._report.add("keys", None, f"a listed key: {error}")

    def _milestones(self, newest: Checkpoint, verifiers: list[Verifier]) -> list[Milestone]:
        """The checkpoints kept elsewhere of this log, by size."""
        found = []
        for kept in self._asked.kept:
            if kept.origin != newest.origin:
                detail = f"{kept.name} is a checkpoint of {kept.origin}, and this is another log"
                self._report.add("checkpoints", None, detail)
                continue
            try:
                checkpoint = verify_checkpoint(kept.note, verifiers)
            except Unproven as error:
                self._report.add("checkpoints", None, f"{kept.name}: {error}")
                continue
            found.append(Milestone(checkpoint.size, checkpoint.root, kept.name, elsewhere=True))
            self._report.checked["checkpoints kept elsewhere"] += 1
        return sorted(found, key=attrgetter("size"))

    def _walk(self, regrowth: Regrowth, size: int, streams: StreamOrder) -> None:
        report, newest = self._report, -(2**63)
        with self._asked.progress("entries", size) as advance:
            for start in range(0, size, TILE_WIDTH):
                width = min(TILE_WIDTH, size - start)
                shown = self._events(start, width)
                for place, content in enumerate(self._bundle(start, width)):
                    position = start + place + 1
                    regrowth.add(content)
                    entry = self._entry(content, position)
                    if entry is None:
                        continue
                    report.checked["entries"] += 1
                    if entry.recorded_at < newest:
                        report.add("entries", position, "it was recorded before the one before it")
                    newest = max(newest, entry.recorded_at)
                    streams.put(entry.stream.bytes, entry.version, position)
                    if shown is not None:
                        self._compare(entry, shown.get(position), position)
                advance(start + width, f"{start + width:,} of {size:,} entries")
                if self._missing >= MOST_MISSING and start + width < size:
                    after = f"everything from position {start + width + 1:,} on"
                    report.skipped.append(f"{after}: too many bundles before it are missing")
                    return

    def _bundle(self, start: int, width: int) -> list[bytes | None]:
        at = BundleAt(start // TILE_WIDTH, width)
        try:
            return [*decode_bundle(fetch(f"{self._url}/log/{at.path}"), width)]
        except (NotFound, Unproven) as error:
            self._report.add("entries", start + 1, f"{at.path}: {error}")
            self._missing += 1
            return [None] * width

    def _entry(self, content: bytes | None, position: int) -> Entry | None:
        if content is None:
            return None
        try:
            entry = read_entry(content)
        except Unproven as error:
            self._report.add("entries", position, str(error))
            return None
        if entry.topic not in CATALOGUE:
            self._report.add("entries", position, "its type is no event of a ledger")
        return entry

    def _events(self, start: int, width: int) -> dict[int, Any] | None:
        """The events as the server shows them to readers, by position; None if it does not."""
        if not self._reads_events:
            return None
        query = urlencode({"after_position": start, "limit": width})
        try:
            items = json.loads(fetch(f"{self._url}/events?{query}"))["items"]
            return {item["position"]: item for item in items}
        except (NotAnswered, NotFound, Unanswered) as error:
            self._report.skipped.append(f"the events themselves: {error}")
        except (ValueError, LookupError, TypeError):
            self._report.add("events", start + 1, "the events are not shown as a ledger shows them")
        self._reads_events = False
        return None

    def _compare(self, entry: Entry, shown: Any, position: int) -> None:
        """Hold an event as it is shown to readers against the entry that is in the tree."""
        contact = None if entry.stream == POLICY_STREAM else str(entry.stream)
        try:
            same = shown is not None and (
                shown["contact_id"] == contact
                and shown["version"] == entry.version
                and shown["type"] == entry.topic
                and parse_instant(shown["recorded_at"]) == entry.recorded_at
            )
        except (ValueError, LookupError, TypeError):
            same = False
        self._report.checked["events compared with their entries"] += 1
        if not same:
            self._report.add("events", position, "the event that is shown is not the one signed")

    def _check_streams(self, streams: StreamOrder) -> None:
        before = (b"", 0, 0)
        for row in streams.in_order():
            if row[0] != before[0]:
                before = (row[0], 0, 0)
                self._report.checked["streams"] += 1
            if (detail := wrong_version(before, row)) is not None:
                self._report.add("entries", row[2], detail)
            before = row


class _FetchedTiles:
    """The tiles that a server has of a tree of one size."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._size = size

    def tile(self, level: int, n: int) -> bytes | None:
        """All hashes of that tile, or None where there is none."""
        width = min(TILE_WIDTH, (self._size >> TILE_HEIGHT * level) - n * TILE_WIDTH)
        try:
            return fetch(f"{self._url}/log/{TileAt(level, n, width).path}")
        except NotFound:
            return None
