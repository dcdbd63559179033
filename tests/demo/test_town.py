"""The synthetic town: everything is in it, nobody in it could be taken for real."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from api.bootstrap import build
from api.service.agendas.answering import AgendaQuestion, whole_agenda
from api.service.agendas.listing import AgendaFilter
from api.service.demo.guide import STAGES as SHOWN_STAGES
from api.service.demo.guide import STANDINGS as SHOWN_STANDINGS
from api.service.demo.guide import agenda_lines, lines
from api.service.demo.script import LABEL
from api.service.demo.town import TIME_ZONES, Founding, OtherTown, build_town, scripts_of
from api.service.questions import At, moment_of
from api.service.settings import Settings
from domain.agenda.items import KINDS
from domain.events import CATALOGUE, STAGES
from domain.instants import DAY, parse_instant
from domain.kinds import MAX_WHOLE
from domain.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.service.server import Server

NOW = parse_instant("2026-03-01T12:00:00Z")
FOUNDING = Founding(8400, NOW)
FOLLOWABLE_EVENTS = 20
"""More events than this nobody follows by hand."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The town at its own instant, with its projections current."""
    folder: Path = tmp_path_factory.mktemp("town") / "data"
    server = build(Settings(folder=folder), clock=lambda: NOW)
    assert build_town(server) > 1000
    for served in server.ledgers.values():
        for name in ("status", "standing", "agenda"):
            served.projections.wait_for(served.ledger.head(), 30, name)
    yield server
    server.close()


def test_every_type_of_event_occurs(town: Server) -> None:
    occurring = {
        recorded.type
        for served in town.ledgers.values()
        for recorded in served.ledger.log(limit=100_000, decrypt=False)
    }
    assert occurring == set(CATALOGUE) - {"personal-data-erased"}


def test_every_kind_of_thing_is_to_be_done_in_town(town: Server) -> None:
    kinds = set()
    for name in TIME_ZONES:
        served = town.ledger(name)
        moment = moment_of(served.ledger, served.aliases, At(), NOW)
        question = AgendaQuestion(items=AgendaFilter(deferred=True))
        found = whole_agenda(served.ledger, moment, question, MAX_WHOLE)
        kinds |= {one.kind for one in found.items}
    assert kinds == set(KINDS)


def test_the_first_things_of_the_day_are_said_in_sentences(town: Server) -> None:
    said = list(agenda_lines(town))
    assert len(said) == len(TIME_ZONES)
    assert all(
        re.match(r"[0-9]+ things today at demo-[a-z-]+: [a-z].* \(synthetic\)", one) for one in said
    )


@pytest.mark.parametrize(("stage", "ledger", "ref"), SHOWN_STAGES)
def test_each_stage_is_shown_by_a_contact_that_can_be_followed(
    town: Server, stage: str, ledger: str, ref: str
) -> None:
    served = town.ledger(ledger)
    contact_id = served.ledger.contact_id(f"demo:{ref}")
    status = served.projections.contact_status(contact_id)
    assert status is not None
    assert status.stage == stage
    assert stage.replace("_", "-") in ref
    assert served.ledger.version(contact_id) <= FOLLOWABLE_EVENTS


@pytest.mark.parametrize(("standing", "ledger", "ref"), SHOWN_STANDINGS)
def test_each_standing_is_shown_by_a_contact_that_can_be_followed(
    town: Server, standing: str, ledger: str, ref: str
) -> None:
    served = town.ledger(ledger)
    contact_id = served.ledger.contact_id(f"demo:{ref}")
    assert served.projections.contact_standing(contact_id).standing.standing == standing
    assert standing.replace("_", "-") in ref
    assert served.ledger.version(contact_id) <= FOLLOWABLE_EVENTS


def test_the_guide_leaves_no_stage_and_no_standing_out() -> None:
    assert {stage for stage, _, _ in SHOWN_STAGES} == set(STAGES)
    assert {standing for standing, _, _ in SHOWN_STANDINGS} == {
        "none", "introducer", "partner", "key_partner", "dormant",
    }  # fmt: skip
    assert sum(line.startswith("  curl -s http://x/") for line in lines("http://x")) == 12


def test_everyone_is_labelled_synthetic(town: Server) -> None:
    for name, served in town.ledgers.items():
        registered = served.ledger.log(limit=10_000, types=["contact-registered"])
        assert all(LABEL in str(recorded.event.show()["name"]) for recorded in registered)
        assert name == "main" or (name.startswith("demo-") and registered)


def test_each_business_is_judged_by_its_own_preset_from_the_beginning(town: Server) -> None:
    for script in scripts_of(FOUNDING):
        policies = town.ledger(script.ledger).ledger.policies()
        assert policies.in_force(0).policy == PRESETS[script.preset]


def test_making_it_twice_changes_nothing(town: Server) -> None:
    before = {name: served.ledger.head() for name, served in town.ledgers.items()}
    assert build_town(town) == 0
    assert {name: served.ledger.head() for name, served in town.ledgers.items()} == before


@pytest.mark.parametrize("other", [replace(FOUNDING, seed=1), replace(FOUNDING, now=NOW - DAY)])
def test_another_town_in_the_same_folder_is_refused(town: Server, other: Founding) -> None:
    with pytest.raises(OtherTown, match="choose another folder"):
        build_town(town, seed=other.seed, now=other.now)


def test_the_same_seed_and_instant_tell_the_same_and_another_seed_another() -> None:
    assert scripts_of(FOUNDING) == scripts_of(FOUNDING)
    assert scripts_of(FOUNDING) != scripts_of(replace(FOUNDING, seed=1))


@pytest.mark.parametrize("seed", range(8))
def test_nothing_in_it_lies_in_the_future_whatever_the_seed(seed: int) -> None:
    for script in scripts_of(replace(FOUNDING, seed=seed)):
        assert all(entry.occurred_at < NOW for entry in script.entries)
