"""An archive of a ledger verified: by itself, and as the ledger that it becomes."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

from api.bootstrap import SORTING, STORE_OF, now
from api.cli.verifying.folder import Outcome, look_for_origins, verify_folder
from domain.errors import LedgerError, Unavailable
from ledger.archive.checking import is_archive, verify_archive
from ledger.archive.placing import place
from ledger.archive.refusals import ArchiveRefused
from ledger.folder import DataFolder
from ledger.temp_folders import throwaway
from ledger.verification.faults import Report
from ledger.verification.trust import COMPANIONS_SKIPPED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from api.cli.verifying.folder import VerifyOptions
    from ledger.archive.checking import VerifiedArchive

_SUFFIXES = (".tar", ".tar.gz", ".tgz")


def names_archive(path: Path) -> bool:
    """Whether the file is an archive, or is named as one."""
    return path.is_file() and (path.name.endswith(_SUFFIXES) or is_archive(path))


def verify_archived(path: Path, asked: VerifyOptions) -> Outcome:
    """Check an archive; what takes a ledger, such as kept checkpoints, of one made of it for that.

    That one is for audit, lies among the system's temporary files and is gone at the end.

    Raises:
        OSError: the file cannot be read.
        Unavailable: there is no room for the ledger.
    """
    began = time.monotonic()
    report = Report(path.name)
    outcome = Outcome([report])
    try:
        with asked.progress("archive", 100) as advance:
            verified = verify_archive(
                path, SORTING, asked.verifiers, advance=_event_progress(advance)
            )
        _fill(report, verified)
        if asked.kept or asked.drift:
            outcome.reports += _as_ledger(path, verified, asked)
    except ArchiveRefused as error:
        report.add(error.member or "archive", error.position, error.why)
    except Unavailable:
        raise
    except LedgerError as error:
        report.add("archive", None, str(error))
    else:
        look_for_origins(asked, outcome)
    report.seconds = time.monotonic() - began
    return outcome


def _fill(report: Report, verified: VerifiedArchive) -> None:
    report.origin = verified.head.origin
    report.head = report.checkpoint_size = verified.head.position
    for what, count in verified.counts.items():
        if isinstance(count, int):
            report.checked[what] = count
    if verified.head.keys:
        report.skipped.append("the keys in the archive: rapport import opens them")
    else:
        report.skipped.append("encrypted fields: the archive holds no keys")
    if verified.identity.namespace is None:
        report.skipped.append(COMPANIONS_SKIPPED)


def _as_ledger(path: Path, verified: VerifiedArchive, asked: VerifyOptions) -> list[Report]:
    with throwaway() as made:
        data = DataFolder.open(made / "data", STORE_OF, clock=now, make_main=False)
        with closing(data) as folder:
            place(path, verified, folder, name=verified.head.ledger)
        return verify_folder(made / "data", None, asked).reports


def _event_progress(advance: Callable[[int, str], None]) -> Callable[[int, int], None]:
    return lambda position, of: advance(
        100 * position // max(of, 1), f"{position:,} of {of:,} events"
    )
