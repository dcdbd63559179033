"""The command line: ``rapport`` and its commands, each in a module that is imported when it is run.

Exit codes are in ``api.cli.ending``.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import cast

import click

from api.cli.ending import ReaderLeft, ending_of
from api.cli.plain_help import PlainGroup
from api.cli.streams import take_every_character

COMMANDS = {
    "serve": "Start the server.",
    "project": "Keep projections current beside a server that runs.",
    "demo": "Start the server with a synthetic town in it.",
    "import": "Import purchases and other events from a file, or a whole ledger.",
    "log": "Record one act for several people at once.",
    "export": "Write a whole ledger to one file.",
    "backup": "Copy every ledger beside a running server.",
    "restore": "Restore ledgers from a backup.",
    "upgrade": "Bring files and schemas to the layout of this version.",
    "move": "Move every ledger into a database, or back into files.",
    "ledgers": "List, make, archive and delete ledgers.",
    "policy": "Show, compare, try and publish the policies that judge.",
    "status": "Show the stage of one contact, and why.",
    "summary": "Count the contacts by stage.",
    "contacts": "Find contacts by what they are called.",
    "duplicates": "List contacts that may be one person.",
    "agenda": "Show what is to be done for whom on a day.",
    "thanks": "Show how well thanks were given.",
    "rewards": "Show what referrals earned, and what is owed.",
    "book": "Show what contacts brought and cost.",
    "watch": "List clients to look at.",
    "value": "Fit and show what contacts may bring within a year.",
    "calibration": "Show how right the falls by silence were.",
    "card": "Show what to know of one contact before they come in.",
    "scorecard": "Rate our care for one contact, or for all clients.",
    "replay": "Compute the stage of every contact at any time, as known at any time.",
    "proof": "Get checkpoints and proofs of the log, and verify them.",
    "receipt": "Write the proof of a contact's status.",
    "rebuild": "Rebuild projections and compare.",
    "log-keys": "List and rotate the keys that sign the log.",
    "master-key": "Change the key that wraps all others.",
    "keys": "Make, list, revoke and rotate access keys.",
    "webhooks": "Send what happens to other programs.",
    "trail": "Show the audit trail, and check it.",
    "doctor": "Check a data folder.",
    "verify": "Check a ledger against its signed checkpoints.",
}
"""Every command with what it does, in the order of ``rapport --help``."""


class Commands(PlainGroup):
    """A group that knows its commands by name and imports only the one that is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module_name = cmd_name.replace("-", "_")
        module = importlib.import_module(f"api.cli.{module_name}_command")
        return cast("click.Command", module.command)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderLeft from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rapport-ledger", prog_name="rapport")
def cli() -> None:
    """Rapport, the relationship ledger: who is a customer, who is a client, and why.

    Start here:
      rapport serve            the ledger on http://127.0.0.1:8400
      rapport demo             the same with a synthetic town
      rapport COMMAND --help   what a command does, with an example

    Commands work on the data folder in ./rapport-data, or in RAPPORT_FOLDER. Questions such as
    status, summary and replay are answered by the server that runs on it, if one does.

    Exit codes: 0 done; 1 done, and a problem was found or reported; 2 the command cannot be
    read, or names what is not there; 3 the data folder, a server or a file cannot be used; 4 the
    address cannot be listened on; 130 interrupted.
    """


def main() -> None:
    """The console script. All files that it writes can be read only by the user who runs it."""
    os.umask(0o077)
    take_every_character()
    sys.exit(ending_of(cli, sys.argv[1:]))
