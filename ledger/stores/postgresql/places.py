"""Where a part of a ledger is: a database, the schema in it, and how messages call the part."""

from __future__ import annotations

from typing import NamedTuple

from ledger.stores.postgresql.schemas import identifier


class Place(NamedTuple):
    """The tables of one ledger, or of a server. ``name`` is for messages."""

    url: str
    schema: str
    name: str

    def table(self, table: str) -> str:
        """The table's name in SQL, with its schema."""
        return f"{identifier(self.schema)}.{table}"

    def of_part(self, part: str) -> Place:
        """The same as the place of one part."""
        return self._replace(name=f"{self.name}/{part}")
