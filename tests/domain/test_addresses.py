"""Refs are addresses: which names an event tells of its contact, and what becomes of each."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.addresses import (
    addresses_of,
    claims_of,
    contact_of_ref,
    unaddressed_pairs,
    with_own_ref,
    without_own_ref,
)
from domain.aliases import Aliases, Merge, aliases_in
from domain.decisions.addressing import make_address
from domain.events.contacts import ContactMerged
from domain.history import effective_history
from tests.domain.scenario import ANN, BEN, CAT, DAN, Scenario, fact, registered

if TYPE_CHECKING:
    from domain.addresses import Ref
    from domain.events import Event

SPACE = UUID(int=99)
SOURCES = st.text("ab:.P", min_size=1, max_size=3)
REFS = st.lists(st.tuples(SOURCES, st.text("1:é ", min_size=1, max_size=3)), max_size=6)


def names(name: str) -> UUID:
    """As a ledger names contacts, as far as these refs go."""
    source, _, ref = name.partition(":")
    if not ref or "P" in source:
        raise ValueError(name)
    return uuid5(SPACE, name)


def known_as(*refs: Ref, type_name: str = "contact-registered") -> Event:
    return fact(type_name, refs=[{"source": source, "ref": ref} for source, ref in refs])


def test_every_other_name_of_an_event_is_an_address_once() -> None:
    own = names("a:1")
    told = known_as(("b", "2"), ("a", "1"), ("P", "3"), ("b", "2"), ("b:b", "2"), ("b", "4"))
    found = addresses_of(told, own, names)
    assert [one.pointer for one in found] == ["/data/refs/0", "/data/refs/5"]
    assert [one.contact_id for one in found] == [names("b:2"), names("b:4")]
    amended = known_as(("b", "2"), type_name="registration-amended")
    assert addresses_of(amended, own, names) == found[:1]
    assert addresses_of(fact("purchase-made"), own, names) == ()


def test_a_registration_gets_the_ref_by_which_it_is_named() -> None:
    own = names("a:1:2")
    told = with_own_ref(known_as(("b", "2")), "a:1:2", own, names)
    assert told.show()["refs"] == [{"source": "b", "ref": "2"}, {"source": "a", "ref": "1:2"}]
    for said, name in (
        (told, "a:1:2"),
        (fact("contact-registered"), str(own)),
        (fact("registration-amended"), "a:1:2"),
        (fact("contact-registered"), "a: 1"),
    ):
        assert with_own_ref(said, name, own, names) == said


@given(REFS)
def test_what_is_compared_is_the_same_with_and_without_the_own_ref(refs: list[Ref]) -> None:
    own = names("a:1")
    said = known_as(*[ref for ref in refs if ref[1].strip() == ref[1]])
    stored = with_own_ref(said, "a:1", own, names)
    assert without_own_ref(stored, own, names) == without_own_ref(said, own, names)
    assert addresses_of(stored, own, names) == addresses_of(said, own, names)
    assert with_own_ref(stored, "a:1", own, names) == stored
    compared = without_own_ref(stored, own, names).show().get("refs", [])
    assert isinstance(compared, list)
    assert own not in {contact_of_ref((one["source"], one["ref"]), names) for one in compared}


def test_a_free_name_becomes_an_address_and_one_that_leads_there_stays() -> None:
    scenario = registered()
    made = make_address(scenario.contact(DAN), ANN, scenario)
    assert made is not None
    assert [(one.contact_id, one.event) for one in made] == [(DAN, ContactMerged(into=ANN))]
    scenario.record(fact("contact-merged", into=str(ANN)), contact_id=DAN)
    assert make_address(scenario.contact(DAN), ANN, scenario) == ()
    assert make_address(scenario.contact(DAN), BEN, scenario) is None


def test_a_name_that_is_somebody_elses_is_left_out() -> None:
    scenario = registered()
    assert make_address(scenario.contact(BEN), ANN, scenario) is None
    scenario.record(fact("contact-merged", into=str(ANN)), contact_id=BEN)
    assert make_address(scenario.contact(BEN), ANN, scenario) == ()
    made = make_address(scenario.contact(DAN), BEN, scenario)
    assert made is not None
    assert [one.event for one in made] == [ContactMerged(into=BEN)]


def test_the_erased_get_no_address_and_their_names_become_none() -> None:
    scenario = registered()
    scenario.record(fact("personal-data-erased"), contact_id=BEN)
    assert make_address(scenario.contact(DAN), BEN, scenario) is None
    scenario.record(fact("personal-data-erased"), contact_id=DAN)
    assert make_address(scenario.contact(DAN), ANN, scenario) is None


def test_a_name_without_a_registration_is_admitted_while_it_is_an_address() -> None:
    scenario = registered()
    for event in (fact("visit-made"), fact("merge-reversed", into=str(ANN))):
        assert scenario.refusal(event, contact_id=DAN).reason == "contact-unregistered"
    scenario.append(fact("contact-merged", into=str(ANN)), contact_id=DAN)
    scenario.append(fact("visit-made"), contact_id=DAN)
    scenario.append(fact("merge-reversed", into=str(ANN)), contact_id=DAN)
    assert scenario.append(fact("merge-reversed", into=str(ANN)), contact_id=DAN) == ()
    assert scenario.refusal(fact("visit-made"), contact_id=DAN).reason == "contact-unregistered"
    scenario.append(fact("contact-registered"), contact_id=DAN)
    scenario.append(fact("visit-made"), contact_id=DAN)


@pytest.mark.parametrize("name", [None, "Dan"])
def test_an_erased_name_is_never_registered_again(name: str | None) -> None:
    scenario = registered()
    scenario.record(fact("contact-merged", into=str(ANN)), contact_id=DAN)
    scenario.record(fact("personal-data-erased"), contact_id=DAN)
    scenario.record(fact("merge-reversed", into=str(ANN)), contact_id=DAN)
    event = object.__new__(type(fact("contact-registered")))
    object.__setattr__(event, "__dict__", {**fact("contact-registered").__dict__, "name": name})
    assert scenario.refusal(event, contact_id=DAN).reason == "contact-erased"


def test_who_is_named_by_one_ref_are_possible_duplicates_until_merged() -> None:
    scenario = Scenario()
    ann, ben, shared = names("a:1"), names("a:2"), names("b:1")
    for one in (ann, ben):
        scenario.record(known_as(("b", "1")), contact_id=one)
    scenario.record(fact("contact-merged", into=str(ann)), contact_id=shared)

    def pairs(erased: tuple[UUID, ...] = ()) -> list[tuple[UUID, UUID]]:
        claims = {
            one: claims_of(
                effective_history([e for e in scenario.events if e.contact_id == one], one),
                one,
                names,
            )
            for one in (ann, ben)
        }
        registered_ones = {ann, ben}.__contains__
        return list(unaddressed_pairs(claims, aliases_in(scenario.events), registered_ones, erased))

    (pair,) = pairs()
    assert set(pair) == {ann, ben}
    assert pairs((ben,)) == []
    scenario.record(fact("merge-reversed", into=str(ann)), contact_id=shared)
    assert pairs() == [], "the name leads nowhere, and belongs to nobody"
    scenario.record(fact("contact-merged", into=str(ann)), contact_id=ben)
    scenario.record(fact("contact-merged", into=str(ann)), contact_id=shared)
    assert pairs() == []


@given(st.dictionaries(st.sampled_from([ANN, BEN, CAT]), st.sets(st.sampled_from([ANN, BEN, DAN]))))
def test_a_pair_has_two_survivors_and_comes_once(claims: dict[UUID, set[UUID]]) -> None:
    aliases = Aliases([Merge(1, BEN, CAT)])
    found = list(unaddressed_pairs(claims, aliases, {ANN, BEN, CAT}.__contains__))
    assert len(found) == len({frozenset(pair) for pair in found})
    for one, other in found:
        assert one.int < other.int
        assert aliases.survivor_of(one) == one
        assert aliases.survivor_of(other) == other
