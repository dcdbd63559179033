"""``rapport policy preview``: what a policy would change, published nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.ending import UsageRefused
from api.cli.options import data_option, instant_option, json_option, ledger_option
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainHelp
from api.cli.policies.documents import read_document
from api.cli.questions.long import answered, asking
from api.service.questions import At
from api.service.replays.preview import Preview, Proposal
from domain.presets import PRESETS

if TYPE_CHECKING:
    from api.service.replays.lines import Lines
    from projections.operations import Work


@click.command("preview", cls=PlainHelp)
@click.argument(
    "document",
    metavar="[DOCUMENT]",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=False,
)
@click.option("--preset", type=click.Choice(list(PRESETS)), help="One that ships, not a document.")
@instant_option("--from", "Also who differs only earlier, from then on.  [default: only --to]")
@instant_option("--to", "Compare the stages as of this instant or date.  [default: now]")
@instant_option("--effective-from", "As if published, in force from then.  [default: always]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a line of JSON for every contact that differs there.",
)
@ledger_option
@data_option
@json_option
def command(
    document: Path | None,
    preset: str | None,
    effective_from: int | None,
    out: Path | None,
    ledger_name: str,
    folder: Path | None,
    as_json: bool,
    **window: int | None,
) -> None:
    """Show who would change stage under the policy in DOCUMENT, and publish nothing.

    Without --effective-from the policy judges all instants: what the business would look like had
    it always been judged so. Revenue is purchases less refunds, by the contact's stage, up to --to
    or within --from and --to.

    Example:
      rapport policy preview ours.toml
      rapport policy preview --preset cafe --to 2026-03-01 --out changes.jsonl

    While a server runs on the folder, ask it instead: POST .../policies/preview.
    """
    if (document is None) == (preset is None):
        raise click.UsageError("name one document, or say --preset")
    from_at, to_at = window["from"], window["to"]
    policy = PRESETS[preset] if preset else read_document(document or Path())
    proposal = Proposal(policy, effective_from, from_at)
    found: list[Lines] = []
    with asking(folder, ledger_name, At(as_of=to_at)) as (ledger, moment):
        if from_at is not None and from_at > moment.at:
            raise UsageRefused("--from must not be later than --to")

        def answer(lines: Lines, work: Work) -> dict[str, Any]:
            found.append(lines)
            return Preview(ledger, moment, proposal).run(lines, work)

        account = answered("previewing", answer, out, quiet=as_json)
    if as_json:
        print_json(account)
    else:
        _print(account, found[0].first)


def _print(account: dict[str, Any], first: list[Any]) -> None:
    _print_counts(account)
    if account["from_to"]:
        click.echo()
        rows = [(one["from"], one["to"], f"{one['count']:,}") for one in account["from_to"]]
        print_table(("from", "to", "contacts"), rows)
    if first:
        click.echo()
        heads = ("contact", "from", "to", "score", "because")
        print_table(heads, [_contact(row) for row in first])
        if len(first) < account["changes"]:
            click.echo(f"and {account['changes'] - len(first):,} more; --out FILE writes them all")
    click.echo()
    when = f"as of {account['to']}"
    if account["from"] is not None:
        when = f"at some time from {account['from']} to {account['to']}"
    click.echo(
        f"{account['changes']:,} of {account['contacts']:,} contacts would be in another stage "
        f"{when}, at position {account['position']:,}; nothing is published"
    )
    click.echo(f"digest {account['digest']}")


def _print_counts(account: dict[str, Any]) -> None:
    """Contacts and revenue by stage, before and after."""
    heads, columns = ["stage", "contacts", "would be"], [account["stages"]]
    for one in account["revenue"]:
        heads += [f"net {one['currency']}, minor units", "would be"]
        columns.append(one)
    rows = []
    for stage in account["stages"]["before"]:
        cells = [column[side][stage] for column in columns for side in ("before", "after")]
        rows.append((stage, *(f"{cell:,}" for cell in cells)))
    print_table(heads, rows)


def _contact(row: dict[str, Any]) -> tuple[str, ...]:
    """One contact as a row of the table."""
    score = f"{row['score']['before']} -> {row['score']['after']}"
    return row["contact_id"], row["from"], row["to"], score, _because(row)


def _because(row: dict[str, Any]) -> str:
    """What switches, in a few words."""
    said = [_signal(one) for one in row["signals"]]
    if row["silence"] is not None:
        said.append("silence is judged otherwise")
    first_client_at = row["first_client_at"]
    if not said and first_client_at["before"] != first_client_at["after"]:
        said.append("a client at another time, or never")
    return ", ".join(said) or "the lines between stages"


def _signal(one: dict[str, Any]) -> str:
    sides = [one[side] or {"on": False, "points": 0} for side in ("before", "after")]
    before, after = (f"{side['points']}" if side["on"] else "off" for side in sides)
    return f"{one['name']} {before} -> {after}"
