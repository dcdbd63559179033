"""The purchases that are measured with: CDNOW's where the file is there, else synthetic ones."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
CDNOW = "CDNOW_master.txt.gz"
SHOP = "onlineretail_invoices.csv.gz"
CONTACTS = 23_570
"""How many contacts CDNOW has, and how many the synthetic file has in its place."""

HEADER = "customer_id date number_of_cds dollar_value\n"
_SEED = 19970101
_FIRST, _LAST = date(1997, 1, 1), date(1998, 6, 30)


@dataclass(frozen=True)
class Purchase:
    """One row: who, the noon of which day in microseconds of UTC, how many discs, and cents."""

    customer: str
    occurred_at: int
    discs: int
    amount_minor: int


@dataclass(frozen=True)
class PurchaseFile:
    """A file of purchases in CDNOW's form, and what it is called in results."""

    path: Path
    label: str
    whole_cdnow: bool

    def read(self) -> list[Purchase]:
        """Its rows, in their order."""
        return [_purchase(line.split()) for line in _lines(self.path)]


def purchase_file(folder: Path, contacts: int = CONTACTS) -> PurchaseFile:
    """The purchases of the first so many contacts; what has to be written goes to the folder."""
    original = find(CDNOW)
    if original is None:
        return invented_file(folder, contacts)
    if contacts >= CONTACTS:
        return PurchaseFile(original, "CDNOW", whole_cdnow=True)
    path = _written(folder, _first(original, contacts))
    return PurchaseFile(path, f"CDNOW, {contacts:,} contacts", whole_cdnow=False)


def invented_file(folder: Path, contacts: int) -> PurchaseFile:
    """Purchases of so many contacts, the same every time, in a file that is written there."""
    path = _written(folder, _invented(contacts))
    return PurchaseFile(path, f"synthetic purchases, {contacts:,} contacts", whole_cdnow=False)


def _written(folder: Path, rows: Iterator[str]) -> Path:
    path = folder / "purchases.txt.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(HEADER)
        file.writelines(rows)
    return path


def find(name: str) -> Path | None:
    """A file in ``RAPPORT_DATA`` or beside the repository; None where it is not there."""
    named = os.environ.get("RAPPORT_DATA")
    folders = [*([Path(named)] if named else []), ROOT.parent / "shared" / "data"]
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _lines(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        next(file)
        yield from file


def _first(path: Path, contacts: int) -> Iterator[str]:
    """The rows of the first contacts of a file that is ordered by contact."""
    seen: set[str] = set()
    for line in _lines(path):
        seen.add(line.split(maxsplit=1)[0])
        if len(seen) > contacts:
            return
        yield line


def _purchase(columns: list[str]) -> Purchase:
    customer, day, discs, value = columns
    noon = datetime.combine(datetime.strptime(day, "%Y%m%d").date(), time(12), UTC)  # noqa: DTZ007  # a day
    dollars, _, cents = value.partition(".")
    amount_minor = int(dollars) * 100 + int(cents.ljust(2, "0"))
    return Purchase(customer, int(noon.timestamp()) * 1_000_000, int(discs), amount_minor)


def _invented(contacts: int) -> Iterator[str]:
    """Rows like CDNOW's: half buy once, the others at a pace of their own until they stop."""
    chance = Random(_SEED)
    for number in range(1, contacts + 1):
        day = _FIRST + timedelta(days=chance.randrange(84))
        gap_days, goes_on = chance.choice((20, 40, 80, 160)), chance.choice((0.0, 0.0, 0.7, 0.85))
        while day <= _LAST:
            cents = chance.randrange(500, 9000)
            discs = chance.randrange(1, 5)
            yield f"{number:05} {day:%Y%m%d} {discs} {cents // 100}.{cents % 100:02}\n"
            if chance.random() >= goes_on:
                break
            day += timedelta(days=1 + int(chance.expovariate(1 / gap_days)))
