"""``rapport status``: where one contact stands, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.cli.options import data_option, json_option, ledger_option, when_options
from api.cli.plain_help import PlainHelp
from api.cli.questions.long import asking
from api.cli.questions.one_contact import tell_status
from api.service.questions import At

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.questions import Knowledge


@click.command("status", cls=PlainHelp)
@click.argument("contact")
@when_options
@ledger_option
@data_option
@json_option
def command(
    contact: str,
    as_of: int | None,
    as_known_at: Knowledge | None,
    policy_version: int | None,
    ledger_name: str,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Tell where CONTACT, a UUID or source:ref, stands and why: then, by what was known then.

    With --json the evidence, as GET .../contacts/CONTACT/status answers it.

    Example:
      rapport status pos:17850
      rapport status pos:17850 --as-of 2026-01-10 --as-known-at 4711 --json

    While a server runs on the folder, ask it instead: GET .../contacts/CONTACT/status?explain=text.
    """
    with asking(folder, ledger_name, At(as_of, as_known_at, policy_version)) as (ledger, moment):
        tell_status(ledger, moment, contact, as_json=as_json)
