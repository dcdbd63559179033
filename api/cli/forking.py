"""``rapport restore --fork``: a ledger continues from what there is of it, under a new origin."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from api.bootstrap import STORE_OF, now
from api.cli.acts import order_act
from api.cli.folders import existing
from api.cli.output import print_json, print_message
from ledger.data_layout import require_ledger, settings_of
from ledger.folder import DataFolder
from ledger.forking import fork

if TYPE_CHECKING:
    from api.service.settings import Settings

LEDGER_FORKED = "ledger-forked"
"""The act of continuing a ledger under another origin."""


def fork_ledger(settings: Settings, name: str, *, dry_run: bool, as_json: bool) -> None:
    """Continue a ledger from what there is of it, and say what that means.

    Raises:
        LedgerNotFound: there is no such ledger.
        LedgerError: a server holds the folder, or it cannot be used.
    """
    folder = DataFolder.open(
        existing(settings).folder,
        STORE_OF,
        clock=now,
        master_key=settings.master_key,
        log_domain=settings.log_domain,
        make_main=False,
    )
    with closing(folder):
        before = settings_of(require_ledger(folder.store, name)).origin
        if dry_run:
            shown: dict[str, object] = {"ledger": name, "before": before}
        else:
            with order_act(settings.folder, name, LEDGER_FORKED, name, before=before):
                made = fork(folder, name)
            shown = {"ledger": name, "before": before, "origin": made.origin}
            shown["position"] = made.position
    if as_json:
        print_json({"dry_run": dry_run, **shown})
        return
    if dry_run:
        click.echo(f"{name} would get another origin than {before}; nothing written")
        return
    click.echo(f"{name} continues after position {made.position:,}")
    click.echo(f"  origin  {made.origin}")
    click.echo(f"  before  {before}")
    print_message(
        "  Tell everybody who keeps checkpoints of the origin before: what these prove and this"
    )
    print_message("  ledger lacks is lost. Its new verifier key: rapport log-keys")
