"""The agenda of a scenario: what a shop owner would be told at an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.agenda.agenda import Agenda, agenda
from domain.agenda.referred import Referrals
from domain.aliases import aliases_in
from domain.first_purchases import commerce_of
from domain.history import effective_history
from domain.instants import DAY
from domain.referrals import edges_of
from domain.relationship import fold
from tests.domain.folding import versions
from tests.domain.scenario import ANN, START

if TYPE_CHECKING:
    from uuid import UUID

    from domain.agenda.items import Item
    from domain.history import History
    from tests.domain.scenario import Scenario


def history_in(scenario: Scenario, contact_id: UUID) -> History:
    """The history of a survivor, with all that was merged into it."""
    members = aliases_in(scenario.events).members(contact_id)
    own = [one for one in scenario.events if one.contact_id in members]
    causes = {one.causation_id for one in own} - {None}
    shared = [
        one
        for one in scenario.events
        if one.contact_id not in members and getattr(one.event, "target", None) in causes
    ]
    own.sort(key=lambda one: (one.contact_id != contact_id, one.contact_id.int, one.version))
    return effective_history([*own, *shared], contact_id)


def agenda_of(
    scenario: Scenario, at: int, contact_id: UUID = ANN, time_zone: str | None = None
) -> Agenda:
    """The agenda of a contact, folded at an instant from everything recorded."""
    policies = versions((0, scenario.policy))
    history = history_in(scenario, contact_id)
    relationship = fold(history, policies, time_zone, at)
    return agenda(contact_id, relationship, referrals_in(scenario, contact_id), policies)


def referrals_in(scenario: Scenario, contact_id: UUID) -> Referrals:
    """A contact's referrals, and what all others' histories say of them."""
    aliases = aliases_in(scenario.events)
    survivors = {aliases.survivor_of(one.contact_id) for one in scenario.events}
    histories = {one: history_in(scenario, one) for one in survivors}
    edges = {one: edges_of(found, one, aliases.survivor_of) for one, found in histories.items()}
    return Referrals(
        edges=edges[contact_id],
        edges_to=lambda to: [e for own in edges.values() for e in own if e.other == to],
        commerce={one: commerce_of(found) for one, found in histories.items()},
    )


def told(found: Agenda | list[Item]) -> dict[str, tuple[float, float]]:
    """The kinds of the items with the days on which they opened and are due, from 1 January."""
    items = found.items if isinstance(found, Agenda) else found
    return {one.kind: (_day(one.opens_at), _day(one.due_at)) for one in items}


def _day(at: int) -> float:
    return (at - START) / DAY
