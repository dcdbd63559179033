"""The valuations of a ledger, each in a small file. They hold figures and nothing personal."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from api.service.answers.valuations import Valuation
from domain.errors import NotFound, unusable_file
from ledger.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from uuid import UUID

    from ledger.ledger import Ledger

MOST_KEPT = 1000
"""How many valuations are kept; the one that was made first gives way."""


class ValuationNotFound(NotFound):
    """No valuation of that id."""


class KeptValuations:
    """The valuations of one ledger. Any thread may call; nobody else may use the folder.

    A file is called by a number, which tells the order in which valuations were made, and the id.
    """

    def __init__(self, ledger: Ledger) -> None:
        """The folder is read when it is first asked, and made when something is to be kept."""
        self._folder = ledger.store.valuations_folder()
        self._lock = threading.Lock()
        self._kept: dict[UUID, tuple[int, Valuation]] | None = None

    def put(self, valuations: Sequence[Valuation]) -> None:
        """Keep these; one that was kept already becomes the newest.

        Raises:
            Unavailable: they cannot be written.
        """
        with self._lock, _telling(self._folder):
            kept = self._read()
            self._folder.mkdir(mode=0o700, exist_ok=True)
            for one in valuations:
                number = max((number for number, _ in kept.values()), default=0) + 1
                write_whole(self._path(number, one), one.json_bytes())
                self._forget(kept, one.id)
                kept[one.id] = number, one
            by_age = sorted(kept, key=lambda one: kept[one][0])
            for old in by_age[: max(len(by_age) - MOST_KEPT, 0)]:
                self._forget(kept, old)

    def all(self) -> list[Valuation]:
        """Every valuation, the one that was made last first.

        Raises:
            Unavailable: they cannot be read.
        """
        with self._lock, _telling(self._folder):
            kept = sorted(self._read().values(), key=lambda one: -one[0])
        return [valuation for _, valuation in kept]

    def get(self, valuation_id: UUID) -> Valuation:
        """The valuation of that id.

        Raises:
            ValuationNotFound: there is none.
            Unavailable: they cannot be read.
        """
        with self._lock, _telling(self._folder):
            found = self._read().get(valuation_id)
        if found is None:
            raise ValuationNotFound(f"there is no valuation {valuation_id}")
        return found[1]

    def best(self, currency: str | None, as_of: int, position: int) -> Valuation | None:
        """The one that knows most of what had happened by an instant and was known at a position.

        It is in this currency, or in any where there is None. Of equals it is the newest.
        """
        found = [
            one
            for one in self.all()
            if one.as_of <= as_of and one.position <= position and currency in (None, one.currency)
        ]
        return max(found, key=lambda one: (one.as_of, one.position), default=None)

    def _read(self) -> dict[UUID, tuple[int, Valuation]]:
        if self._kept is None:
            found = [
                (int(path.name.partition("-")[0]), Valuation.model_validate_json(path.read_bytes()))
                for path in self._folder.glob("*-*.json")
            ]
            self._kept = {one.id: (number, one) for number, one in sorted(found, key=_number)}
        return self._kept

    def _forget(self, kept: dict[UUID, tuple[int, Valuation]], valuation_id: UUID) -> None:
        if (found := kept.pop(valuation_id, None)) is not None:
            self._path(*found).unlink(missing_ok=True)

    def _path(self, number: int, valuation: Valuation) -> Path:
        return self._folder / f"{number}-{valuation.id}.json"


def _number(one: tuple[int, Valuation]) -> int:
    return one[0]


@contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """Say in words what is wrong with the folder."""
    try:
        yield
    except OSError as error:
        raise unusable_file(error, folder.name) from error
