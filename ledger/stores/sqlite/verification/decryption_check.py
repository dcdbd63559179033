"""Whether encrypted fields can be decrypted with the contact's key, if there are keys."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING
from uuid import UUID

from domain.errors import Corrupt
from domain.events import CATALOGUE
from domain.events.governance import CorrectedData, PersonalDataErased
from ledger.codec import upcast
from ledger.mapper import EVERYTHING, LedgerMapper
from ledger.verification.strictness import ENVELOPE, Loose, check_decrypted

if TYPE_CHECKING:
    import sqlite3

    from ledger.stores.sqlite.verification.contact_keys import KeysAtRest
    from ledger.stores.sqlite.verification.event_walk import StoredRow
    from ledger.verification.faults import Report

_PERSONAL = {
    topic: tuple(
        place
        for place, field in enumerate(event.FIELDS)
        if field.personal or isinstance(field.kind, CorrectedData)
    )
    for topic, event in CATALOGUE.items()
}
"""The places of the fields that may be encrypted, by topic."""

_ACTOR = 6
_REMEMBERED = 50_000


class DecryptionCheck:
    """Decrypts every encrypted field of the events that it gets, and checks the content."""

    def __init__(self, keys: KeysAtRest, connection: sqlite3.Connection, report: Report) -> None:
        self._keys = keys
        self._connection = connection
        self._report = report
        self._mapper = LedgerMapper(keys)
        self._keyless: OrderedDict[UUID, None] = OrderedDict()
        self._left_behind: dict[UUID, int] = {}
        self._unlisted: dict[UUID, int] = {}

    def check(self, stored: StoredRow) -> None:
        """Report a field that does not open, a key that is gone, and one that should be."""
        values = stored.values
        if values is None or not (
            stored.topic == PersonalDataErased.TYPE or _has_encrypted_fields(stored)
        ):
            return
        contact = UUID(bytes=stored.stream)
        try:
            key = self._keys.key(contact)
            if stored.topic == PersonalDataErased.TYPE:
                if key is not None:
                    self._left_behind.setdefault(contact, stored.position)
                if not self._keys.is_listed(contact):
                    self._unlisted.setdefault(contact, stored.position)
            if key is None:
                self._look_for_erasure(contact, stored.position)
                return
            recorded = self._mapper.to_event(
                stored.position, contact, stored.version, stored.topic, stored.state, EVERYTHING
            )
            check_decrypted(recorded.event)
        except (Corrupt, Loose) as error:
            self._report.add("keys.sqlite", stored.position, str(error))
        self._report.checked["events with sealed fields opened"] += 1

    def end(self) -> None:
        """Report what is still to be destroyed and listed of the erased once all was read."""
        self._keys.forget()
        for contact, position in self._left_behind.items():
            try:
                if self._keys.key(contact) is not None:
                    detail = f"contact {contact} was erased, and the key is still there"
                    self._report.add("keys.sqlite", position, detail)
            except Corrupt as error:
                self._report.add("keys.sqlite", position, str(error))
        for contact, position in self._unlisted.items():
            try:
                if not self._keys.is_listed(contact):
                    detail = (
                        f"contact {contact} was erased, and the list of destroyed keys lacks it"
                    )
                    self._report.add("keys.sqlite", position, detail)
            except Corrupt as error:
                self._report.add("keys.sqlite", position, str(error))

    def _look_for_erasure(self, contact: UUID, position: int) -> None:
        """A key is gone for one reason only."""
        if contact in self._keyless:
            return
        self._keyless[contact] = None
        if len(self._keyless) > _REMEMBERED:
            self._keyless.popitem(last=False)
        erased = self._connection.execute(
            "SELECT 1 FROM stored_events WHERE originator_id = ? AND topic = ? LIMIT 1",
            (contact.bytes, PersonalDataErased.TYPE),
        ).fetchone()
        if erased is None:
            detail = f"the data key of contact {contact} is missing, who was not erased"
            self._report.add("keys.sqlite", position, detail)
        self._report.checked["contacts erased"] += erased is not None


def _has_encrypted_fields(stored: StoredRow) -> bool:
    """Whether it has encrypted fields; most events have none, and decryption is expensive."""
    assert stored.values is not None, "its form was checked"
    schema, fields = stored.values[0], stored.values[ENVELOPE:]
    if stored.values[_ACTOR] is not None:
        return True
    fields = upcast(stored.topic, schema, fields)
    return any(
        place < len(fields) and fields[place] is not None for place in _PERSONAL[stored.topic]
    )
