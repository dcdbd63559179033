"""The end of a command: one line for people, one number for programs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from domain.errors import (
    Corrupt,
    Invalid,
    LedgerError,
    LedgerNotFound,
    NotFound,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE = 0
PROBLEM = 1
"""It ran, and found or reported something wrong."""
USAGE = 2
"""The command, a setting or a document cannot be read, or names what is not there."""
UNUSABLE = 3
"""The data folder or a file cannot be used: locked, read-only, damaged, full."""
ADDRESS = 4
"""The address cannot be listened on."""
INTERRUPTED = 130
"""Stopped by Ctrl-C, as shells count it."""


class AddressRefused(LedgerError):
    """The server cannot listen there."""


class ReaderLeft(Exception):
    """Nobody reads what a command writes any more. Of a BrokenPipeError click makes exit code 1."""


class UsageRefused(LedgerError):
    """The arguments of the command contradict each other."""


def ending_of(command: click.Command, arguments: Sequence[str]) -> int:
    """Run the command; its exit code, after a line on standard error where something is wrong."""
    try:
        ended = command.main(list(arguments), prog_name="rapport", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _report("interrupted", INTERRUPTED)
    except LedgerNotFound as error:
        return _report(f"{error}; rapport ledgers list shows which there are", USAGE)
    except LedgerError as error:
        return _report(str(error), _code(error))
    except (ReaderLeft, BrokenPipeError):
        _drop_output()  # the reader of a pipe left
        return DONE
    except OSError as error:
        try:
            sys.stdout.flush()
        except OSError:
            _drop_output()
        place = f"{error.filename}: " if error.filename else ""
        return _report(f"{place}{error.strerror or error}", UNUSABLE)
    return ended if isinstance(ended, int) else DONE


def _drop_output() -> None:
    """Have what could not be written go nowhere: at exit it cannot be written either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _code(error: LedgerError) -> int:
    if isinstance(error, AddressRefused):
        return ADDRESS
    if isinstance(error, UsageRefused | NotFound | Invalid) or error.code == "settings-refused":
        return USAGE
    return UNUSABLE if isinstance(error, Corrupt | Unavailable) else PROBLEM


def _report(message: str, code: int) -> int:
    click.echo(f"rapport: {' '.join(message.split())}", err=True)
    return code
