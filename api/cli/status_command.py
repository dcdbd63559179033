"""``rapport status``: where one contact stands, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.asking.days import asked_in
from api.cli.asking.target import asked_ledger, target_options
from api.cli.options import json_option, when_options
from api.cli.plain_help import PlainHelp
from api.cli.questions.one_contact import tell_status

if TYPE_CHECKING:
    from datetime import date

    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from api.service.questions import Knowledge


@click.command("status", cls=PlainHelp)
@click.argument("contact")
@when_options
@target_options
@json_option
def command(
    contact: str,
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
    target: Target,
    as_json: bool,
) -> None:
    """Show the stage of CONTACT, a UUID or source:ref, and why: at an instant, as known at another.

    With --json it writes the evidence, as GET .../contacts/CONTACT/status answers it.

    Example:
      rapport status pos:17850
      rapport status pos:17850 --as-of 2026-01-10 --as-known-at 4711 --json

    If a server runs on the folder, the command asks it; --url names another one.
    """
    with asked_ledger(target) as answers:
        asked = asked_in(answers, as_of, as_known_at, policy_version)
        tell_status(answers, contact, asked, as_json=as_json)
