"""``rapport doctor``: is this data folder sound?"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from api.cli.ending import PROBLEM
from api.cli.examination import examine
from api.cli.findings import PROBLEM as PROBLEM_FOUND
from api.cli.findings import SKIPPED
from api.cli.folders import existing, settings_for
from api.cli.options import data_option, json_option
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainHelp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from api.cli.findings import Finding


@click.command("doctor", cls=PlainHelp)
@data_option
@click.option("--drift", is_flag=True, help="Rebuild every projection too, and compare. Slower.")
@click.option(
    "--full",
    is_flag=True,
    help="Compare the events with the signed log too, as rapport verify does, and --drift.",
)
@json_option
def command(folder: Path | None, drift: bool, full: bool, as_json: bool) -> int:
    """Check a data folder: files, keys, clock, every event, projections, time zones, disk.

    Every event is read, decrypted and decoded, and positions and versions must have no gaps. That
    finds damage, not tampering: only --full checks whether the events are those that were signed.
    Checks that did not run are listed as skipped, with the command that does them. While a server
    holds the folder, the checks that need it for themselves are skipped too.

    Example:
      rapport doctor --data ./rapport-data
      rapport doctor --full --json

    Exit codes: 0 no check found a problem; 1 a check found a problem; 3 there is
    no such folder.
    """
    settings = existing(settings_for(folder))
    findings = list(examine(settings, drift=drift, full=full, quiet=as_json))
    problems = [one for one in findings if one.verdict == PROBLEM_FOUND]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_table(
            ("", "what", "found"), [(one.verdict, one.what, one.detail) for one in findings]
        )
        click.echo(_conclusion(findings, len(problems)))
    return PROBLEM if problems else 0


def _conclusion(findings: Sequence[Finding], problem_count: int) -> str:
    """The summary of all findings, with the checks that are left open."""
    found = {0: "No problem was found", 1: "1 problem was found"}.get(
        problem_count, f"{problem_count:,} problems were found"
    )
    skipped = [one.what for one in findings if one.verdict == SKIPPED]
    return f"{found} in what was looked at. Not looked at: {', '.join(skipped)}."
