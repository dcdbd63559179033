"""Contacts: who they are, and what we know of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Self

from domain.details import DETAIL_KINDS, POSTAL, kept_detail
from domain.errors import FieldError
from domain.events.base import (
    Contact,
    EncryptedValue,
    Event,
    Id,
    Personal,
    PersonalName,
    PersonalReferences,
    PersonalText,
    Word,
    YesNo,
    Zone,
    event,
)
from domain.kinds import Choice, Text, Whole
from domain.text import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.kinds import ContactNames

DetailKind = Annotated[str, Choice(DETAIL_KINDS)]
PostalCode = Annotated[str | EncryptedValue, Text(32, NAME), Personal]


@event("contact-registered")
class ContactRegistered(Event):
    """A contact became known to the business. Source: E4.

    Each of ``refs`` becomes an address of the contact, unless it is another contact's name. The
    ref under which the contact was registered is added.
    """

    kind: Annotated[str, Choice(("person", "organisation", "household"))]
    name: PersonalName
    time_zone: Zone | None = None
    refs: PersonalReferences | None = None


@event("registration-amended")
class RegistrationAmended(Event):
    """A contact goes by another name, moved to another time zone, or is known by more refs.

    Each of ``refs`` becomes an address of the contact, unless it is another contact's name.
    """

    name: PersonalName | None = None
    time_zone: Zone | None = None
    refs: PersonalReferences | None = None


@event("profile-fact-learned")
class ProfileFactLearned(Event):
    """We learned one of the facts a good salesman knows of a contact. Source: E4, the sixty-six."""

    section: Word
    key: Word
    value: PersonalText


@event("preference-learned")
class PreferenceLearned(Event):
    """We learned what a contact likes: the window table, the usual drink. Source: E2."""

    key: Word
    value: PersonalText


@event("occasion-learned")
class OccasionLearned(Event):
    """We learned of a birthday or an anniversary. Source: E4."""

    occasion_id: Id
    kind: Word
    month: Annotated[int | EncryptedValue, Whole(1, 12), Personal]
    day: Annotated[int | EncryptedValue, Whole(1, 31), Personal]
    year: Annotated[int | EncryptedValue, Whole(1, 9999), Personal] | None = None

    def check(self) -> Iterator[FieldError]:
        """The day exists in the month, in that year where one is given."""
        if isinstance(self.month, EncryptedValue) or isinstance(self.day, EncryptedValue):
            return
        year = self.year if isinstance(self.year, int) else 2000
        try:
            date(year, self.month, self.day)
        except ValueError:
            yield FieldError("/day", "contradiction", "that month has no such day")


class _Detail(Event):
    """A detail, whose value is kept in the form of its kind."""

    @classmethod
    def _read(cls, data: object, names: ContactNames, *, kept: bool = False) -> Self:
        read = super()._read(data, names, kept=kept)
        kind, value = read.__dict__["kind"], read.__dict__["value"]
        return read.with_spelling("value", kept_detail(kind, value))


@event("contact-detail-learned")
class ContactDetailLearned(_Detail):
    """We learned an e-mail address, a phone number, a postal address or a handle of a contact.

    The name of the host of an e-mail address is kept in lower case, and a phone number as it was
    given. ``label`` says which one it is, such as ``work``, or the service of a handle.
    """

    kind: DetailKind
    value: PersonalText
    label: Word | None = None
    postal_code: PostalCode | None = None

    def check(self) -> Iterator[FieldError]:
        """Postal addresses alone have a postal code."""
        if self.postal_code is not None and self.kind != POSTAL:
            yield FieldError("/postal_code", "contradiction", "only a postal address has one")


@event("contact-detail-removed")
class ContactDetailRemoved(_Detail):
    """A detail of a contact is none of theirs any more; the same value may be learned again."""

    kind: DetailKind
    value: PersonalText


@event("contact-linked")
class ContactLinked(Event):
    """A contact belongs to, acts for, lives with or works for another one. Source: E1."""

    other: Contact
    relation: Annotated[str, Choice(("member-of", "agent-of", "household-of", "works-for"))]


@event("contact-merged")
class ContactMerged(Event):
    """Two contacts turned out to be one: this one is an alias of ``into`` from now on.

    Both streams continue to take events. Those of this one count for ``into`` while the merge
    holds. This one need not be registered: then it is another address of ``into``.
    """

    into: Contact


@event("merge-reversed")
class MergeReversed(Event):
    """The merge was a mistake: this contact stands for itself again."""

    into: Contact


@event("contacts-distinguished")
class ContactsDistinguished(Event):
    """Two contacts that look like one are two: they are no possible duplicates any more."""

    other: Contact


@event("consent-changed")
class ConsentChanged(Event):
    """A contact allowed or forbade us a use of a channel. Source: E2."""

    purpose: Word
    channel: Word
    granted: YesNo
