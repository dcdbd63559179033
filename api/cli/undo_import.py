"""``rapport import --undo``: take back what an import appended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.acts import order_act
from api.cli.asking.target import Target, answers_of_holder
from api.cli.ending import UsageRefused
from api.cli.folders import existing, open_folder, settings_for
from api.cli.output import count_with_noun, print_json, print_message, progress
from api.service.answers.imports import UndoneImport
from api.service.importing.undoing import Undoing
from domain.errors import ImportNotFound, NotFound
from ledger.files import FolderInUse

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

SHOWN = 20
"""How many contacts, and how many events, are listed for people; --json lists them all."""


def undo_import(import_id: UUID, folder: Path | None, ledger_name: str, *, as_json: bool) -> int:
    """Retract what the import appended, and tell what is left of it; the exit code.

    Where a server holds the folder, the server does it.

    Raises:
        UsageRefused: nothing in the ledger was appended by such an import.
        LedgerError: the folder cannot be used, or the ledger can take no more.
    """
    try:
        undone = _undo_in_folder(import_id, folder, ledger_name, quiet=as_json)
    except FolderInUse as held:
        with answers_of_holder(Target(ledger_name, folder), held) as answers:
            try:
                document = answers.undo_import(import_id, quiet=as_json)
            except NotFound as error:
                raise UsageRefused(str(error)) from None
        undone = UndoneImport.model_validate(document)
    if as_json:
        print_json(undone.plain())
    else:
        _print(undone)
    return 0


def _undo_in_folder(
    import_id: UUID, folder: Path | None, ledger_name: str, *, quiet: bool
) -> UndoneImport:
    settings = existing(settings_for(folder))
    with open_folder(folder, make=False) as data:
        ledger = data.ledger(ledger_name)
        with (
            order_act(settings.folder, ledger_name, "import-undone", str(import_id)),
            progress("undoing", 100, quiet=quiet) as advance,
        ):

            def note(done: int, total: int) -> None:
                advance(100 * done / max(total, 1), f"{done:,} of {total:,} events")

            try:
                return UndoneImport.of(Undoing(ledger, import_id, note).run())
            except ImportNotFound as error:
                raise UsageRefused(str(error)) from None
            except BaseException:
                print_message("stopped early; the next run continues from there")
                raise


def _print(undone: UndoneImport) -> None:
    events, kept = count_with_noun(undone.events, "event"), sum(undone.kept.values())
    click.echo(
        f"import {undone.id}: {events}; {undone.retracted:,} retracted, "
        f"{undone.already_retracted:,} retracted before, {kept:,} kept; {undone.seconds:.1f} s"
    )
    for kind, count in sorted(undone.kept.items()):
        click.echo(f"  kept: {count:,} {kind}, which has no retraction")
    if undone.contacts_left:
        have = "contacts have only their" if undone.contacts_left > 1 else "contact has only its"
        click.echo(f"{undone.contacts_left:,} {have} registration:")
        for contact_id in undone.contacts[:SHOWN]:
            click.echo(f"  {contact_id}")
        _tell_of_more(undone.contacts_left)
    if undone.resting_events:
        rest = "events rest" if undone.resting_events > 1 else "event rests"
        print_message(f"{undone.resting_events:,} {rest} on what was retracted and stands:")
        for one in undone.resting[:SHOWN]:
            print_message(f"  {one.type} {one.event_id} of {one.contact_id}, on {one.rests_on}")
        _tell_of_more(undone.resting_events)
    click.echo("the file can be imported again: its rows are new then")


def _tell_of_more(count: int) -> None:
    if count > SHOWN:
        print_message(f"  and {count - SHOWN:,} more; --json lists them")
