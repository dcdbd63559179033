"""The command line and the settings, as the program itself explains them."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING

import click

from api.cli import cli
from api.service.settings import LOG_FORMATS, LOG_LEVELS, OTHER_VARIABLES, Settings
from docs.generating.markdown import code, opening, table, words

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMANDS = """\
This page is the output of `rapport --help` and of the help of each command. After `make run` or
`make test` the command is `.venv/bin/rapport`; `. .venv/bin/activate` makes it `rapport` in that
terminal.
"""

_SETTINGS = """\
The program reads each setting from the environment, as `RAPPORT_` and its name in capitals, or else
from the TOML file that `RAPPORT_CONFIG` names, under its own name. An option on the command line
overrides both. The start fails if a setting has an invalid value, if a variable begins with
`RAPPORT_` and is not in this table, or if a key of the file is not in it. Variables that Kubernetes
sets for a service whose name begins with `rapport` are ignored.
"""

_CONFIG = """\
`RAPPORT_CONFIG` is the path of a TOML file:

```toml
port = 8401
folder = "/srv/rapport"
log_format = "json"
```

`openssl rand -hex 32` creates a master key. It wraps the keys of all contacts. If you lose it, all
personal data is lost. A folder opens only with the master key that it was created with.
"""

FORMS: dict[str, str] = {
    "host": "an address of this machine; without access keys `localhost` or a loopback address,"
    " for nobody else may come in then",
    "port": "0 to 65535; 0 is any that is free",
    "folder": "the data folder, made on first use; relative to where the program is started",
    "log_level": words(LOG_LEVELS),
    "log_format": words(LOG_FORMATS),
    "master_key": "64 hexadecimal digits, which are 32 bytes; used, and never written down."
    " Without it the folder keeps a key of its own, in `master.key`",
    "next_master_key": "64 hexadecimal digits: what `rapport master-key rotate` puts in place of"
    " `master_key`; nothing else looks at it",
    "archive_passphrase": "8 characters or more; locks and opens the keys in archives, where no"
    " `--passphrase-file` is named. Without it the commands ask",
    "log_domain": "a domain of yours, in lower case; begins the origin of every transparency log"
    " made from then on, which never changes",
    "log_public": "`true` or `false`: whether everybody may read the transparency logs, without a"
    " key",
    "webhook_allow": "networks such as `10.1.0.0/16`, separated by commas or spaces, or a list in"
    " the file; webhooks may be sent to them although they are not public",
    "cors_origins": "origins such as `https://shop.example.org`, separated by spaces, or a list in"
    " the file: the pages that may call the server from a browser",
    "public_url": "the origin at which browsers reach the server, such as"
    " `https://rapport.example.org`, where a proxy stands before it; the console is"
    " then used there",
    "tls_certificate": "a PEM file, with the chain; with it the server speaks HTTPS",
    "tls_key": "the PEM file of its private key",
    "access_key": "an access key; commands that ask a server send it along,"
    " and to nowhere that a server sends them on to",
    "memory_mb": "how many MiB the caches of all ledgers may take together, in both processes; the"
    " programs themselves take about 150 MiB besides",
    "database_url": "a PostgreSQL 15 or newer, as `postgresql://user@host/database`: ledgers,"
    " access keys and trails are kept there, and the contacts' keys in the data folder. Without it"
    " all are in files of the data folder",
    "keys_url": "another PostgreSQL 15 or newer, as above, which must not be that of"
    " `database_url`: the keys of the ledgers are kept there. Without it they are in the data"
    " folder",
    "followers": "where projections are kept current and logs are signed: `beside`, in a process"
    " that the server starts; `inside`, in the server (`--single-process`); `elsewhere`, by"
    " `rapport project` (`--no-followers`); or `auto`, `beside` where there are two cores",
}
"""What may stand in each setting."""


def command_line_page() -> str:
    """The help of every command."""
    head = opening("Command line", "`api/cli`", _COMMANDS)
    return "\n".join((head, *_helps(cli, _context(cli, "rapport"))))


def _context(
    command: click.Command, name: str, parent: click.Context | None = None
) -> click.Context:
    """How the command would run on a terminal of one width, whatever runs this."""
    given = {**command.context_settings, "terminal_width": 100}
    return click.Context(command, parent, name, **given)


def _helps(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## `{context.command_path}`\n\n{code(command.get_help(context), 'text')}"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _helps(below, _context(below, name, context))


def settings_page() -> str:
    """Every setting with its form and its default."""
    rows = [
        (
            f"`{one.name}`",
            f"`RAPPORT_{one.name.upper()}`",
            FORMS[one.name],
            "" if one.default is MISSING else _display(one.default),
        )
        for one in fields(Settings)
    ]
    head = opening(
        "Settings", "`api/service/settings.py` and `docs/generating/commands.py`", _SETTINGS
    )
    others = table(
        ("variable", "what it is for"), ((f"`{k}`", v) for k, v in OTHER_VARIABLES.items())
    )
    settings = table(("setting", "environment", "value", "default"), rows)
    return f"{head}\n{settings}\nBesides:\n\n{others}\n{_CONFIG}"


def _display(value: object) -> str:
    """The value as somebody writes it into the environment or the file."""
    if value is None or value == ():
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
