"""What commands write, whatever the locale: no character ends one in a traceback."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import PROGRAM, ROOT, rapport
from tests.fixtures.patience import END_SECONDS
from tests.importing.test_cases import CASES

if TYPE_CHECKING:
    from pathlib import Path

LOCALES = [
    {"PYTHONIOENCODING": "cp1252:strict"},
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
]
NAME = "מרים ☃ é 🙂"
WORDED = {"LC_ALL", "LANG", "LC_CTYPE", "PYTHONIOENCODING", "PYTHONUTF8", "PYTHONCOERCECLOCALE"}


def run(locale: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[bytes]:
    plain = {name: value for name, value in os.environ.items() if name not in WORDED}
    ran = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=ROOT,
        env={**plain, **locale},
        capture_output=True,
        check=False,
        timeout=END_SECONDS,
    )
    assert b"Traceback" not in ran.stderr, ran.stderr.decode(errors="replace")
    return ran


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
def test_rejects_on_standard_output_are_utf_8(locale: dict[str, str], folder: Path) -> None:
    mapping, data = CASES / "stdout-encoding.toml", CASES / "stdout-encoding.csv"
    ran = run(locale, "import", "--mapping", mapping, data, "--data", folder / "none", "--dry-run",
              "--rejects", "-")  # fmt: skip  # a command reads better on one line
    assert ran.returncode == 1
    (reject,) = csv.DictReader(io.StringIO(ran.stdout.decode("utf-8")))
    assert reject["row"] == "1,c1,מרים ☃,bad,sale,1"


@pytest.mark.parametrize("locale", LOCALES, ids=str)
def test_json_says_the_same_in_every_locale(locale: dict[str, str], folder: Path) -> None:
    ran = run(locale, "policy", "list", "--data", folder / "data", "--json")
    assert NAME in [version["name"] for version in json.loads(ran.stdout)]
    ran = run(locale, "status", "till:c1", "--data", folder / "data", "--json")
    assert ran.returncode == 0
    json.loads(ran.stdout)


@pytest.mark.parametrize("locale", LOCALES, ids=str)
def test_tables_and_errors_are_escaped_where_they_must(
    locale: dict[str, str], folder: Path
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
    locale: dict[str, str], folder: Path
) -> None:
    """A signed note holds a dash that is no ASCII, and one changed byte breaks it."""
    note = run({"PYTHONIOENCODING": "utf-8"}, "proof", "checkpoint", folder / "data").stdout
    assert "\n— ".encode() in note
    assert run(locale, "proof", "checkpoint", folder / "data").stdout == note


@pytest.mark.parametrize("locale", LOCALES, ids=str)
def test_a_name_that_is_no_text_ends_no_command(locale: dict[str, str], folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9.csv")
    (folder / name).write_bytes(b"a\n1\n")
    ran = run(locale, "import", "--mapping", CASES / "stdout-encoding.toml", folder / name,
              "--data", folder / "none")  # fmt: skip  # a command reads better on one line
    assert ran.returncode == 2
