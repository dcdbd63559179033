"""``rapport summary``: contacts by stage, and how often silence was taken for farewell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.folders import opened_with_projections
from api.cli.options import data_option, instant_option, json_option, ledger_option
from api.cli.output import print_json, print_table, progress
from api.cli.plain_help import PlainHelp
from domain.errors import ProjectionBehind
from domain.instants import format_instant

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.server import OpenLedger
    from projections.projections import Summary

STALLED_LOOKS = 600
"""After so many looks, of a second each, without an answer the command gives up."""


@click.command("summary", cls=PlainHelp)
@instant_option("--as-of", "At this instant or date.  [default: now]")
@ledger_option
@data_option
@json_option
def command(as_of: int | None, ledger_name: str, folder: Path | None, as_json: bool) -> None:
    """Count the contacts by stage, now or as of an instant.

    The premature-demotion rate is the fraction of demotions by silence after which the contact
    bought again within 90 days. It is taken over everything up to now, so there is none --as-of a
    past instant.

    Example:
      rapport summary --as-of 1998-06-30

    While a server runs on the folder, ask it instead: GET .../statuses/summary.
    """
    with opened_with_projections(folder) as server:
        served = server.ledger(ledger_name)
        _catch_up(served, quiet=as_json)
        summary = served.projections.summary(as_of)
    demotions, premature = summary.silence_demotions, summary.premature_demotions
    if as_json:
        print_json(
            {
                "position": summary.position,
                "as_of": format_instant(summary.as_of),
                "stages": dict(summary.stages),
                "silence_demotions": demotions,
                "premature_demotions": premature,
                "premature_demotion_rate": (
                    round(premature / demotions, 4) if demotions and premature is not None else None
                ),
            }
        )
        return
    _print(summary)


def _print(summary: Summary) -> None:
    everyone = sum(summary.stages.values())
    print_table(
        ("stage", "contacts", ""),
        [
            (stage, f"{count:,}", f"{100 * count / everyone:.1f} %" if everyone else "")
            for stage, count in summary.stages.items()
        ],
    )
    click.echo(f"as of {format_instant(summary.as_of)}, at position {summary.position:,}")
    demotions, premature = summary.silence_demotions, summary.premature_demotions
    if demotions and premature is not None:
        rate = 100 * premature / demotions
        click.echo(
            f"demotions by silence: {demotions:,}; bought again within 90 days: {premature:,}, "
            f"which is {rate:.1f} % premature"
        )


def _catch_up(served: OpenLedger, *, quiet: bool) -> None:
    """Wait until everything recorded is reflected.

    Raises:
        ProjectionBehind: it does not get there.
    """
    head = served.ledger.head()
    with progress("catching up", head, quiet=quiet) as advance:
        for look in range(1, STALLED_LOOKS + 1):
            try:
                served.projections.wait_for(head, 1.0)
                return
            except ProjectionBehind:
                state = next(one for one in served.projections.states() if one.name == "status")
                if look == STALLED_LOOKS or state.state == "failed":
                    raise
                advance(state.position, f"{state.state}, {state.position:,} of {head:,}")
