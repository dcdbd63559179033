"""``rapport replay``: where every contact stood at any instant, as known at any position."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.asking.days import asked_in
from api.cli.asking.target import asked_ledger, target_options
from api.cli.options import json_option, when_options
from api.cli.output import count_with_noun, print_json, print_table
from api.cli.plain_help import PlainHelp
from api.cli.questions.one_contact import walk_through

if TYPE_CHECKING:
    from datetime import date

    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from api.service.questions import Knowledge


@click.command("replay", cls=PlainHelp)
@when_options
@click.option(
    "--step",
    "contact",
    metavar="CONTACT",
    help="Show this contact event by event: a UUID or source:ref.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a line of JSON for every contact there.",
)
@target_options
@json_option
def command(
    as_of: When,
    as_known_at: Knowledge | date | None,
    policy_version: int | None,
    contact: str | None,
    out: Path | None,
    target: Target,
    as_json: bool,
) -> None:
    """Compute the stage of every contact at an instant, as known at another, under any version.

    The digest is the SHA-256 of the lines that --out writes, one for each contact, by id. The same
    question has the same bytes, if it gives both --as-of and --as-known-at.

    With --step the command shows one contact event by event, in the order in which things happened:
    the changes of the signals, and the stage with its cause. Events that do not count are marked.
    With --json there is a line for each instant.

    Example:
      rapport replay --as-of 2025-12-31
      rapport replay --step pos:17850 --as-known-at 4711
      rapport replay --as-of 2025-12-31 --as-known-at 4711 --policy-version 2 --out then.jsonl

    If a server runs on the folder, the command asks it; --url names another one. --step reads the
    data folder, also beside its server, and does not work with --url.
    """
    if contact is not None and out is not None:
        raise click.UsageError("--out is for every contact, and --step for one")
    with asked_ledger(target) as answers:
        asked = asked_in(answers, as_of, as_known_at, policy_version)
        if contact is not None:
            walk_through(answers, contact, asked, as_json=as_json)
            return
        account = answers.replay(asked, out, quiet=as_json)
    if as_json:
        print_json(account)
    else:
        _print(account)


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
        f"{count_with_noun(account['contacts'], 'contact')} as of {account['as_of']}, "
        f"as known at position {account['position']:,}, {judged}"
    )
    click.echo(f"digest {account['digest']}")
