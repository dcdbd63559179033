"""One ledger's folder, from its settings to the last leaf of its tree."""

from __future__ import annotations

import sqlite3
import time
from contextlib import ExitStack, suppress
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING
from uuid import UUID

from domain.errors import Corrupt, Unproven
from domain.events.referrals import ReferralReceived
from domain.instants import DAY, parse_instant
from ledger.data_layout import LEDGERS, SETTINGS_FILE
from ledger.identifiers import companion_id
from ledger.settings import LedgerSettings
from ledger.stores.events import Row
from ledger.stores.sqlite.connections import APPLICATION_ID as EVENTS_ID
from ledger.stores.sqlite.data_keys import APPLICATION_ID as KEYS_ID
from ledger.stores.sqlite.data_keys import SCHEMA as KEYS_TABLES
from ledger.stores.sqlite.errors import damage
from ledger.stores.sqlite.events import table_statements
from ledger.stores.sqlite.file_names import EVENTS_FILE, KEYS_FILE, LOG_FILE
from ledger.stores.sqlite.transparency_log import APPLICATION_ID as LOG_ID
from ledger.stores.sqlite.transparency_log import SCHEMA as LOG_TABLES
from ledger.stores.sqlite.verification import layout
from ledger.stores.sqlite.verification.audit_ledgers import audit_faults
from ledger.stores.sqlite.verification.contact_keys import KeysAtRest
from ledger.stores.sqlite.verification.decryption_check import DecryptionCheck
from ledger.stores.sqlite.verification.event_walk import StoredRow, head_of, walk
from ledger.stores.sqlite.verification.read_connections import ChangedMeanwhile, reading
from ledger.stores.sqlite.verification.signatures import SignedHistory
from ledger.stores.sqlite.verification.stored_log import TilesAtRest
from ledger.stores.sqlite.verification.streams import check_streams
from ledger.temp_folders import throwaway
from ledger.transparency.checkpoints import verify_checkpoint
from ledger.transparency.entries import entry, entry_of_row
from ledger.verification.faults import Report
from ledger.verification.tree_check import Milestone, Regrowth
from ledger.verification.trust import COMPANIONS_SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ledger.stores.keys import KeyPlace
    from ledger.transparency.notes import Verifier
    from ledger.verification.trust import Progress, Trust


_RECORDED_AT, _ID, _CAUSATION = 3, 2, 7
_CLOCKS_DIFFER = DAY
"""By how much a clock may have been put back between two instants that follow each other."""


def verify_ledger(
    folder: Path, trust: Trust, progress: Progress, keys: KeyPlace | None = None
) -> Report:
    """Check everything in a ledger's folder, without writing to it; ``progress`` may show a bar.

    ``keys`` is where its keys are; where it is absent, they are in the folder too.

    Raises:
        Unavailable: a file cannot be read, or is written to by another program again and again.
    """
    began = time.monotonic()
    try:
        report = _Verification(folder, trust, progress, keys).report()
    except ChangedMeanwhile:  # a server was started, or stopped
        report = _Verification(folder, trust, progress, keys).report()
    report.seconds = time.monotonic() - began
    return report


class _Verification:
    """One ledger's folder with its files open."""

    def __init__(
        self, folder: Path, trust: Trust, progress: Progress, keys: KeyPlace | None
    ) -> None:
        self._folder = folder
        self._keys = keys
        self._upto: int | None = None
        self._trust = trust
        self._progress = progress
        self._report = Report(folder.name)

    def report(self) -> Report:
        report = self._report
        settings = self._settings()
        with ExitStack() as files:
            log = None
            if not self._report.skipped:
                log = self._open(files, LOG_FILE, LOG_ID, LOG_TABLES)
            events = self._open(files, EVENTS_FILE, EVENTS_ID, table_statements())
            keys = self._open_keys(files, events)
            history = self._history(log, settings)
            kept = list(self._kept_checkpoints(history))
            sealed = history.size if history else None
            report.checkpoint_size = sealed
            unsealing = self._decryption_check(keys, events, history, settings)
            if events is None:
                return report
            try:
                report.head = self._upto or head_of(events, self._folder / EVENTS_FILE)
            except Corrupt as error:
                report.add(EVENTS_FILE, None, str(error))
                return report
            mine = history.milestones() if history else iter(())
            milestones = merge(mine, kept, key=attrgetter("size"))
            tiles = (
                TilesAtRest(log, self._folder / LOG_FILE) if log is not None and history else None
            )
            regrowth = Regrowth(report, milestones, tiles, sealed or 0)
            self._walk(events, settings, regrowth, unsealing)
            self._end(regrowth, tiles, history)
            self._streams(events)
        return report

    def _end(
        self, regrowth: Regrowth, tiles: TilesAtRest | None, history: SignedHistory | None
    ) -> None:
        """What is known of the tree and of its keys once everything was read."""
        regrowth.end()
        if tiles is not None:
            tiles.check_extent(self._report)
        if history is not None:
            history.end()

    def _settings(self) -> LedgerSettings | None:
        path = self._folder / SETTINGS_FILE
        try:
            content = path.read_bytes()
            settings = LedgerSettings.read(content, path)
        except FileNotFoundError:
            self._report.add(SETTINGS_FILE, None, "it is missing")
            return None
        except Corrupt as error:
            self._report.add(SETTINGS_FILE, None, str(error))
            return None
        self._report.origin = settings.origin
        if settings.origin is None and not (self._folder / LOG_FILE).exists():
            self._report.skipped.append(
                "the tree: this ledger was made before there were logs, and gets one when a server "
                "or a command opens it"
            )
        elif settings.to_bytes() != content:
            self._report.add(SETTINGS_FILE, None, "it is not as this program writes it")
        if self._folder.parent.name == LEDGERS and settings.name != self._folder.name:
            self._report.add(SETTINGS_FILE, None, "it names another ledger than its folder")
        return settings

    def _open_keys(
        self, files: ExitStack, events: sqlite3.Connection | None
    ) -> sqlite3.Connection | None:
        """As ``_open``; keys that are elsewhere are copied into a file that nobody else sees.

        They are copied after the head of the events is known, so that no key of theirs is missing.
        """
        folder = self._folder
        if self._keys is not None and not self._keys.is_file:
            folder = files.enter_context(throwaway())
            with suppress(Corrupt):  # which is reported later
                self._upto = head_of(events, self._folder / EVENTS_FILE) if events else None
            self._keys.copy_into(folder)
        return self._open(files, KEYS_FILE, KEYS_ID, KEYS_TABLES, folder)

    def _open(
        self,
        files: ExitStack,
        name: str,
        application_id: int,
        statements: Sequence[str],
        folder: Path | None = None,
    ) -> sqlite3.Connection | None:
        """A connection to one of the files, once it was looked at as a file; None without it."""
        path = (folder or self._folder) / name
        try:
            connection = files.enter_context(reading(path))
        except Corrupt as error:
            self._report.add(name, None, str(error))
            return None
        for position, detail in layout.faults_of(connection, application_id, statements):
            self._report.add(name, position, detail)
        self._report.checked["files"] += 1
        return connection

    def _history(
        self, log: sqlite3.Connection | None, settings: LedgerSettings | None
    ) -> SignedHistory | None:
        """What was signed, where the log can be read."""
        if log is None:
            return None
        report = self._report
        try:
            rows = log.execute("SELECT id, origin, made_at FROM log").fetchall()
            if [row[0] for row in rows] != [1] or not isinstance(rows[0][1], str):
                report.add(LOG_FILE, None, "it does not say of which log it is")
                return None
            _, origin, made_at = rows[0]
            if settings is not None and settings.origin != origin:
                detail = f"it is the log of {origin}, and {SETTINGS_FILE} names {settings.origin}"
                report.add(LOG_FILE, None, detail)
            report.origin = origin
            path = self._folder / LOG_FILE
            history = SignedHistory(log, path, origin, self._trusted_verifiers(origin), report)
            if history.keys and made_at != history.keys[0].made_at:
                report.add(LOG_FILE, None, "it was not made with its first key")
        except sqlite3.Error as error:
            report.add(LOG_FILE, None, damage(error, self._folder / LOG_FILE))
            return None
        return history

    def _trusted_verifiers(self, origin: str) -> list[Verifier]:
        return [verifier for verifier in self._trust.verifiers if verifier.name == origin]

    def _kept_checkpoints(self, history: SignedHistory | None) -> Iterator[Milestone]:
        """The checkpoints kept elsewhere whose signatures hold, by size."""
        found = []
        for kept in self._trust.kept:
            if history is None or kept.origin != self._report.origin:
                continue
            try:
                checkpoint = verify_checkpoint(kept.note, history.verifiers)
            except Unproven as error:
                self._report.add("checkpoints", None, f"{kept.name}: {error}")
                continue
            if not history.holds(checkpoint):
                detail = (
                    f"{kept.name}: the log does not list this checkpoint, which it signed: it was "
                    "taken away, or log.sqlite is of an older backup"
                )
                self._report.add("checkpoints", max(checkpoint.size, 1), detail)
            found.append(Milestone(checkpoint.size, checkpoint.root, kept.name, elsewhere=True))
            self._report.checked["checkpoints kept elsewhere"] += 1
        yield from sorted(found, key=attrgetter("size"))

    def _decryption_check(
        self,
        keys: sqlite3.Connection | None,
        events: sqlite3.Connection | None,
        history: SignedHistory | None,
        settings: LedgerSettings | None,
    ) -> DecryptionCheck | None:
        """The check of encrypted fields, if there are keys."""
        if keys is None or events is None:
            return None
        for_audit = settings is not None and settings.for_audit
        if settings is not None and settings.for_audit:
            self._look_at_copy(keys, history, settings)
        if self._trust.master_key is None:
            self._report.skipped.append("encrypted fields: the master key is not available")
            return None
        at_rest = KeysAtRest(keys, self._trust.master_key, self._folder / KEYS_FILE)
        before = self._report.fault_count
        try:
            listed = history.keys if history and not for_audit else []
            for detail in at_rest.faults(self._report.origin, listed):
                self._report.add(KEYS_FILE, None, detail)
            self._report.checked["keys"] += at_rest.count()
        except sqlite3.Error as error:
            self._report.add(KEYS_FILE, None, damage(error, self._folder / KEYS_FILE))
        if not at_rest.opens:
            assert self._report.fault_count > before, "what does not open was reported"
            self._report.skipped.append("encrypted fields: the master key does not open the keys")
            return None
        if for_audit:
            self._report.skipped.append(
                "encrypted fields: the ledger was imported without its keys"
            )
            return None
        return DecryptionCheck(at_rest, events, self._report)

    def _look_at_copy(
        self, keys: sqlite3.Connection, history: SignedHistory | None, settings: LedgerSettings
    ) -> None:
        """What is known of a ledger for audit besides what every ledger is."""
        verifiers = history.verifiers if history else []
        try:
            for name, detail in audit_faults(self._folder, keys, settings, verifiers):
                self._report.add(name, None, detail)
        except sqlite3.Error as error:
            self._report.add(KEYS_FILE, None, damage(error, self._folder / KEYS_FILE))

    def _walk(
        self,
        events: sqlite3.Connection,
        settings: LedgerSettings | None,
        regrowth: Regrowth,
        unsealing: DecryptionCheck | None,
    ) -> None:
        """Every event by itself, in its place, with its encrypted fields, and in the tree."""
        report, label = self._report, f"{self._report.name} events"
        if settings is not None and settings.namespace is None:
            report.skipped.append(COMPANIONS_SKIPPED)
        with self._progress(label, report.head) as advance:
            for stored in walk(events, report.head, report, advance):
                regrowth.add(None if stored is None else _entry(stored))
                if stored is None:
                    continue
                report.checked["events"] += 1
                if unsealing is not None:
                    unsealing.check(stored)
                if settings is not None:
                    self._check_against(settings, stored)
        if unsealing is not None:
            unsealing.end()

    def _check_against(self, settings: LedgerSettings, stored: StoredRow) -> None:
        """What the settings and the events say of each other."""
        values = stored.values
        if values is None:
            return
        if stored.position == 1 and (
            values[_RECORDED_AT] < parse_instant(settings.created_at) - _CLOCKS_DIFFER
        ):
            self._report.add(
                SETTINGS_FILE, 1, "the first event was recorded before the ledger was made"
            )
        if stored.topic == ReferralReceived.TYPE and settings.namespace is not None:
            because = values[_CAUSATION] and UUID(bytes=values[_CAUSATION])
            if not because or companion_id(settings.namespace, because).bytes != values[_ID]:
                detail = (
                    "an id that the ledger gave does not follow from the namespace in ledger.json"
                )
                self._report.add(SETTINGS_FILE, stored.position, detail)

    def _streams(self, events: sqlite3.Connection) -> None:
        report, label = self._report, f"{self._report.name} streams"
        with self._progress(label, report.head) as advance:
            check_streams(events, self._folder / EVENTS_FILE, report.head, report, advance)


def _entry(stored: StoredRow) -> bytes | None:
    """The leaf of an event in the tree; None if it cannot be determined."""
    _, stream, version, topic, state, values = stored
    try:
        if values is not None:
            return entry(UUID(bytes=stream), version, topic, values[_RECORDED_AT], state)
        return entry_of_row(Row(stored.position, UUID(bytes=stream), version, topic, state))
    except (Corrupt, ValueError):
        return None  # reported, since it is not an event
