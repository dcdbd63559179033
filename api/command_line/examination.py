"""What the doctor looks at, one finding after the other."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from api.bootstrap import now
from api.command_line.output import progress
from domain.errors import LedgerError
from ledger.files import FolderInUse
from ledger.folder import LEDGERS, MASTER_KEY_FILE, DataFolder
from projections.projections import Projections

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from api.settings import Settings
    from ledger.ledger import Ledger

OK, WARNING, PROBLEM, SKIPPED = "ok", "warning", "problem", "skipped"

PAGE_EVENTS = 2000
MEBIBYTE = 1024 * 1024
LITTLE_SPACE_BYTES = 1024 * MEBIBYTE
NO_SPACE_BYTES = 50 * MEBIBYTE


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ok, warning, problem or skipped, and why."""

    verdict: str
    what: str
    detail: str


def examine(settings: Settings, *, drift: bool, quiet: bool) -> Iterator[Finding]:
    """Look at everything that can be looked at; what is broken hides nothing else."""
    yield from _surroundings(settings.folder, given=settings.master_key is not None)
    files = sorted((settings.folder / LEDGERS).glob("[a-z]*/*.sqlite"))
    yield from (_integrity(path, settings.folder) for path in files)
    try:
        folder = DataFolder.open(settings.folder, clock=now, master_key=settings.master_key)
    except FolderInUse as error:
        yield Finding(OK, "lock", str(error))
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
                yield from _projections(ledger, drift=drift)
            except LedgerError as error:
                yield Finding(PROBLEM, f"ledger {name}", str(error))


def _surroundings(folder: Path, *, given: bool) -> Iterator[Finding]:
    writable = os.access(folder, os.W_OK | os.X_OK)
    yield Finding(OK if writable else PROBLEM, "folder", str(folder.resolve()))
    yield _master_key(folder / MASTER_KEY_FILE, given=given)
    free = shutil.disk_usage(folder).free
    verdict = PROBLEM if free < NO_SPACE_BYTES else WARNING if free < LITTLE_SPACE_BYTES else OK
    yield Finding(verdict, "disk", f"{free // MEBIBYTE:,} MiB free")
    yield Finding(OK, "tzdata", version("tzdata"))
    yield Finding(OK, "sqlite", sqlite3.sqlite_version)


def _master_key(file: Path, *, given: bool) -> Finding:
    if given:
        return Finding(OK, MASTER_KEY_FILE, "not asked for: the settings give the key")
    if not file.exists():
        detail = "missing, and the settings give no key: restore it, or nothing can be unsealed"
        return Finding(PROBLEM, MASTER_KEY_FILE, detail)
    mode = file.stat().st_mode & 0o777
    verdict = PROBLEM if mode & 0o077 else OK
    return Finding(verdict, MASTER_KEY_FILE, f"mode {mode:04o}, and 0600 is right")


def _integrity(path: Path, folder: Path) -> Finding:
    """The database's own check, through a connection that cannot write."""
    what = str(path.relative_to(folder))
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return Finding(PROBLEM, what, str(error))
    return Finding(OK if said == "ok" else PROBLEM, what, f"quick_check: {said}")


def _events(ledger: Ledger, *, quiet: bool) -> Finding:
    """Read and unseal every event; positions and each stream's versions count without gaps."""
    what = f"{ledger.name} events"
    head = ledger.head()
    position = 0
    versions: Counter[UUID] = Counter()
    with progress(what, head, quiet=quiet) as advance:
        while page := ledger.log(after=position, limit=PAGE_EVENTS):
            for recorded in page:
                position += 1
                versions[recorded.contact_id] += 1
                if recorded.position != position:
                    detail = f"position {position} is missing"
                    return Finding(PROBLEM, what, detail)
                if recorded.version != versions[recorded.contact_id]:
                    detail = f"position {position} has version {recorded.version} of its stream"
                    return Finding(PROBLEM, what, f"{detail}, out of turn")
            advance(position, f"{position:,} of {head:,}")
    return Finding(OK, what, f"{position:,} read, without gaps, of {len(versions):,} streams")


def _projections(ledger: Ledger, *, drift: bool) -> Iterator[Finding]:
    path = ledger.folder / "projections.sqlite"
    projections = Projections(ledger, path, now)
    try:
        if drift:
            projections.start()
            for state in projections.states():
                yield _drift(projections, ledger.name, state.name)
            return
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
        return Finding(PROBLEM, what, f"the rebuild {operation.state}: {operation.problem}")
    differences = operation.result["drift"]
    if differences:
        return Finding(PROBLEM, what, f"had drifted and is replaced: {differences}")
    compared = "the same" if operation.result["live_digest"] else "built for the first time"
    return Finding(OK, what, f"rebuilt, {compared}: {operation.result['digest']}")
