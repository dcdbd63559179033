"""The checks of the doctor, one finding after the other."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from contextlib import closing
from importlib.metadata import version
from typing import TYPE_CHECKING

from api.bootstrap import STORE_OF, now, projections_of
from api.cli.comparison import comparison_findings, not_compared
from api.cli.differences import difference_told, ended_told
from api.cli.findings import OK, PROBLEM, SKIPPED, WARNING, Finding
from api.cli.output import progress
from domain.errors import LedgerError
from domain.events import EncryptedValue
from domain.events.governance import PersonalDataErased
from domain.instants import SECOND, format_instant
from ledger.data_layout import LEDGERS
from ledger.files import FolderInUse
from ledger.folder import DataFolder
from ledger.master_keys import MASTER_KEY_FILE
from ledger.transparency.entries import entry_of_row, read_entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from uuid import UUID

    from api.service.settings import Settings
    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger
    from ledger.stores.examination import Examination, PartCheck
    from projections.projections import Projections

PAGE_EVENTS = 2000
MEBIBYTE = 1024 * 1024
LITTLE_SPACE_BYTES = 1024 * MEBIBYTE
NO_SPACE_BYTES = 50 * MEBIBYTE


def examine(settings: Settings, *, drift: bool, full: bool, quiet: bool) -> Iterator[Finding]:
    """Look at everything that can be looked at; what is broken hides nothing else.

    A skipped check is a finding too. ``full`` compares the events with the signed log, and
    ``drift`` the projections with the events.
    """
    yield from _surroundings(settings.folder, given=settings.master_key is not None)
    store = STORE_OF(settings.folder)
    ledgers = {name: store.ledger(name).examination() for name in store.ledger_names()}
    for name, examination in ledgers.items():
        yield from _clock(name, examination)
    if full and ledgers:
        yield from comparison_findings(settings, quiet=quiet)
    else:
        yield from not_compared([*ledgers], settings)
    checks = {name: examination.part_checks() for name, examination in ledgers.items()}
    yield from _findings_of_open_folder(settings, checks, drift=drift or full, quiet=quiet)
    yield Finding(SKIPPED, "audit trails", "not read: rapport trail --verify")


def _findings_of_open_folder(
    settings: Settings, checks: Mapping[str, Sequence[PartCheck]], *, drift: bool, quiet: bool
) -> Iterator[Finding]:
    """The checks that need the folder for themselves: its parts, every event, projections."""
    for name, parts in checks.items():
        for part in parts:
            verdict = OK if part.is_sound else PROBLEM
            yield Finding(verdict, f"{LEDGERS}/{name}/{part.part}", part.said)
    try:
        folder = DataFolder.open(
            settings.folder,
            STORE_OF,
            clock=now,
            master_key=settings.master_key,
            log_domain=settings.log_domain,
        )
    except FolderInUse as error:
        holder = f"the server on {error.url}" if error.url else "another process"
        yield Finding(OK, "lock", f"held by {holder}")
        yield Finding(SKIPPED, "events and projections", "a server holds the folder")
        return
    except LedgerError as error:
        yield Finding(PROBLEM, "opening", str(error))
        return
    with closing(folder):
        yield Finding(OK, "lock", "free")
        for name in folder.names():
            try:
                ledger = folder.ledger(name)
                yield _events(ledger, quiet=quiet)
                yield _log(ledger)
                kept = next((one for one in checks[name] if one.has_projections), None)
                if kept is not None and not kept.is_sound:
                    detail = "damaged: the server sets the file aside and builds a new one"
                    yield Finding(SKIPPED, f"{name} projections", detail)
                elif kept is not None and (beyond := _beyond(ledger)):
                    yield Finding(PROBLEM, f"{name} projections", beyond)
                else:
                    yield from _projections(ledger, drift=drift)
            except LedgerError as error:
                yield Finding(PROBLEM, f"ledger {name}", str(error))


def _clock(name: str, examination: Examination) -> Iterator[Finding]:
    """Whether the newest event of a ledger was recorded later than it is now."""
    what = f"{name} clock"
    try:
        newest_at = _newest_at(examination)
    except (LedgerError, TypeError, ValueError):
        return  # damaged, which others say
    behind_seconds = max(newest_at - now(), 0) // SECOND
    if not behind_seconds:
        yield Finding(OK, what, "not behind the newest event")
        return
    detail = (
        f"lies {behind_seconds:,} s behind the newest event, recorded at "
        f"{format_instant(newest_at)}: set this machine's clock right; if it is right, it was "
        "ahead then, and events are recorded as of that instant until it is there again"
    )
    yield Finding(WARNING, what, detail)


def _newest_at(examination: Examination) -> int:
    """When the newest event was recorded, by what is stored alone; 0 where there is none."""
    row = examination.newest_event()
    return 0 if row is None else read_entry(entry_of_row(row)).recorded_at


def _surroundings(folder: Path, *, given: bool) -> Iterator[Finding]:
    writable = os.access(folder, os.W_OK | os.X_OK)
    yield Finding(OK if writable else PROBLEM, "folder", str(folder.resolve()))
    yield _master_key(folder / MASTER_KEY_FILE, given=given)
    free = shutil.disk_usage(folder).free
    verdict = PROBLEM if free < NO_SPACE_BYTES else WARNING if free < LITTLE_SPACE_BYTES else OK
    yield Finding(verdict, "disk", f"{free // MEBIBYTE:,} MiB free")
    yield Finding(OK, "tzdata", version("tzdata"))
    yield Finding(OK, *STORE_OF(folder).library)


def _master_key(file: Path, *, given: bool) -> Finding:
    if given:
        return Finding(OK, MASTER_KEY_FILE, "not asked for: the settings give the key")
    if not file.exists():
        detail = "missing, and the settings give no key: restore it, or nothing can be decrypted"
        return Finding(PROBLEM, MASTER_KEY_FILE, detail)
    mode = file.stat().st_mode & 0o777
    verdict = PROBLEM if mode & 0o077 else OK
    return Finding(verdict, MASTER_KEY_FILE, f"mode {mode:04o}, and 0600 is right")


def _events(ledger: Ledger, *, quiet: bool) -> Finding:
    """Read and decrypt every event; positions and each stream's versions must have no gaps."""
    what = f"{ledger.name} events"
    head = ledger.head()
    position = 0
    versions: Counter[UUID] = Counter()
    closed: set[UUID] = set()
    erased: set[UUID] = set()
    with (
        progress(what, head, quiet=quiet) as advance,
        ledger.store.examination().event_ids() as ids,
    ):
        while page := ledger.log(after=position, limit=PAGE_EVENTS):
            for recorded in page:
                position += 1
                versions[recorded.contact_id] += 1
                if wrong := _out_of_place(recorded, position, versions, next(ids, None)):
                    return Finding(PROBLEM, what, wrong)
                if any(
                    isinstance(value, EncryptedValue) for value in vars(recorded.event).values()
                ):
                    closed.add(recorded.contact_id)
                if isinstance(recorded.event, PersonalDataErased):
                    erased.add(recorded.contact_id)
            advance(position, f"{position:,} of {head:,}")
    lost = len(closed - erased)
    if ledger.for_audit:
        detail = f"{position:,} read, without gaps, of {len(versions):,} streams; for audit"
        return Finding(OK, what, f"{detail}, imported without the keys of {lost:,} contacts")
    if lost:
        detail = f"the data keys of {lost:,} contacts are missing, who were not erased"
        return Finding(PROBLEM, what, f"{detail}: restore {ledger.store.names.keys}")
    return Finding(OK, what, f"{position:,} read, without gaps, of {len(versions):,} streams")


def _out_of_place(
    recorded: RecordedEvent, position: int, versions: Counter[UUID], kept_id: bytes | None
) -> str | None:
    """The fault in the place of an event, if there is one."""
    if recorded.position != position:
        return f"position {position} is missing"
    if recorded.version != versions[recorded.contact_id]:
        return f"position {position} has version {recorded.version} of its stream, out of turn"
    if recorded.id.bytes != kept_id:
        return f"position {position} is kept under another id than its own"
    return None


def _log(ledger: Ledger) -> Finding:
    """Whether the log can still be signed. The number of signed events is no finding."""
    log = ledger.transparency
    if log.problem is not None:
        return Finding(PROBLEM, f"{ledger.name} log", f"{log.state}: {log.problem}")
    signed = log.checkpoint().size
    return Finding(OK, f"{ledger.name} log", f"{signed:,} of {ledger.head():,} events signed")


def _beyond(ledger: Ledger) -> str | None:
    """The fault of a projection that covers events which the log no longer has."""
    head, reached = ledger.head(), ledger.store.examination().projections_position()
    if reached is None or reached <= head:
        return None
    return f"stand at position {reached:,}, and the log ends at {head:,}: events were lost"


def _projections(ledger: Ledger, *, drift: bool) -> Iterator[Finding]:
    projections = projections_of(ledger, now)
    try:
        if drift:
            projections.start()
            for state in projections.states():
                yield _drift(projections, ledger.name, state.name)
            return
        detail = "the rows were not compared with the events: rapport doctor --drift"
        yield Finding(SKIPPED, f"{ledger.name} drift", detail)
        for state in projections.states():
            verdict = PROBLEM if state.state == "failed" else OK
            lag = f", {state.lag:,} behind" if state.lag else ""
            problem = f": {state.problem}" if state.problem else ""
            detail = f"{state.state} at position {state.position:,}{lag}{problem}"
            yield Finding(verdict, f"{ledger.name} {state.name}", detail)
    finally:
        projections.close()


def _drift(projections: Projections, ledger_name: str, name: str) -> Finding:
    what = f"{ledger_name} {name}"
    operation = projections.operations.wait(projections.rebuild(name).id)
    if operation.result is None:
        return Finding(
            PROBLEM, what, f"the rebuild {ended_told(operation.state, operation.problem)}"
        )
    differences = operation.result["drift"]
    if differences:
        assert isinstance(differences, list)
        told = "; ".join(map(difference_told, differences))
        return Finding(PROBLEM, what, f"had drifted and is replaced: {told}")
    compared = "the same" if operation.result["live_digest"] else "built for the first time"
    return Finding(OK, what, f"rebuilt, {compared}: {operation.result['digest']}")
