"""From a scenario to the relationship that follows from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.history import effective_history
from domain.presets import PRESETS, read_policy
from domain.relationship import Relationship, fold
from domain.timeline import PolicyTimeline, PolicyVersion
from tests.domain.scenario import ANN, Scenario, fact, on_day, registered

if TYPE_CHECKING:
    from domain.policy import Policy


def versions(*published: tuple[int, Policy]) -> PolicyTimeline:
    """Policies, each from an instant on, versions counting from 1."""
    return PolicyTimeline(
        tuple(
            PolicyVersion(
                version=number,
                effective_from=effective_from,
                policy=policy,
                sha256="",
                position=number,
                event_id=UUID(int=9000 + number),
            )
            for number, (effective_from, policy) in enumerate(published, start=1)
        )
    )


def changed(preset: str, **changes: Any) -> Policy:
    """A preset with some of its numbers replaced."""
    return read_policy({"extends": preset, **changes})


def relate(
    scenario: Scenario,
    at: int,
    policies: PolicyTimeline | None = None,
    *,
    survivor: UUID = ANN,
    members: tuple[UUID, ...] = (ANN,),
) -> Relationship:
    """The relationship with a contact as of an instant, under ``retail`` unless told otherwise."""
    events = [event for event in scenario.events if event.contact_id in members]
    history = effective_history(events, survivor)
    timeline = policies or versions((0, PRESETS["retail"]))
    return fold(history, timeline, None, at)


def bought(*days: float, scenario: Scenario | None = None, amount_minor: int = 100) -> Scenario:
    """Ann registered on day 0, and a purchase at noon of each day, called p0, p1 and so on."""
    told = scenario or registered()
    for number, day in enumerate(days):
        purchase = fact("purchase-made", purchase_id=f"p{number}", amount_minor=amount_minor)
        told.record(purchase, on_day(day))
    return told


def client_on_day_35() -> Scenario:
    """Six weekly purchases and a stated share of wallet: 35 + 25 points from day 35 on."""
    scenario = bought(0, 7, 14, 21, 28, 35)
    scenario.record(fact("wallet-share-reported", share_percent=85), on_day(35))
    return scenario


def stages(relationship: Relationship) -> list[str]:
    """The stages one after the other."""
    return [interval.stage for interval in relationship.intervals]


def moved(scenario: Scenario, place: int, occurred_at: int) -> None:
    """Let an event that is recorded already have occurred at another instant."""
    scenario.events[place] = replace(scenario.events[place], occurred_at=occurred_at)
