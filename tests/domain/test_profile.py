"""Who a contact is, after amendments, merges and erasure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import EncryptedValue
from domain.events.contacts import (
    ContactDetailLearned,
    ContactDetailRemoved,
    ContactLinked,
    ContactRegistered,
    RegistrationAmended,
)
from domain.history import effective_history
from domain.instants import DAY
from domain.profile import Detail, Link, Profile, profile_of
from tests.domain.referral_stories import ANNA, BEN, CLEO, DORA, Told, recorded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from domain.events import Event

TILL, SHOP = ("till", "A-1"), ("shop", "17")
REGISTERED = ContactRegistered(
    kind="person", name="Anna", time_zone="Europe/Amsterdam", refs=(TILL,)
)


def profile(*told: tuple[UUID, float, Event], merged: Mapping[UUID, UUID] | None = None) -> Profile:
    """Anna's profile after this."""
    history = effective_history(recorded([Told(*one) for one in told]), ANNA)
    aliases = merged or {}
    return profile_of(history, ANNA, lambda contact: aliases.get(contact, contact))


def test_a_registration_is_the_profile() -> None:
    assert profile((ANNA, 5, REGISTERED)) == Profile(
        kind="person",
        name="Anna",
        time_zone="Europe/Amsterdam",
        refs=(TILL,),
        links=(),
        details=(),
        registered_at=5 * DAY,
    )


def test_an_amendment_changes_what_it_names_and_refs_add_up() -> None:
    amended = RegistrationAmended(name="Anna B.", refs=(TILL, SHOP))
    moved = RegistrationAmended(time_zone="Asia/Tokyo")
    found = profile((ANNA, 5, REGISTERED), (ANNA, 7, moved), (ANNA, 6, amended))
    assert (found.name, found.time_zone) == ("Anna B.", "Asia/Tokyo")
    assert found.refs == (TILL, SHOP)
    assert (found.kind, found.registered_at) == ("person", 5 * DAY)


def test_the_newest_amendment_wins_in_whatever_order_they_arrived() -> None:
    later, earlier = RegistrationAmended(name="Later"), RegistrationAmended(name="Earlier")
    found = profile((ANNA, 5, REGISTERED), (ANNA, 9, later), (ANNA, 8, earlier))
    assert found.name == "Later"


def test_a_contact_merged_into_it_adds_refs_and_links_but_no_name() -> None:
    double = ContactRegistered(kind="organisation", name="A. B.", refs=(SHOP,))
    works = ContactLinked(other=CLEO, relation="works-for")
    found = profile((ANNA, 5, REGISTERED), (BEN, 9, double), (BEN, 9, works))
    assert (found.kind, found.name, found.registered_at) == ("person", "Anna", 5 * DAY)
    assert (found.refs, found.links) == ((TILL, SHOP), (Link(CLEO, "works-for"),))


def test_links_lead_to_survivors_and_never_back() -> None:
    told = [
        (ANNA, 5.0, REGISTERED),
        (ANNA, 6.0, ContactLinked(other=BEN, relation="member-of")),
        (ANNA, 7.0, ContactLinked(other=CLEO, relation="member-of")),
        (ANNA, 8.0, ContactLinked(other=DORA, relation="household-of")),
    ]
    found = profile(*told, merged={BEN: CLEO, DORA: ANNA})
    assert found.links == (Link(CLEO, "member-of"),)


def test_details_add_up_and_the_newest_spelling_stands() -> None:
    told = [
        (ANNA, 5.0, REGISTERED),
        (ANNA, 6.0, ContactDetailLearned(kind="phone", value="+31 6 1234")),
        (BEN, 7.0, ContactDetailLearned(kind="email", value="Anna@example.org")),
        (ANNA, 8.0, ContactDetailLearned(kind="postal", value="Dam 1", postal_code="1012 JS")),
        (ANNA, 9.0, ContactDetailLearned(kind="phone", value="+31-6-1234", label="work")),
    ]
    assert profile(*told).details == (
        Detail("phone", "+31-6-1234", "work", None),
        Detail("email", "Anna@example.org", None, None),
        Detail("postal", "Dam 1", None, "1012 JS"),
    )


def test_a_removed_detail_is_gone_until_it_is_learned_again() -> None:
    learned = ContactDetailLearned(kind="email", value="Anna@example.org")
    told = [
        (ANNA, 5.0, REGISTERED),
        (BEN, 6.0, learned),
        (ANNA, 7.0, ContactDetailRemoved(kind="phone", value="anna@example.org")),
        (ANNA, 8.0, ContactDetailRemoved(kind="email", value="ANNA@example.org")),
    ]
    assert profile(*told[:3]).details != ()
    assert profile(*told).details == ()
    assert len(profile(*told, (ANNA, 9, learned)).details) == 1
    assert len(profile((ANNA, 8.5, learned), *told).details) == 1, "whenever it arrived"


def test_what_is_sealed_is_not_shown() -> None:
    sealed = RegistrationAmended(name=EncryptedValue(b"x"), refs=EncryptedValue(b""))
    gone = ContactDetailLearned(kind="email", value=EncryptedValue(b""))
    found = profile((ANNA, 5, REGISTERED), (ANNA, 6, sealed), (ANNA, 7, gone))
    assert (found.name, found.refs, found.details) == (None, (TILL,), ())


def test_nobody_is_an_empty_profile() -> None:
    assert profile() == Profile(None, None, None, (), (), (), None)
