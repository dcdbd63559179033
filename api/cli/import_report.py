"""What ``rapport import`` says at the end: what became of the rows, and how to continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.output import print_json, print_message
from api.service.importing.rejects import RejectFile, RejectStream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from api.service.importing.columns import Column
    from api.service.importing.importer import Account
    from api.service.importing.rejects import Reject

SHOWN_REJECTS = 20
"""The number of rejects of a dry run that are listed where no reject file is named."""

_MEND = "mend them there and import that file"


def print_report(
    import_id: UUID,
    account: Account,
    columns: Sequence[Column],
    rejects: RejectFile | RejectStream | None,
    listed: list[Reject],
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Say what became of the rows, and how to continue."""
    written = rejects.path if isinstance(rejects, RejectFile) and account.rejected else None
    if as_json:
        print_json(
            {
                "id": str(import_id),
                "dry_run": dry_run,
                "rows": account.rows,
                "appended": account.appended,
                "already_known": account.already_known,
                "skipped": account.skipped,
                "rejected": account.rejected,
                "contacts_registered": account.contacts_registered,
                "not_addressed": account.not_addressed,
                "seconds": round(account.seconds, 3),
                "rows_per_second": account.rows_per_second,
                "rejects": None if written is None else str(written),
                "columns": [column.as_document() for column in columns],
            }
        )
        return
    for reject in listed[:SHOWN_REJECTS]:
        print_message(f"line {reject.line}: {reject.code}: {reject.detail}")
    if len(listed) > SHOWN_REJECTS:
        print_message(f"and {len(listed) - SHOWN_REJECTS:,} more; --rejects FILE writes them all")
    # Standard output is the reject file's where it was asked for.
    click.echo(
        f"{'dry run, nothing recorded: ' if dry_run else ''}{sentence_of(account)}\n"
        f"import {import_id}",
        err=isinstance(rejects, RejectStream),
    )
    if suspicious := [column.name for column in columns if column.suspicious]:
        print_message(f"suspicious columns, for the reasons above: {', '.join(suspicious)}")
    if written is not None:
        click.echo(f"rejected rows and why: {written}")
        print_message(_MEND if dry_run else f"{_MEND}: what is recorded is known by then")
    if account.not_addressed:
        refs = "refs are" if account.not_addressed > 1 else "ref is"
        print_message(
            f"not addressed: {account.not_addressed:,} {refs} another contact's;"
            " rapport duplicates lists who may be one person"
        )
    if account.appended and not dry_run:
        print_message(f"to take it back: rapport import --undo {import_id}")


def sentence_of(account: Account) -> str:
    """The counts of an import in one line."""
    return (
        f"{account.rows:,} rows: {account.appended:,} appended, "
        f"{account.already_known:,} already known, {account.skipped:,} skipped, "
        f"{account.rejected:,} rejected; "
        f"{account.contacts_registered:,} contacts registered; "
        f"{account.seconds:.1f} s, {account.rows_per_second:,} rows/s"
    )
