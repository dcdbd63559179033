"""Finding contacts by name, from memory: on disk names are encrypted."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any

from domain.events.governance import EventCorrected, PersonalDataErased
from domain.spelling import search_form

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from domain.events import Event
    from domain.recorded import RecordedEvent

NAMING = (
    "contact-registered",
    "event-corrected",
    "personal-data-erased",
    "registration-amended",
)
_PAGE = 5000


class NameIndex:
    """Every name that a contact goes or went by, folded, as of the newest commit.

    It is built when it is first asked, and catches up with the log whenever it is asked again.
    """

    def __init__(
        self,
        read: Callable[[int, int, Sequence[str]], Sequence[RecordedEvent]],
        head: Callable[[], int],
    ) -> None:
        """``read`` returns decrypted events of some types after a position, up to a limit."""
        self._read = read
        self._head = head
        self._names: dict[UUID, str] = {}
        """By contact, its folded names, one a line: a folded text has no line ends."""
        self._position = 0
        self._lock = Lock()
        self._erased: deque[UUID] = deque()

    def find(self, part: str, limit: int) -> list[UUID]:
        """At most ``limit`` contacts with this in one of their names, oldest registration first.

        Both are folded: case, accents and runs of white space make no difference.
        """
        wanted = search_form(part)
        found: list[UUID] = []
        if not wanted:  # accents alone would be found in every name
            return found
        with self._lock:
            self._catch_up()
            for contact_id, names in self._names.items():
                if wanted in names:
                    if len(found) == limit:
                        break
                    found.append(contact_id)
        return found

    def forget(self, recorded: Sequence[RecordedEvent]) -> None:
        """Drop the names of the contacts that these events erase; never waits for a search."""
        self._erased += [one.contact_id for one in recorded if one.type == PersonalDataErased.TYPE]
        if self._erased and self._lock.acquire(blocking=False):
            try:
                self._drop_erased()
            finally:
                self._lock.release()

    def _drop_erased(self) -> None:
        while self._erased:
            self._names.pop(self._erased.popleft(), None)

    def _catch_up(self) -> None:
        head = self._head()
        while self._position < head:
            page = self._read(self._position, _PAGE, NAMING)
            for recorded in page:
                self._add(recorded)
            self._position = page[-1].position if len(page) == _PAGE else head
        self._drop_erased()

    def _add(self, recorded: RecordedEvent) -> None:
        event: Event | Any = recorded.event
        if isinstance(event, PersonalDataErased):
            self._names.pop(recorded.contact_id, None)
            return
        if isinstance(event, EventCorrected):
            event = event.data
        name = getattr(event, "name", None)
        if isinstance(name, str):
            known = self._names.get(recorded.contact_id, "").split("\n")
            names = filter(None, dict.fromkeys((*known, search_form(name))))
            self._names[recorded.contact_id] = "\n".join(names)
