"""``rapport value``: what contacts may bring within a year, and the models that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.days import asked_in
from api.cli.asking.target import asked_ledger, target_options
from api.cli.options import json_option, when_options
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainGroup
from domain.currencies import MINOR_DIGITS

if TYPE_CHECKING:
    from datetime import date

    from api.cli.asking.answers import Document
    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from api.service.questions import Knowledge


@click.group("value", cls=PlainGroup)
def command() -> None:
    """Fit expected values to the ledger's purchases, and show them.

    A value is the probability that a contact still comes, and the purchases and the revenue to
    expect within 365 days. It stands beside the stage and decides nothing. Where the purchases do
    not support it, there is none, and the commands say why.

    Example:
      pip install 'rapport-ledger[value]'
      rapport value fit
      rapport value show pos:17850

    If a server runs on the data folder, the commands ask it; --url names another one.
    """


@command.command("fit")
@when_options
@target_options
@json_option
def fit(
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
    target: Target,
    as_json: bool,
) -> None:
    """Fit both models to the purchases up to now, in each currency, and keep them.

    The last fifth of the time is held out: the purchases in it are compared with those that the
    rest made expect. --policy-version judges how far off they may be. An access key needs the scope
    rebuild.

    Example:
      rapport value fit --as-of 2026-01-01
    """
    with asked_ledger(target) as answers:
        asked = asked_in(answers, as_of, as_known_at, policy_version)
        found = answers.fit_values(asked, quiet=as_json)
    if as_json:
        print_json(found)
        return
    for one in (found, *found["others"]):
        _print_valuation(one)


@command.command("show")
@click.argument("contact", required=False)
@click.option(
    "--currency",
    type=click.Choice(sorted(MINOR_DIGITS)),
    metavar="CODE",
    help="The currency of the value.  [default: the most used]",
)
@when_options
@target_options
@json_option
def show(
    contact: str | None,
    currency: str | None,
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
    target: Target,
    as_json: bool,
) -> None:
    """Show what CONTACT may bring within 365 days, or list what was fitted.

    Example:
      rapport value show pos:17850 --as-of 2026-01-01
      rapport value show
    """
    with asked_ledger(target) as answers:
        if contact is None:
            listed = answers.valuations()
            if as_json:
                print_json(listed)
            else:
                _print_list(listed["items"])
            return
        asked = asked_in(answers, as_of, as_known_at, policy_version)
        found = answers.value(contact, asked, currency)
        name = "" if as_json else answers.names([found["contact_id"]])[found["contact_id"]]
    if as_json:
        print_json(found)
        return
    click.echo(f"{name}\n{found['contact_id']}, as of {found['as_of']}")
    if found["abstained"]:
        click.echo(f"No value: {found['because']}.")
        return
    click.echo(
        f"{found['active_percent']} % that they still come; within 365 days"
        f" {found['purchases']:g} purchase days and {_money(found['net_minor'], found['currency'])}"
        f" to expect\nby valuation {found['valuation']}"
    )


def _print_list(items: list[Document]) -> None:
    print_table(
        ("valuation", "", "as of", "position", "repeaters", "hold-out", ""),
        [
            (
                one["id"],
                one["currency"] or "-",
                one["as_of"],
                f"{one['position']:,}",
                f"{one['repeaters']:,}",
                _error(one),
                one["reason"] or "",
            )
            for one in items
        ],
        "Nothing was fitted yet: rapport value fit",
    )


def _print_valuation(one: Document) -> None:
    currency = one["currency"] or "no currency"
    click.echo(f"{currency}: valuation {one['id']}, as of {one['as_of']}")
    click.echo(
        f"  {one['contacts']:,} contacts bought, {one['repeaters']:,} of them on a second day"
    )
    if (model := one["model"]) is not None:
        figures = ", ".join(f"{name} {model[name]:g}" for name in ("r", "alpha", "a", "b"))
        click.echo(
            f"  purchases: {figures}; log-likelihood {model['log_likelihood']:,.2f},"
            f" {model['gain']:,.2f} more than without drop-out"
        )
    if (spend := one["spend"]) is not None:
        figures = ", ".join(f"{name} {spend[name]:g}" for name in ("p", "q", "gamma"))
        click.echo(f"  amounts: {figures}")
    if (held := one["hold_out"]) is not None:
        click.echo(
            f"  from {held['from']} on {held['expected']:,} purchase days were expected, and there"
            f" were {held['actual']:,}: {_error(one)}"
        )
    if one["abstained"]:
        click.echo(f"  no values: {one['because']}")


def _error(one: Document) -> str:
    held = one["hold_out"]
    if held is None or held["error_percent"] is None:
        return "-"
    return f"{held['error_percent']:+} %"


def _money(minor: int, currency: str) -> str:
    digits = MINOR_DIGITS[currency]
    return f"{minor / 10**digits:,.{digits}f} {currency}"
