"""What all rows share: the purchases, folders to work in, the ledger to measure, the command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.bootstrap import build
from api.cli.collecting import collect_seldom
from api.service.settings import Settings
from benchmarks.measure import Disagreement
from benchmarks.purchases import ROOT, purchase_file
from benchmarks.sizes import WHOLE, Size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from api.service.server import OpenLedger
    from benchmarks.purchases import Purchase, PurchaseFile

MAPPING = ROOT / "examples" / "cdnow.toml"
PRESET = "purchases-only"
_CATCH_UP_SECONDS = 600.0


@dataclass
class Bench:
    """One run of the benchmarks in a folder of its own."""

    folder: Path
    size: Size = WHOLE
    _folders: int = field(default=0, init=False)

    @cached_property
    def file(self) -> PurchaseFile:
        """The file of purchases."""
        return purchase_file(self.folder, self.size.contacts)

    @cached_property
    def purchases(self) -> list[Purchase]:
        """What is in the file."""
        return self.file.read()

    @cached_property
    def events(self) -> int:
        """How many events the file becomes: its purchases, and a registration of each contact."""
        return len(self.purchases) + len({one.customer for one in self.purchases})

    @cached_property
    def imported(self) -> Path:
        """A data folder with the file in it, and no projection yet; not to be written to."""
        folder = self.fresh()
        self.import_into(folder)
        return folder

    def fresh(self) -> Path:
        """The path of a folder that is not there yet."""
        self._folders += 1
        return self.folder / f"data-{self._folders}"

    def copy(self) -> Path:
        """A copy of the imported data folder."""
        folder = self.fresh()
        shutil.copytree(self.imported, folder)
        return folder

    def import_into(self, folder: Path, database: str | None = None) -> dict[str, Any]:
        """Import the file with the command, as anybody would, and give its account.

        With the URL of a database, the ledgers are there.
        """
        rejects = self.folder / "rejects.csv"
        account: dict[str, Any] = self.rapport(
            "import", "--mapping", MAPPING, "--preset", PRESET, "--rejects", rejects,
            "--data", folder, "--json", self.file.path, database=database,
        )  # fmt: skip  # one argument a line would bury the command
        return account

    def rapport(
        self, *arguments: str | Path, may_reject: bool = False, database: str | None = None
    ) -> Any:
        """What ``rapport`` answers as JSON.

        Raises:
            Disagreement: it ended with another code than 0, or 1 where rows may be rejected.
        """
        ran = subprocess.run(
            [*command(), *map(str, arguments)], capture_output=True, text=True, check=False,
            cwd=ROOT, env=environment(database),
        )  # fmt: skip  # one argument a line would bury the command
        if ran.returncode > may_reject:
            raise Disagreement(f"rapport {arguments[0]} ended with {ran.returncode}: {ran.stderr}")
        return json.loads(ran.stdout)

    @contextmanager
    def opened(self, folder: Path, database: str | None = None) -> Iterator[OpenLedger]:
        """The ledger of a data folder in this process, its projections at the head of its log."""
        server = build(Settings(folder=folder, database_url=database))
        collect_seldom()  # as whatever opens a ledger to serve it
        try:
            ledger = server.ledger("main")
            settle(ledger)
            yield ledger
        finally:
            server.close()


def settle(opened: OpenLedger) -> None:
    """Wait until nothing follows the log any more, which would take its share of the time."""
    for state in opened.projections.states():
        opened.projections.wait_for(opened.ledger.head(), _CATCH_UP_SECONDS, state.name)


def command() -> Sequence[str]:
    """How ``rapport`` is started: the installed script, or what is in it."""
    script = Path(sys.executable).with_name("rapport")
    if script.exists():
        return (str(script),)
    return (sys.executable, "-c", "from api.cli import main; main()")


def environment(database: str | None = None) -> dict[str, str]:
    """This process's environment without settings of Rapport's, but for that of a database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    return kept if database is None else {**kept, "RAPPORT_DATABASE_URL": database}


def bytes_in(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
