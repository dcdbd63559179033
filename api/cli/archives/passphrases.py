"""The passphrase of an archive: from a file, from the settings, or from a prompt."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from api.cli.ending import UsageRefused
from api.service.text_files import read_given_text

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.settings import Settings


def passphrase_of(file: Path | None, settings: Settings, *, confirm: bool) -> str:
    """The first line of the file, else the setting, else what is typed; twice to ``confirm``.

    Never an argument: those can be read by every process of the machine.

    Raises:
        UsageRefused: there is none, and nobody to ask.
        Invalid: the file is no text in UTF-8.
    """
    if file is not None:
        lines = read_given_text(file).splitlines()
        if not lines:
            raise UsageRefused(f"{file} is empty: its first line is the passphrase")
        return lines[0]
    if settings.archive_passphrase is not None:
        return settings.archive_passphrase
    if not sys.stdin.isatty():
        raise UsageRefused(
            "the keys need a passphrase, and there is no terminal to ask on: "
            "name a --passphrase-file, or set RAPPORT_ARCHIVE_PASSPHRASE"
        )
    asked = click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    assert isinstance(asked, str)
    return asked
