"""``rapport policy fit``: the wait and the purchase days that a ledger's own history asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.asking.days import instant_in
from api.cli.asking.target import asked_ledger, target_options
from api.cli.options import json_option, when_option
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainHelp
from api.cli.policies.documents import policy_text
from api.cli.policies.preview import print_preview
from api.cli.policies.proposed import proposed_policy
from api.service.replays.preview import Proposal
from domain.fitting.fit import Target as FitTarget
from domain.presets import read_policy

if TYPE_CHECKING:
    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from domain.policy import Policy


@click.command("fit", cls=PlainHelp)
@proposed_policy
@click.option("--stay", type=click.IntRange(1, 1000), default=2, show_default=True,
              help="The number of falls that are to stay, of --of.")  # fmt: skip  # reads better so
@click.option("--of", type=click.IntRange(2, 1000), default=3, show_default=True,
              help="The number of falls that --stay counts from.")  # fmt: skip  # reads better so
@when_option("--as-of", "By what had happened until then.  [default: now]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the fitted policy there, to be published: TOML if it is called *.toml, else JSON.",
)
@target_options
@json_option
def command(
    policy: Policy,
    stay: int,
    of: int,
    as_of: When,
    out: Path | None,
    target: Target,
    as_json: bool,
) -> None:
    """Fit the policy in DOCUMENT to the ledger's own purchases, and preview it.

    It proposes how long after they were due clients fall, so that --stay of --of falls are not
    followed by a purchase within 90 days, and on how many days a client has bought. All other
    numbers stay. Where the history says too little, it proposes nothing and says why. Nothing is
    published.

    Example:
      rapport policy fit --preset retail --out ours.toml
      rapport policy fit ours.toml --stay 3 --of 4

    A server that runs on the folder is asked instead, and --url asks one elsewhere. An access key
    needs the scopes rebuild and read.
    """
    if stay >= of:
        raise click.UsageError(f"--stay must be less than --of, which is {of}")
    with asked_ledger(target) as answers:
        at = instant_in(answers, as_of)
        found = answers.fit(policy, FitTarget(stay, of), at, quiet=as_json)
        if out is not None:
            out.write_text(policy_text(read_policy(found["policy"]), out.suffix), encoding="utf-8")
        if as_json:
            print_json(found)
            return
        _print(found)
        proposal = Proposal(read_policy(found["policy"]), None, None)
        account, first = answers.preview(proposal, at, None, quiet=False)
        click.echo()
        print_preview(account, first, answers.names([row["contact_id"] for row in first]))


def _print(found: dict[str, Any]) -> None:
    wait_days, days = found["demote_after_days"], found["purchase_days"]
    if wait_days is not None:
        click.echo(f"A client falls {wait_days:,} days after they were due (demote_after_days).")
    if days is not None:
        click.echo(f"A client has bought on {days:,} days (purchase_days).")
    for one in found["abstained"]:
        click.echo(f"{one['field']} stays as it is: {one['because']}.")
    if found["hold_out"]:
        click.echo("\nThe wait fitted on the first part of the time, tried on the rest:")
        print_table(
            ("part", "days", "falls", "bought within 90 days", ""),
            [_hold_out(one) for one in found["hold_out"]],
        )


def _hold_out(one: dict[str, Any]) -> tuple[str, ...]:
    if one["demote_after_days"] is None:
        return f"{one['at_percent']} %", "-", "-", "-", ""
    percent = "" if one["percent"] is None else f"{one['percent']} %"
    return (
        f"{one['at_percent']} %", f"{one['demote_after_days']:,}", f"{one['falls']:,}",
        f"{one['bought']:,}", percent,
    )  # fmt: skip  # in the order of the columns
