"""Names and producers' own numbers of contacts, shown beside their ids where that is asked for."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, TypeVar
from uuid import UUID

from api.service.answers.contacts import Ref
from api.service.answers.document import UNKNOWN_NAME
from api.service.profiles import profile_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from api.service.finding.finder import Finder
    from domain.aliases import Aliases
    from ledger.ledger import Ledger


class OfContact(Protocol):
    """A document about a contact, or about nobody."""

    @property
    def contact_id(self) -> UUID | None:
        """Whom it is about."""
        ...

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """The same with other values in these fields."""
        ...


D = TypeVar("D", bound=OfContact)


class LabelsWanted(NamedTuple):
    """What is shown beside the id of a contact."""

    names: bool = False
    refs: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is."""
        return self.names or self.refs


class Labels:
    """What contacts are called, as far as was known at a position; each is read once.

    A contact that was merged has the name of who stands for it, and the refs of all its streams.
    After an erasure the name is null, and there are no refs.
    """

    def __init__(
        self, ledger: Ledger, aliases: Aliases, position: int, wanted: LabelsWanted
    ) -> None:
        """``aliases`` are those known at the position."""
        self._ledger = ledger
        self._aliases = aliases
        self._position = position
        self._wanted = wanted
        self._found: dict[UUID, dict[str, Any]] = {}

    def of(self, contact_id: UUID) -> Mapping[str, Any]:
        """The fields that stand beside the contact's id."""
        survivor = self._aliases.survivor_of(contact_id)
        if (found := self._found.get(survivor)) is None:
            profile = profile_at(self._ledger, self._aliases, survivor, self._position)
            found = self._found[survivor] = {}
            if self._wanted.names:
                found["name"] = profile.name or UNKNOWN_NAME
            if self._wanted.refs:
                found["refs"] = tuple(Ref(source=one, ref=ref) for one, ref in profile.refs)
        return found

    def name_of(self, contact_id: UUID) -> str | None:
        """The contact's name; None where it is not known, or no names are wanted."""
        return self.of(contact_id)["name"] or None if self._wanted.names else None

    def beside(self, rows: Iterable[D]) -> list[D]:
        """The rows with what is wanted beside the ids of their contacts."""
        if not self._wanted.any:
            return list(rows)
        return [
            row if row.contact_id is None else row.model_copy(update=self.of(row.contact_id))
            for row in rows
        ]

    def in_json(self, contact_id: UUID) -> dict[str, Any]:
        """The fields as values that JSON has."""
        return {
            name: [one.plain() for one in value] if name == "refs" else value or None
            for name, value in self.of(contact_id).items()
        }

    def in_lines(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Lines of JSON objects about contacts, each with the fields among its own, by name."""
        for line in lines:
            row = json.loads(line)
            row |= self.in_json(UUID(row["contact_id"]))
            text = json.dumps(row, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            yield text.encode() + b"\n"

    def splice(self, content: bytes, contact_id: UUID) -> bytes:
        """A JSON object about a contact with the fields at its end."""
        fields = json.dumps(self.in_json(contact_id), ensure_ascii=False, separators=(",", ":"))
        return content[:-1] + b"," + fields[1:].encode()


def names_now(ledger: Ledger, finder: Finder, aliases: Aliases) -> Callable[[UUID], str | None]:
    """What contacts are called now, of whom ``aliases`` say who stands for whom.

    Names are looked up in the index in memory, and read where that does not know one: it is not
    whole for a while after a start.
    """

    @cache
    def name_of(contact: UUID) -> str | None:
        survivor = aliases.survivor_of(contact)
        if found := finder.names_of([survivor])[survivor]:
            return found
        return profile_at(ledger, aliases, survivor, ledger.head()).name

    return name_of
