"""What commands write, whatever the locale: no character ends one in a traceback."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import ROOT, rapport
from tests.fixtures.patience import END_SECONDS
from tests.importing.test_cases import CASES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., "Ran"]

LOCALES = [
    {"PYTHONIOENCODING": "cp1252:strict"},
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
]
NAME = "מרים ☃ é 🙂"
WORDED = {"LC_ALL", "LANG", "LC_CTYPE", "PYTHONIOENCODING", "PYTHONUTF8", "PYTHONCOERCECLOCALE"}

EACH_FORKED = """
import json, os, sys
import api.cli.import_command, api.cli.policy_command, api.cli.proof_command, api.cli.status_command
from api.cli import main
sys.stdout.flush()
for line in iter(lambda: os.read(0, 65536), b""):
    out, err, *arguments = map(bytes.fromhex, json.loads(line))
    pid = os.fork()
    if pid == 0:
        for path, number in ((out, 1), (err, 2)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        sys.argv = ["rapport", *map(os.fsdecode, arguments)]
        main()
        sys.exit()
    _, status = os.waitpid(pid, 0)
    os.write(1, b"%d\\n" % os.waitstatus_to_exitcode(status))
"""
"""Forks a ``rapport`` for each line, whose streams are those that a start in a locale makes."""


@dataclass(frozen=True)
class Ran:
    """How a command ended and the bytes that it wrote."""

    returncode: int
    stdout: bytes
    stderr: bytes


class Started:
    """A process that started in a locale, for commands like those of its own."""

    def __init__(self, locale: dict[str, str], folder: Path) -> None:
        plain = {name: value for name, value in os.environ.items() if name not in WORDED}
        self._files = [folder / name for name in ("out", "err")]
        self._process = subprocess.Popen(
            [sys.executable, "-c", EACH_FORKED],
            cwd=ROOT,
            env={**plain, **locale},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )

    def run(self, *arguments: object) -> Ran:
        """Run ``rapport`` with these arguments. No character ends it in a traceback."""
        asked = [os.fsencode(str(one)).hex() for one in (*self._files, *arguments)]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        code = int(self._process.stdout.readline())
        out, err = (file.read_bytes() for file in self._files)
        assert b"Traceback" not in err, err.decode(errors="replace")
        return Ran(code, out, err)

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=END_SECONDS)
        assert self._process.returncode == 0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs ``rapport`` in a locale, in a process that was forked from one that started in it."""
    started: dict[str, Started] = {}
    with ExitStack() as stack:

        def ask(locale: dict[str, str], *arguments: object) -> Ran:
            name = str(locale)
            if name not in started:
                started[name] = Started(locale, tmp_path_factory.mktemp("streams"))
                stack.callback(started[name].close)
            return started[name].run(*arguments)

        yield ask


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a contact and a policy whose names few encodings have."""
    folder = tmp_path_factory.mktemp("output")
    (folder / "policy.json").write_text(
        json.dumps({"extends": "retail", "name": NAME}),
        encoding="utf-8",
    )
    rows = "no,cust,name,when,kind,total\n" + f"1,c1,{NAME},2025-01-02 10:00,sale,1\n"
    (folder / "rows.csv").write_text(rows, encoding="utf-8")
    mapping = CASES / "stdout-encoding.toml"
    data = folder / "data"
    assert rapport("import", "--mapping", mapping, folder / "rows.csv", "--data", data).code == 0
    assert rapport("policy", "publish", folder / "policy.json", "--data", data).code == 0
    return folder


@pytest.mark.parametrize("locale", LOCALES, ids=str)
def test_rejects_on_standard_output_are_utf_8(
    run: Run, locale: dict[str, str], folder: Path
) -> None:
    mapping, data = CASES / "stdout-encoding.toml", CASES / "stdout-encoding.csv"
    ran = run(locale, "import", "--mapping", mapping, data, "--data", folder / "none", "--dry-run",
              "--rejects", "-")  # fmt: skip  # a command reads better on one line
    assert ran.returncode == 1
    (reject,) = csv.DictReader(io.StringIO(ran.stdout.decode("utf-8")))
    assert reject["row"] == "1,c1,מרים ☃,bad,sale,1"


@pytest.mark.parametrize("locale", LOCALES, ids=str)
def test_json_says_the_same_in_every_locale(run: Run, locale: dict[str, str], folder: Path) -> None:
    ran = run(locale, "policy", "list", "--data", folder / "data", "--json")
    assert NAME in [version["name"] for version in json.loads(ran.stdout)]
    ran = run(locale, "status", "till:c1", "--data", folder / "data", "--json")
    assert ran.returncode == 0
    json.loads(ran.stdout)


@pytest.mark.parametrize("locale", LOCALES, ids=str)
def test_tables_and_errors_are_escaped_where_they_must(
    run: Run, locale: dict[str, str], folder: Path
) -> None:
    ran = run(locale, "policy", "list", "--data", folder / "data")
    assert ran.returncode == 0
    assert "מרים ☃".encode() in ran.stdout or rb"\u2603" in ran.stdout
    ran = run(locale, "status", "till:c1", "--data", folder / "data")
    assert ran.returncode == 0
    assert ran.stdout.startswith(("מרים ☃".encode(), rb"\u05de\u05e8\u05d9\u05dd \u2603"))
    ran = run(locale, "policy", "diff", "retail", folder / "policy.json")
    assert ran.returncode in {0, 1}
    ran = run(locale, "status", "till:מרים☃", "--data", folder / "data")
    assert ran.returncode == 2
    ran = run(locale, "policy", "show", f"no {NAME}", "--data", folder / "data")
    assert ran.returncode == 2


@pytest.mark.parametrize("locale", LOCALES, ids=str)
def test_a_checkpoint_is_the_same_bytes_in_every_locale(
    run: Run, locale: dict[str, str], folder: Path
) -> None:
    """A signed note holds a dash that is no ASCII, and one changed byte breaks it."""
    note = run({"PYTHONIOENCODING": "utf-8"}, "proof", "checkpoint", folder / "data").stdout
    assert "\n— ".encode() in note
    assert run(locale, "proof", "checkpoint", folder / "data").stdout == note


@pytest.mark.parametrize("locale", LOCALES, ids=str)
def test_a_name_that_is_no_text_ends_no_command(
    run: Run, locale: dict[str, str], folder: Path
) -> None:
    name = os.fsdecode(b"caf\xe9.csv")
    (folder / name).write_bytes(b"a\n1\n")
    ran = run(locale, "import", "--mapping", CASES / "stdout-encoding.toml", folder / name,
              "--data", folder / "none")  # fmt: skip  # a command reads better on one line
    assert ran.returncode == 2
