"""``rapport rewards``: what referrals earned, and what is owed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.days import asked_in
from api.cli.asking.target import asked_ledger, target_options
from api.cli.options import json_option, when_options
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainHelp
from domain.rewards import STATES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from api.cli.asking.answers import Document
    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from api.service.questions import Knowledge


@click.command("rewards", cls=PlainHelp)
@click.option("--state", type=click.Choice(STATES), metavar="STATE", help="Only in this state.")
@click.option("--contact", metavar="CONTACT", help="Only of this referrer.")
@when_options
@target_options
@json_option
def command(
    state: str | None,
    contact: str | None,
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
    target: Target,
    as_json: bool,
) -> None:
    """Show what referrals earned, what was paid of it, and what is owed.

    A reward is held for some days after the referral was won, and then due. The states are held,
    due, approved, paid, declined, overpaid, clawed_back and none. Amounts are in minor units, such
    as cents.

    Example:
      rapport rewards --state due

    If a server runs on the folder, the command asks it; --url names another one.
    """
    with asked_ledger(target) as answers:
        asked = asked_in(answers, as_of, as_known_at, policy_version)
        found = answers.rewards(asked, state, contact)
        others = {} if as_json else answers.names([one["other"] for one in found["items"]])
    if as_json:
        print_json(found)
    else:
        _print(found, others)


def _print(found: Document, others: Mapping[str, str]) -> None:
    print_table(
        ("referrer", "sent", "state", "due", "owed", "earned", "paid", ""),
        [
            (
                one.get("name") or one["contact_id"],
                others[one["other"]],
                one["state"],
                (one["due_at"] or "")[:10],
                f"{one['owed_minor']:,}",
                f"{one['earned_minor'] - one['clawed_back_minor']:,}",
                f"{one['paid_minor'] - one['reversed_minor']:,}",
                one["currency"] or ("in kind" if one["in_kind"] else ""),
            )
            for one in found["items"]
        ],
        "There are no such rewards.",
    )
    if found["totals"]:
        print_table(
            ("total", "state", "rewards", "owed"),
            [
                (one["currency"] or "-", one["state"], one["count"], f"{one['owed_minor']:,}")
                for one in found["totals"]
            ],
        )
