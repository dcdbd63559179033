"""Contacts: who they are, and what we know of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

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
from domain.kinds import Choice, Whole

if TYPE_CHECKING:
    from collections.abc import Iterator


@event("contact-registered")
class ContactRegistered(Event):
    """A contact became known to the business. Source: E4."""

    kind: Annotated[str, Choice(("person", "organisation", "household"))]
    name: PersonalName
    time_zone: Zone | None = None
    refs: PersonalReferences | None = None


@event("registration-amended")
class RegistrationAmended(Event):
    """A contact goes by another name, moved to another time zone, or is known by more refs."""

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


@event("contact-linked")
class ContactLinked(Event):
    """A contact belongs to, acts for, lives with or works for another one. Source: E1."""

    other: Contact
    relation: Annotated[str, Choice(("member-of", "agent-of", "household-of", "works-for"))]


@event("contact-merged")
class ContactMerged(Event):
    """Two contacts turned out to be one: this one is an alias of ``into`` from now on.

    Both streams continue to take events. Those of this one count for ``into`` while the merge
    holds.
    """

    into: Contact


@event("merge-reversed")
class MergeReversed(Event):
    """The merge was a mistake: this contact stands for itself again."""

    into: Contact


@event("consent-changed")
class ConsentChanged(Event):
    """A contact allowed or forbade us a use of a channel. Source: E2."""

    purpose: Word
    channel: Word
    granted: YesNo
