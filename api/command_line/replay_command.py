"""``rapport replay``: where every contact stood at any instant, as known at any position."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.command_line.long_questions import answered, asking
from api.command_line.options import data_option, instant_option, json_option, ledger_option
from api.command_line.output import print_json, print_table
from api.command_line.plain_help import PlainHelp
from api.knowledge import Asked, known_at
from api.replaying.replay import replay
from api.wire.parameters import Knowledge, read_knowledge
from domain.errors import Invalid

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from projections.folding import Moment


def _read_knowledge(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> Knowledge | None:
    """A position, an instant, or a date: its first instant in UTC."""
    if value is None:
        return None
    try:
        return read_knowledge(f"{value}T00:00:00Z" if len(value) == len("2026-03-01") else value)
    except Invalid as error:
        raise click.BadParameter(f"{value!r} {error}", ctx, param) from None


@click.command("replay", cls=PlainHelp)
@instant_option("--as-of", "As things stood at this instant or date.  [default: now]")
@click.option(
    "--as-known-at",
    callback=_read_knowledge,
    metavar="POSITION|INSTANT",
    help="By what had been recorded by then.  [default: everything]",
)
@click.option(
    "--policy-version",
    type=click.IntRange(1),
    metavar="N",
    help="Judge all instants by this version.  [default: by those in force]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a line of JSON for every contact there.",
)
@ledger_option
@data_option
@json_option
def command(
    as_of: int | None,
    as_known_at: Knowledge | None,
    policy_version: int | None,
    out: Path | None,
    ledger_name: str,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Work out where every contact stood: then, by what was known then, under any version.

    The digest is the SHA-256 of the lines that --out writes, one for each contact, by id. The same
    question has the same bytes, as long as it says both --as-of and --as-known-at.

    Example:
      rapport replay --as-of 2025-12-31
      rapport replay --as-of 2025-12-31 --as-known-at 4711 --policy-version 2 --out then.jsonl

    While a server runs on the folder, ask it instead: POST .../replays.
    """
    asked = Asked(as_of, as_known_at, policy_version)
    with asking(folder, ledger_name, asked) as (ledger, moment):
        account = _everybody(ledger, moment, out, quiet=as_json)
    if as_json:
        print_json(account)
    else:
        _print(account)


def _everybody(ledger: Ledger, moment: Moment, out: Path | None, *, quiet: bool) -> dict[str, Any]:
    account = answered("replaying", partial(replay, ledger, moment), out, quiet=quiet)
    return {**account, "as_known_at": known_at(ledger, moment.position)}


def _print(account: dict[str, Any]) -> None:
    everyone = max(account["contacts"], 1)
    print_table(
        ("stage", "contacts", ""),
        [
            (stage, f"{count:,}", f"{100 * count / everyone:.1f} %")
            for stage, count in account["stages"].items()
        ],
    )
    judged = f"judged then by version {account['policy_version']}"
    click.echo(
        f"{account['contacts']:,} contacts as of {account['as_of']}, "
        f"as known at position {account['position']:,}, {judged}"
    )
    click.echo(f"digest {account['digest']}")
