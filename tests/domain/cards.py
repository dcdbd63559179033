"""The card of a scenario: what whoever opens the door would read at an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.agenda.agenda import agenda
from domain.agenda.referred import Referrals
from domain.aliases import aliases_in
from domain.card.card import card
from domain.card.sentence import sentence
from domain.first_purchases import commerce_of
from domain.profile import profile_of
from domain.referrals import edges_of
from domain.relationship import fold
from tests.domain.agendas import history_in
from tests.domain.folding import versions
from tests.domain.scenario import ANN

if TYPE_CHECKING:
    from uuid import UUID

    from domain.card.card import Card
    from tests.domain.scenario import Scenario


def card_of(scenario: Scenario, at: int, contact_id: UUID = ANN) -> tuple[Card, str]:
    """The card of a contact and its sentence, folded from everything recorded."""
    aliases = aliases_in(scenario.events)
    policies = versions((0, scenario.policy))
    survivors = {aliases.survivor_of(one.contact_id) for one in scenario.events}
    histories = {one: history_in(scenario, one) for one in survivors}
    edges = {one: edges_of(found, one, aliases.survivor_of) for one, found in histories.items()}
    survivor = aliases.survivor_of(contact_id)
    referrals = Referrals(
        edges=edges[survivor],
        edges_to=lambda to: [e for own in edges.values() for e in own if e.other == to],
        commerce={one: commerce_of(found) for one, found in histories.items()},
    )
    relationship = fold(histories[survivor], policies, "Europe/Amsterdam", at)
    found = card(survivor, relationship, referrals, policies, aliases.survivor_of)
    items = agenda(survivor, relationship, referrals, policies).items

    def name_of(contact: UUID) -> str | None:
        return profile_of(histories[contact], contact, aliases.survivor_of).name

    return found, sentence(found, items, name_of)
