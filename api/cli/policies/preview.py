"""``rapport policy preview``: what a policy would change, published nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.asking.days import instant_in
from api.cli.asking.target import asked_ledger, target_options
from api.cli.options import json_option, when_option
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainHelp
from api.cli.policies.proposed import proposed_policy
from api.service.replays.preview import Proposal

if TYPE_CHECKING:
    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from domain.policy import Policy


@click.command("preview", cls=PlainHelp)
@proposed_policy
@when_option(
    "--from", "List also contacts that differ only earlier, since then.  [default: only --to]"
)
@when_option("--to", "Compare the stages as of then.  [default: now]")
@when_option(
    "--effective-from", "Apply the policy from then on, as if it were published.  [default: always]"
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a line of JSON for every contact that differs there.",
)
@target_options
@json_option
def command(
    policy: Policy,
    effective_from: When,
    out: Path | None,
    target: Target,
    as_json: bool,
    **window: When,
) -> None:
    """Show who would change stage under the policy in DOCUMENT, and publish nothing.

    Without --effective-from the policy applies to all instants, as if it had always been in force.
    Revenue is purchases less refunds, by the contact's stage, up to --to or within --from and --to.

    Example:
      rapport policy preview ours.toml
      rapport policy preview --preset cafe --to 2026-03-01 --out changes.jsonl

    If a server runs on the folder, the command asks it; --url names another one.
    """
    with asked_ledger(target) as answers:
        from_at, to_at = (instant_in(answers, window[name]) for name in ("from", "to"))
        proposal = Proposal(policy, instant_in(answers, effective_from), from_at)
        account, first = answers.preview(proposal, to_at, out, quiet=as_json)
        if as_json:
            print_json(account)
        else:
            print_preview(account, first, answers.names([row["contact_id"] for row in first]))


def print_preview(
    account: dict[str, Any], first: list[dict[str, Any]], names: dict[str, str]
) -> None:
    """Print what a preview came to, and the first contacts that differ, with their names."""
    _print_counts(account)
    if account["from_to"]:
        click.echo()
        rows = [(one["from"], one["to"], f"{one['count']:,}") for one in account["from_to"]]
        print_table(("from", "to", "contacts"), rows)
    if first:
        click.echo()
        heads = ("name", "contact", "from", "to", "score", "because")
        print_table(heads, [(names[row["contact_id"]], *_contact(row)) for row in first])
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
        said.append(_silence(row))
    first_client_at = row["first_client_at"]
    if not said and first_client_at["before"] != first_client_at["after"]:
        said.append("a client at another time, or never")
    return ", ".join(said) or "the lines between stages"


def _silence(row: dict[str, Any]) -> str:
    """When the contact falls or lapses for silence, after and before."""
    before, after = row["silence"]["before"], row["silence"]["after"]
    if before is None or after is None:
        return "silence is judged otherwise"
    name, word = ("lapse_at", "lapse")
    if row["from"] == "client":
        name, word = ("demote_at", "fall")
    return f"{word} on {after[name][:10]} instead of {before[name][:10]}"


def _signal(one: dict[str, Any]) -> str:
    sides = [one[side] or {"on": False, "points": 0} for side in ("before", "after")]
    before, after = (f"{side['points']}" if side["on"] else "off" for side in sides)
    return f"{one['name']} {before} -> {after}"
