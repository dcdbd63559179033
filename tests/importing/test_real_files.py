"""The real files: what stands in them, and an import that is killed half-way."""

from __future__ import annotations

import gzip
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from api.service.importing.mapping import read_mapping
from tests.fixtures.patience import END_SECONDS
from tests.importing.ledgers import content_of, dry_run, imported_into, opened
from tests.importing.test_mapping import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
CDNOW_LINES = 5001

KILLED = """
import os, signal, sys
from pathlib import Path
from api.service.importing.importer import Importer
from api.service.importing.mapping import read_mapping
from api.service.importing.rows import open_rows
from api.service.importing.target import LedgerTarget
from tests.importing.ledgers import import_of_file, opened

folder, mapping_path, path, last_row = sys.argv[1:]
mapping = read_mapping(Path(mapping_path))

def die_at(account):
    if account.rows == int(last_row):
        os.kill(os.getpid(), signal.SIGKILL)

with opened(Path(folder)) as ledger, open_rows(Path(path), mapping.shape) as rows:
    import_id = import_of_file(ledger, mapping, Path(path))
    Importer(mapping, LedgerTarget(ledger), print, import_id).run(rows, die_at)
"""


@pytest.fixture
def cdnow_slice(tmp_path: Path, outside_file: Callable[[str], Path]) -> Path:
    """The first rows of the real file."""
    path = tmp_path / "cdnow.txt"
    with gzip.open(outside_file("CDNOW_master.txt.gz")) as whole, path.open("wb") as part:
        part.writelines(line for _, line in zip(range(CDNOW_LINES), whole, strict=False))
    return path


def test_the_same_rows_of_cdnow_come_in_once_each_however_often(
    tmp_path: Path, cdnow_slice: Path
) -> None:
    mapping, path = read_mapping(EXAMPLES / "cdnow.toml"), cdnow_slice
    rows = [tuple(line.split()) for line in path.read_text().splitlines()[1:]]
    with opened(tmp_path / "data") as ledger:
        account, rejects = imported_into(ledger, mapping, path)
        again, _ = imported_into(ledger, mapping, path)
        recorded: Counter[object] = Counter()
        for name in {row[0] for row in rows}:
            stream = ledger.stream(ledger.contact_id(f"cdnow:{name}"), types=["purchase-made"])
            recorded.update((name, r.event.show()["amount_minor"]) for r in stream)
    in_file = Counter((row[0], int(row[3].replace(".", ""))) for row in rows)
    assert max(Counter(rows).values()) > 1, "the slice holds rows that are the same to the letter"
    assert recorded == in_file
    assert not rejects
    assert (account.appended, again.appended, again.already_known) == (5000, 0, 5000)


def test_an_import_that_is_killed_goes_on_and_ends_the_same(
    tmp_path: Path, cdnow_slice: Path
) -> None:
    mapping, path = read_mapping(EXAMPLES / "cdnow.toml"), cdnow_slice
    killed = tmp_path / "killed"
    with opened(killed):
        pass
    for last_row in ("4000", "4600"):
        died = subprocess.run(
            [sys.executable, "-c", KILLED, killed, EXAMPLES / "cdnow.toml", path, last_row],
            cwd=ROOT,
            timeout=END_SECONDS,
            check=False,
        )
        assert died.returncode == -signal.SIGKILL
    with opened(killed) as ledger:
        before = ledger.head()
        account, rejects = imported_into(ledger, mapping, path)
        whole = [one[1:2] + one[3:] for one in content_of(ledger)]
    with opened(tmp_path / "undisturbed") as ledger:
        imported_into(ledger, mapping, path)
        undisturbed = [one[1:2] + one[3:] for one in content_of(ledger)]
    assert before > 1, "something had been recorded before it was killed"
    assert account.appended > 0
    assert account.appended + account.already_known == 5000
    assert not rejects
    assert sorted(whole) == sorted(undisturbed)


@pytest.mark.long("22,221 invoices are read; tests/importing/cases has cancellations of each kind")
def test_every_cancellation_of_the_shop_is_paired_or_reported(
    outside_file: Callable[[str], Path],
) -> None:
    mapping = read_mapping(EXAMPLES / "onlineretail.toml")
    account, rejects = dry_run(mapping, outside_file("onlineretail_invoices.csv.gz"))
    assert account.rows == 22_221
    assert account.appended + account.rejected == account.rows
    assert {reject.code for reject in rejects} == {"unpaired"}
    assert all(reject.row.startswith("C") for reject in rejects)
    assert account.rejected == 221
