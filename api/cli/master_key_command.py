"""``rapport master-key``: the key that wraps the keys of every contact and log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.bootstrap import STORE_OF
from api.cli.acts import order_act
from api.cli.folders import existing, settings_for
from api.cli.options import data_option, json_option
from api.cli.output import print_json
from api.cli.plain_help import PlainGroup
from api.service.settings import SettingsRefused
from ledger.rotation import rotate_master_key

if TYPE_CHECKING:
    from pathlib import Path


@click.group("master-key", cls=PlainGroup)
def command() -> None:
    """Change the master key. No server may run on its folder.

    Example:
      rapport master-key rotate
    """


@command.command("rotate")
@data_option
@json_option
def rotate(folder: Path | None, as_json: bool) -> None:
    """Wrap every key by a new master key; no event is touched, and nothing else changes.

    Where the folder keeps the key, a new one takes the place of master.key once everything is
    wrapped by it. Where RAPPORT_MASTER_KEY gives it, RAPPORT_NEXT_MASTER_KEY gives the new one, and
    takes its place in your settings afterwards.

    After it was killed at any moment, the next run completes it, and where the folder keeps the key
    so does the next start of the server. Backups of keys.sqlite still open with the old key:
    destroy it when they are gone.

    Example:
      rapport master-key rotate

    Exit codes: 0 done; 2 only one of both keys is given; 3 a server is running, or the folder
    cannot be used.
    """
    settings = existing(settings_for(folder))
    old, new = settings.master_key, settings.next_master_key
    if (old is None) != (new is None):
        raise SettingsRefused(
            "master_key and next_master_key belong together: give both, or neither where the "
            "folder keeps its own"
        )
    with order_act(settings.folder, None, "master-key-rotated", "master-key"):
        count = rotate_master_key(settings.folder, STORE_OF, old=old, new=new)
    if as_json:
        print_json({"rewrapped": count})
        return
    click.echo(f"{count:,} keys are wrapped by the new master key")
    if new is not None:
        click.echo("set RAPPORT_MASTER_KEY to the new key now, and forget RAPPORT_NEXT_MASTER_KEY")
