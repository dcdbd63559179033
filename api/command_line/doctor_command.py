"""``rapport doctor``: is this data folder sound?"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from api.command_line.ending import PROBLEM
from api.command_line.examination import examine
from api.command_line.folders import existing, settings_for
from api.command_line.options import data_option, json_option
from api.command_line.output import print_json, print_table
from api.command_line.plain_help import PlainHelp

if TYPE_CHECKING:
    from pathlib import Path


@click.command("doctor", cls=PlainHelp)
@data_option
@click.option("--drift", is_flag=True, help="Rebuild every projection too, and compare. Slower.")
@json_option
def command(folder: Path | None, drift: bool, as_json: bool) -> int:
    """Check a data folder: files, keys, every event, projections, time zones, disk.

    Every event is read, unsealed and decoded, and positions and versions must have no gaps. While
    a server holds the folder, what needs it to itself is skipped.

    Example:
      rapport doctor --data ./rapport-data
      rapport doctor --drift --json

    Exit codes: 0 sound; 1 a check found a problem; 3 there is no such folder.
    """
    findings = list(examine(existing(settings_for(folder)), drift=drift, quiet=as_json))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_table(
            ("", "what", "found"), [(one.verdict, one.what, one.detail) for one in findings]
        )
    return PROBLEM if any(finding.verdict == "problem" for finding in findings) else 0
