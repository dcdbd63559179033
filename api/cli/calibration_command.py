"""``rapport calibration``: how right the falls by silence were, and what clients were worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.days import asked_in, instant_in
from api.cli.asking.target import asked_projections, target_options
from api.cli.options import json_option, when_option, when_options
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainHelp

if TYPE_CHECKING:
    from datetime import date

    from api.cli.asking.answers import Document
    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from api.service.questions import Knowledge


@click.command("calibration", cls=PlainHelp)
@when_option("--from", "Falls and purchases from then on.  [default: all before]")
@when_option("--to", "Falls and purchases before then.  [default: all since]")
@when_options
@target_options
@json_option
def command(
    to: When,
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
    target: Target,
    as_json: bool,
    **from_: When,
) -> None:
    """Show how right the falls by silence were, and what clients were worth.

    A client falls by silence once they have not bought for a number of days after they were due.
    A fall is resolved once they bought again within 90 days or two of their own rhythms, or once
    that time has passed. Falls whose outcome is not known yet are not counted in the percentages.

    Example:
      rapport calibration --from 2025-01-01 --to 2026-01-01

    A server that runs on the folder is asked instead, and --url asks one elsewhere.
    """
    with asked_projections(target) as answers:
        period = instant_in(answers, from_["from"]), instant_in(answers, to)
        asked = asked_in(answers, as_of, as_known_at, policy_version)
        found = answers.calibration(period, asked, quiet=as_json)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: Document) -> None:
    period = " ".join(f"{name} {found[name]}" for name in ("from", "to") if found[name])
    click.echo(f"Falls by silence{period and f' {period}'}: {found['falls']:,}")
    if found["delay_days"]["median"] is not None:
        median_days = found["delay_days"]["median"]
        click.echo(
            f"  half of them came at most {median_days:,} days after the last purchase or end"
        )
    soon, later, off = found["premature"], found["within_365_days"], found["written_off"]
    for resolved, when in ((soon, "soon after"), (later, "within 365 days")):
        click.echo(
            f"  bought again {when}: {resolved['bought']:,} of {resolved['resolved']:,}"
            f"{_percent(resolved['percent'])}"
        )
    click.echo(
        f"Of {off['of']:,} purchases by clients and former clients, {off['purchases']:,} were made"
        f" while they were written off{_percent(off['percent'])}"
    )
    for value in found["values"]:
        _print_value(value)
    click.echo(f"as of {found['as_of']}, at position {found['position']:,}")


def _print_value(value: Document) -> None:
    currency = value["currency"]
    click.echo(f"\nWhat the clients of 365 days ago brought since, in {currency} (minor units):")
    print_table(
        ("", "contacts", "net", "net per head", "bought", "share of net"),
        [
            (
                name,
                f"{group['contacts']:,}",
                f"{group['net_minor']:,}",
                _number(group["net_minor_per_head"]),
                _with_sign(group["repeat_percent"]),
                _with_sign(group["share_percent"]),
            )
            for name, group in (("clients", value["clients"]), ("all others", value["others"]))
        ],
    )
    if value["ratio_percent"] is not None:
        click.echo(f"A client brought {value['ratio_percent']:,} % of what another contact did.")


def _percent(percent: int | None) -> str:
    return "" if percent is None else f", {percent} %"


def _number(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _with_sign(percent: int | None) -> str:
    return "-" if percent is None else f"{percent} %"
