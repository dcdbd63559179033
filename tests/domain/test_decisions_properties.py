"""What holds of every decision after any history, and what holds of the table of reasons."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

import domain.decisions
from domain.dealings import opening_of
from domain.decisions import ALREADY_SO, REASONS
from domain.decisions.reasons import OF_LEDGERS
from domain.errors import Invalid, Refused
from domain.events import CATALOGUE
from domain.events.governance import EventCorrected, EventRetracted
from tests.domain.any_events import SENT, aimed, instants, of_type
from tests.domain.scenario import ANN, BEN, CAT, Scenario, fact, registered

if TYPE_CHECKING:
    from domain.events import Event

ONCE = {
    "complaint-resolved",
    "consent-changed",
    "contacts-distinguished",
    "contact-merged",
    "contact-registered",
    "engagement-closed",
    "event-retracted",
    "merge-reversed",
    "promise-broken",
    "promise-kept",
    "referral-closed",
    "referral-level-raised",
    "subscription-cancelled",
}
"""What is already so when it is asked again."""

BY_TYPE = {name: of_type(kind) for name, kind in CATALOGUE.items()}


OPENINGS = {
    name: field.name for name, kind in CATALOGUE.items() for field in kind.FIELDS if field.opens
}


def busy() -> Scenario:
    """Three contacts, two of whom have one of everything that events can follow up on."""
    scenario = registered(ANN, BEN, CAT)
    for contact_id in (ANN, BEN):
        for type_name, id_field in OPENINGS.items():
            data = {id_field: "1", **({"other": str(CAT)} if type_name == "referral-made" else {})}
            scenario.append(fact(type_name, **data), contact_id=contact_id)
    return scenario


@st.composite
def requests(draw: st.DrawFn, scenario: Scenario) -> tuple[Event, dict[str, Any]]:
    """A request that has a chance: it aims at what is recorded, with data of the right type."""
    event = draw(BY_TYPE[draw(st.sampled_from(SENT))])
    target = draw(st.sampled_from(scenario.events))
    data = draw(st.none() | BY_TYPE[target.type]) if target.type in SENT else None
    contact_id = draw(st.sampled_from([ANN, ANN, ANN, BEN, CAT]))
    if isinstance(event, EventCorrected | EventRetracted):
        contact_id = target.contact_id
    return aimed(event, target.id, data), {"at": draw(instants), "contact_id": contact_id}


def outcome(scenario: Scenario, event: Event, where: dict[str, Any]) -> object:
    """What is decided, or the reason why not."""
    try:
        return scenario.decide(event, **where)
    except Refused as refused:
        return refused.reason
    except Invalid:
        return "invalid"


@settings(max_examples=250)
@given(st.data())
def test_asking_again_is_already_so_or_a_new_fact_as_the_catalogue_says(
    data: st.DataObject,
) -> None:
    scenario = busy()
    for _ in range(data.draw(st.integers(1, 25))):
        event, where = data.draw(requests(scenario))
        first = outcome(scenario, event, where)
        assert outcome(scenario, event, where) == first, "deciding changed something"
        if first == ALREADY_SO:
            assert event.TYPE in ONCE
        if isinstance(first, tuple) and first:
            scenario.append(event, **where)
            again = outcome(scenario, event, where)
            if event.TYPE in ONCE:
                assert again == ALREADY_SO
            elif opening_of(event) is not None:
                assert again == "id-in-use"
            elif event.TYPE == "purchase-reversed":
                assert again in (first, "beyond-what-is-left")
            else:
                assert again == first


@settings(max_examples=100)
@given(st.data())
def test_a_refusal_changes_nothing(data: st.DataObject) -> None:
    scenario = busy()
    for _ in range(data.draw(st.integers(1, 15))):
        event, where = data.draw(requests(scenario))
        state = scenario.contact(where["contact_id"])
        before = state.copy()
        decided = outcome(scenario, event, where)
        assert (state.dealings, state) == (before.dealings, before)
        if isinstance(decided, tuple):
            scenario.append(event, **where)


def test_the_table_holds_the_reasons_that_are_given_and_no_other() -> None:
    folder = Path(domain.decisions.__file__).parent
    decisions = [source for source in folder.glob("*.py") if source.name != "reasons.py"]
    text = "".join(source.read_text(encoding="utf-8") for source in decisions)
    given_reasons = set(re.findall(r"refusal\(\s*\"([a-z-]+)\"", text))
    given_reasons |= set(re.findall(r": \"([a-z-]+-unknown)\"", text))
    assert given_reasons == REASONS.keys() - OF_LEDGERS
    assert REASONS.keys() >= OF_LEDGERS


def test_every_reason_has_a_sentence() -> None:
    for reason, sentence in REASONS.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", reason)
        assert sentence.endswith(".")
