"""``rapport log-keys``: the keys that sign a ledger's checkpoints."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from api.bootstrap import STORE_OF, now
from api.cli.acts import order_act
from api.cli.asking.target import target_options
from api.cli.folders import existing, open_folder, settings_for
from api.cli.options import data_option, json_option, ledger_option
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainGroup
from api.service.answers.folders import LogKey
from ledger.archive.source import ledger_source
from ledger.files import FolderInUse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.cli.asking.target import Target
    from ledger.transparency.log import TransparencyLog


@click.group("log-keys", cls=PlainGroup)
def command() -> None:
    """List and rotate the keys that sign a ledger's log.

    They are listed also while a server runs on the folder; rotating needs the folder for itself.

    Example:
      rapport log-keys list
      rapport log-keys rotate
    """


@command.command("list")
@target_options
@json_option
def list_keys(target: Target, as_json: bool) -> None:
    """List the verifier keys, newest first. They are public, for anyone who checks the log.

    A server elsewhere serves the keys alone: when each was made and retired stands only in the data
    folder, and is null with --json.

    Example:
      rapport log-keys list --json
    """
    keys = [key.plain() for key in _keys(target)]
    if as_json:
        print_json(keys)
    elif target.url is not None:
        print_table(("verifier key",), [(key["verifier"],) for key in keys])
    else:
        print_table(
            ("verifier key", "made", "retired"),
            [(key["verifier"], key["made_at"], key["retired_at"] or "") for key in keys],
        )


def _keys(target: Target) -> list[LogKey]:
    """The keys of a server's log, or those that stand in the data folder."""
    if target.url is not None:
        from api.cli.asking.lists import served_verifiers  # noqa: PLC0415  # HTTP is slow to import

        found = served_verifiers(target.url, target.access_key_file, target.ledger)
        return [LogKey(verifier=one, made_at=None, retired_at=None) for one in found]
    try:
        with _log(target.folder, target.ledger) as log:
            return _rows(log)
    except FolderInUse:
        return _beside(target.folder, target.ledger)


@command.command("rotate")
@ledger_option
@data_option
@json_option
def rotate(ledger_name: str, folder: Path | None, as_json: bool) -> None:
    """Make a new key of the same name, and sign with it what is not signed yet.

    The old key signs the next checkpoint too, so that those who trust it can see that the log
    continues; only the new key signs later ones. Give the new verifier key to those who check.

    Example:
      rapport log-keys rotate
    """
    with _log(folder, ledger_name) as log:
        with order_act(settings_for(folder).folder, ledger_name, "log-key-rotated", log.origin):
            made = log.rotate()
            size = log.sign_head().size
        keys = _rows(log)
    if as_json:
        print_json([key.plain() for key in keys])
        return
    click.echo(made.to_text())
    if keys[1].retired_at:
        click.echo(f"signed {size:,} events with the old key for the last time")
    else:
        click.echo("the old key signs the next checkpoint too, and none after it")


@contextmanager
def _log(folder: Path | None, name: str) -> Iterator[TransparencyLog]:
    with open_folder(folder, make=False) as data:
        yield data.ledger(name).transparency


def _beside(folder: Path | None, name: str) -> list[LogKey]:
    """The keys as they stand in the files, beside the process that holds the folder."""
    settings = existing(settings_for(folder))
    files = ledger_source(
        settings.folder, name, STORE_OF, clock=now, master_key=settings.master_key
    )
    with files as source:
        return [LogKey.model_validate(key) for key in source.known_keys()]


def _rows(log: TransparencyLog) -> list[LogKey]:
    return [
        LogKey(verifier=verifier.to_text(), made_at=key.made_at, retired_at=key.retired_at)
        for verifier, key in zip(log.verifiers(), log.key_history(), strict=True)
    ]
