"""``rapport import``: events from a file, by a mapping."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.bootstrap import now
from api.command_line.ending import PROBLEM, UsageRefused
from api.command_line.folders import opened, settings_for
from api.command_line.options import data_option, json_option, ledger_option
from api.command_line.output import print_json, progress, say
from api.command_line.plain_help import PlainHelp
from api.importing.dry import DryRun
from api.importing.importer import Importer
from api.importing.mapping import read_mapping
from api.importing.rejects import RejectFile
from api.importing.rows import open_rows
from api.importing.target import LedgerTarget
from domain.errors import Invalid, LedgerError
from domain.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.importing.importer import Account, Reject, Sink
    from api.importing.mapping import FileMapping
    from api.importing.rows import DataFile
    from ledger.ledger import Ledger

ROWS_BETWEEN_LOOKS = 500
"""How often the progress is looked at."""

SHOWN_REJECTS = 20
"""How many rejects of a dry run are listed where no reject file is asked for."""


@click.command("import", cls=PlainHelp)
@click.argument("datafile", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "_form", type=click.Choice(["csv"]), default="csv", show_default=True)
@click.option(
    "--mapping",
    "mapping_path",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="How rows become events: a TOML file.",
)
@ledger_option
@data_option
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    metavar="PRESET",
    help="Publish this policy first, in force from the beginning, unless it is the newest.",
)
@click.option("--dry-run", is_flag=True, help="Check everything and write nothing.")
@click.option(
    "--rejects",
    "rejects_path",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Where rows that became no event go; - is standard output."
    "  [default: DATAFILE's name.rejects.csv in this folder]",
)
@json_option
def command(
    datafile: Path,
    _form: str,
    mapping_path: Path,
    ledger_name: str,
    folder: Path | None,
    preset: str | None,
    dry_run: bool,
    rejects_path: Path | None,
    as_json: bool,
) -> int:
    """Import the rows of DATAFILE, gzipped or not, as events.

    Running it again, or going on after it was killed, doubles nothing: every row has an id made of
    what it says. Rows that cannot be events are listed with their reasons, and the rest goes on.

    Example:
      rapport import --mapping examples/cdnow.toml --preset purchases-only CDNOW_master.txt.gz

    Exit codes: 0 every row is in the ledger; 1 some rows were rejected; 2 the mapping cannot be
    read; 3 the data folder or the file cannot be used.
    """
    settings_for(folder)  # the mapping's local times are read with the server's time zones
    mapping = _mapping(mapping_path)
    rejects_path = _rejects_path(rejects_path, datafile, dry_run=dry_run)
    listed: list[Reject] = []
    with ExitStack() as closing:
        rows = closing.enter_context(open_rows(datafile, mapping.shape))
        _check_columns(mapping, rows)
        sink: Sink = DryRun(now)
        if not dry_run:
            ledger = closing.enter_context(opened(folder)).ledger(ledger_name)
            _publish(ledger, preset)
            sink = LedgerTarget(ledger)
        on_reject = listed.append
        if rejects_path is not None:
            path = None if str(rejects_path) == "-" else rejects_path
            on_reject = closing.enter_context(RejectFile(path)).write
        importer = Importer(mapping, sink, on_reject)
        advance = closing.enter_context(
            progress("importing", datafile.stat().st_size, quiet=as_json)
        )
        try:
            importer.run(rows, partial(_look, rows, advance))
        except LedgerError:
            say(f"stopped early; running again goes on from there. {_sentence(importer.account)}")
            raise
    _report(importer.account, rejects_path, listed, dry_run=dry_run, as_json=as_json)
    return PROBLEM if importer.account.rejected else 0


def _look(rows: DataFile, advance: Callable[[int, str], None], account: Account) -> None:
    # Asking a file where it stands costs more than reading a row, with a committer at work.
    if account.rows % ROWS_BETWEEN_LOOKS == 0:
        advance(rows.bytes_read(), f"{account.rows:,} rows")


def _mapping(path: Path) -> FileMapping:
    try:
        return read_mapping(path)
    except Invalid as error:
        raise UsageRefused(str(error)) from None


def _rejects_path(chosen: Path | None, datafile: Path, *, dry_run: bool) -> Path | None:
    if dry_run:
        if chosen is not None and str(chosen) != "-":
            raise UsageRefused("--dry-run writes no file; --rejects - lists them all")
        return chosen
    rejects = chosen or Path(f"{datafile.name}.rejects.csv")
    if rejects.exists() and rejects.samefile(datafile):
        raise UsageRefused("--rejects would overwrite the data file")
    return rejects


def _publish(ledger: Ledger, preset: str | None) -> None:
    if preset is not None and ledger.policies().versions[-1].policy != PRESETS[preset]:
        published = ledger.publish_policy(PRESETS[preset], 0).result()
        say(f"published {preset} as version {published.version} of the policy")


def _check_columns(mapping: FileMapping, rows: DataFile) -> None:
    try:
        mapping.check_columns(rows.columns)
    except Invalid as error:
        raise UsageRefused(str(error)) from None


def _report(
    account: Account,
    rejects_path: Path | None,
    listed: list[Reject],
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    rejects = str(rejects_path) if rejects_path and account.rejected else None
    if as_json:
        print_json(
            {
                "dry_run": dry_run,
                "rows": account.rows,
                "appended": account.appended,
                "already_known": account.already_known,
                "rejected": account.rejected,
                "contacts_registered": account.contacts_registered,
                "seconds": round(account.seconds, 3),
                "rows_per_second": account.rows_per_second,
                "rejects": rejects,
            }
        )
        return
    for reject in listed[:SHOWN_REJECTS]:
        say(f"line {reject.line}: {reject.code}: {reject.detail}")
    if len(listed) > SHOWN_REJECTS:
        say(f"and {len(listed) - SHOWN_REJECTS:,} more; --rejects - lists them all")
    click.echo(f"{'dry run, nothing written: ' if dry_run else ''}{_sentence(account)}")
    if rejects and rejects != "-":
        click.echo(f"rejected rows and why: {rejects}")


def _sentence(account: Account) -> str:
    return (
        f"{account.rows:,} rows: {account.appended:,} appended, "
        f"{account.already_known:,} already known, {account.rejected:,} rejected; "
        f"{account.contacts_registered:,} contacts registered; "
        f"{account.seconds:.1f} s, {account.rows_per_second:,} rows/s"
    )
