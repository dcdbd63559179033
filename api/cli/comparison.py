"""Findings on whether the events of a data folder are those that were signed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from api.cli.findings import OK, PROBLEM, SKIPPED, Finding
from api.cli.output import progress
from api.cli.verifying.folder import VerifyOptions, verify_folder
from domain.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from api.service.settings import Settings
    from ledger.verification.faults import Report


def comparison_findings(settings: Settings, *, quiet: bool) -> Iterator[Finding]:
    """Do what ``rapport verify`` does for every ledger; a server may run on the folder."""
    asked = VerifyOptions(master_key=settings.master_key, progress=partial(progress, quiet=quiet))
    try:
        outcome = verify_folder(settings.folder, None, asked)
    except LedgerError as error:
        yield Finding(PROBLEM, "contents", str(error))
        return
    for fault in outcome.faults:
        yield Finding(PROBLEM, "contents", str(fault))
    for report in outcome.reports:
        yield _finding(report)


def not_compared(names: Sequence[str], settings: Settings) -> Iterator[Finding]:
    """The checks that an examination without it leaves open, and the commands that do them."""
    for name in names:
        detail = (
            "the events were not compared with the signed log, nor its signatures checked: "
            f"rapport doctor --full, or rapport verify {settings.folder}"
        )
        yield Finding(SKIPPED, f"{name} contents", detail)


def _finding(report: Report) -> Finding:
    what = f"{report.name} contents"
    if not report.sound:
        more = f", and {report.fault_count - 1:,} more" if report.fault_count > 1 else ""
        return Finding(PROBLEM, what, f"{report.first}{more}: rapport verify lists all of it")
    covered = 0 if report.checkpoint_size is None else min(report.checkpoint_size, report.head)
    detail = (
        f"{covered:,} of {report.head:,} events are as signed; whether this log is the one you "
        "know takes a key and a checkpoint from elsewhere: rapport verify --key --checkpoint"
    )
    return Finding(OK, what, detail)
