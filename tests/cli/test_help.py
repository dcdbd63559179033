"""What ``rapport --help`` and its like promise."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from api.cli import COMMANDS, cli
from tests.cli.running import rapport
from tests.fixtures.patience import END_SECONDS


def all_commands() -> list[tuple[str, ...]]:
    context = click.Context(cli)
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = cli.get_command(context, name)
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, sub) for sub in command.commands]
    return found


@pytest.mark.parametrize("words", all_commands(), ids=" ".join)
def test_every_command_explains_itself_with_an_example(words: tuple[str, ...]) -> None:
    ended = rapport(*words, "--help")
    assert ended.code == 0
    assert "Example" in ended.out
    assert "rapport " in ended.out.split("Example", 1)[1] or "extends" in ended.out


@pytest.mark.parametrize("words", all_commands(), ids=" ".join)
def test_only_examples_are_wider_than_a_narrow_terminal(words: tuple[str, ...]) -> None:
    lines = rapport(*words, "--help").out.splitlines()
    assert all(len(line) <= 80 or line.startswith("    rapport ") for line in lines)


def test_help_imports_neither_server_nor_tables() -> None:
    modules = "('fastapi', 'uvicorn', 'rich', 'ledger', 'domain.policy')"
    program = (
        "import sys, api.cli as c; c.ending_of(c.cli, ['--help']);"
        f"print([name for name in {modules} if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
        check=True,
    )
    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "words",
    [
        ("sing",),
        ("import",),
        ("import", "--mapping", "no.toml", "no.csv"),
        ("rebuild",),
        ("rebuild", "status", "--all"),
        ("policy", "init", "butcher"),
        ("summary", "--as-of", "yesterday"),
        ("serve", "--port", "99999"),
        ("serve", "--host", "0.0.0.0", "--port", "0"),
    ],
)
def test_what_cannot_be_read_ends_with_code_2_and_no_traceback(words: tuple[str, ...]) -> None:
    ended = rapport(*words)
    assert ended.code == 2
    assert ended.err
    assert "Traceback" not in ended.err
