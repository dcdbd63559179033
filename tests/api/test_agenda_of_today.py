"""The agenda of today by the projection and memory, held against the fold of the same moment."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, cast

from hypothesis import given, settings

from api.service.agendas import near
from api.service.agendas.kept import Answer, KeptAnswers
from api.service.agendas.listing import (
    AgendaFilter,
    counts_of,
    ledger_rows,
    wanted_day,
    with_everything,
)
from api.service.questions import At, moment_of
from domain.events.governance import PersonalDataErased
from domain.instants import DAY, parse_instant
from ledger.erasure import Erasure
from projections.agenda_reading import AgendaRows
from tests.api.shop import built, problem_of
from tests.api.telling import Told, tell_of_care
from tests.fixtures.clock import Clock
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.waiting import until
from tests.projections.histories import CONTACTS, Story, seeds
from tests.projections.memory import NOW, MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    import pytest

    from api.service.agendas.listing import AgendaRow
    from api.service.server import Server
    from tests.api.shop import Shop

FILTERS = (
    AgendaFilter(),
    AgendaFilter(muted=True, deferred=True),
    AgendaFilter(kind="occasion", muted=True),
    AgendaFilter(kind="thanks"),
    AgendaFilter(state="upcoming"),
    AgendaFilter(state="overdue"),
    AgendaFilter(state="today"),
    AgendaFilter(state="deferred"),
    AgendaFilter(state="muted"),
    AgendaFilter(stage="client", muted=True),
    AgendaFilter(steward="Kim", deferred=True),
)


class ToldBothWays(Told):
    """It is asked for today's agenda by its rows and by the fold."""

    def require_same_both_ways(self) -> None:
        """Hold what is read against what is folded, in pages of three."""
        served, now = self.served, self.clock()
        served.projections.wake()
        until(lambda: self._stands_at() == (self.head(), now))
        moment = moment_of(served.ledger, served.aliases, At(), now)
        day = wanted_day(served.ledger, None, now)
        for wanted in FILTERS:
            folded = ledger_rows(served.ledger, moment, day, wanted, self.head())
            assert self.read(wanted) == folded, wanted
            everything = with_everything(wanted)
            whole = ledger_rows(served.ledger, moment, day, everything, self.head())
            assert served.agenda.counts(everything).counts == list(counts_of(whole))

    def read(self, wanted: AgendaFilter) -> list[AgendaRow]:
        """What the projection and memory say, read in pages of three."""
        rows: list[AgendaRow] = []
        while True:
            place = rows[-1].item.order if rows else None
            found = self.served.agenda.page(wanted, place, 3)
            rows += found.rows
            if not found.has_more:
                return rows

    def _stands_at(self) -> tuple[int, int]:
        moment = self.served.agenda.page(AgendaFilter(kind="need"), None, 1).moment
        return moment.position, moment.at


@settings(max_examples=6, deadline=None)
@given(seed=seeds)
def test_today_is_read_as_it_is_folded_whatever_happened(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock, chance = Clock(NOW), Random(seed)
        with built(Path(folder) / "data", clock) as server:
            told = ToldBothWays(server.create("main", "Europe/Amsterdam")[0], clock)
            story = Story(seed, cast("MemoryLedger", told), clock)
            for _ in story.tell(80):
                for _ in range(3):
                    tell_of_care(told, chance)
                told.require_same_both_ways()


def test_what_is_personal_stands_in_memory_alone_and_goes_with_the_key(tmp_path: Path) -> None:
    """Who looks after them, a day of theirs, and a renewal that a touch has spoken of by name."""
    clock = Clock(NOW)
    with built(tmp_path / "data", clock) as server:
        told = ToldBothWays(server.create("main", "Europe/Amsterdam")[0], clock)
        erased, other = CONTACTS[:2]
        for contact in (erased, other):
            told.tell(contact, "contact-registered", NOW - 90 * DAY)
            told.tell(contact, "steward-assigned", NOW, steward=f"Zqsteward {contact}")
            told.tell(contact, "occasion-learned", NOW - DAY, month=1, day=4, year=1990)
            told.tell(contact, "promise-made", NOW - DAY)
        for number in ("zqspoken", "zqopen"):
            begun_at = NOW - 25 * DAY
            told.tell(other, "subscription-started", begun_at, subscription_id=number, term_days=30)
        touch = {"direction": "outbound", "purpose": "renewal", "about": "zqspoken"}
        told.tell(other, "touch-made", NOW - 20 * DAY, **touch)
        told.require_same_both_ways()
        rows = told.read(AgendaFilter())
        kinds = [one.item.kind for one in rows]
        assert kinds == ["promise", "promise", "renewal", "occasion", "occasion"]
        assert {one.steward for one in rows} == {f"Zqsteward {one}" for one in (erased, other)}
        files = list((tmp_path / "data/ledgers/main").glob("projections*"))
        assert files
        for file in files:
            assert b"Zqsteward" not in file.read_bytes()
            assert b"zqspoken" not in file.read_bytes()
        event = PersonalDataErased(requested_by="contact", reason="asked for it")
        told.served.ledger.erase(Erasure(contact_id=erased, event=event)).result(END_SECONDS)
        told.require_same_both_ways()
        assert [(one.item.kind, one.steward) for one in told.read(AgendaFilter())] == [
            ("promise", None),
            *((kind, f"Zqsteward {other}") for kind in ("promise", "renewal", "occasion")),
        ]


def test_while_occasions_are_read_the_answer_is_to_ask_again(
    shop: Shop, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = shop.register("pos:1").json()["position"]
    index = server.ledger(shop.base.rpartition("/")[2]).agenda.memory.near
    monkeypatch.setattr(index, "advance", lambda: False)  # or the worker may be faster
    monkeypatch.setattr(index, "_position", 0)
    monkeypatch.setattr(near, "MOST_READING_SECONDS", -1)
    problem_of(shop.get("/agenda", min_position=position), 503, "projection-behind")
    assert shop.get("/agenda", kind="thanks").status_code == 200


def test_before_its_first_event_is_reflected_a_ledger_owes_nobody(
    shop: Shop, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    born = {"occasion_id": "b", "kind": "birthday", "month": 3, "day": 3}
    shop.register("pos:1")
    learned = shop.append("pos:1", {"type": "occasion-learned", "data": born})
    served = server.ledger(shop.base.rpartition("/")[2])

    @contextmanager
    def nothing_reflected() -> Iterator[AgendaRows]:
        with type(served.projections).agenda_rows(served.projections) as rows:
            beginning = AgendaRows(rows._tables, 0, rows.as_of)
            monkeypatch.setattr(beginning, "items", lambda *_: iter(()))
            yield beginning

    found = shop.get("/agenda", min_position=learned.json()["position"])
    assert [one["kind"] for one in found.json()["items"]] == ["occasion"]
    monkeypatch.setattr(served.projections, "agenda_rows", nothing_reflected)
    assert shop.get("/agenda").json()["items"] == []


def test_a_read_from_before_a_merge_leaves_nothing_wrong_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The projection lags, so the groups of that read are not those of the reads that follow."""
    clock = Clock(NOW)
    with built(tmp_path / "data", clock) as server:
        told = ToldBothWays(server.create("main", "Europe/Amsterdam")[0], clock)
        address, survivor = CONTACTS[:2]
        for contact in (address, survivor):
            told.tell(contact, "contact-registered", NOW - 90 * DAY)
        told.tell(survivor, "promise-made", NOW - DAY)
        told.tell(survivor, "steward-assigned", NOW - DAY, steward="Kim")
        told.require_same_both_ways()
        before = told.head()
        told.tell(address, "contact-merged", NOW, into=str(survivor))
        projections = told.served.projections

        @contextmanager
        def lagging() -> Iterator[AgendaRows]:
            with type(projections).agenda_rows(projections) as rows:
                yield AgendaRows(rows._tables, before, rows.as_of)

        with monkeypatch.context() as patched:
            patched.setattr(projections, "agenda_rows", lagging)
            assert [one.steward for one in told.read(AgendaFilter())] == ["Kim"]
        told.require_same_both_ways()
        told.tell(address, "steward-assigned", NOW, steward="Lou")
        told.require_same_both_ways()
        assert [one.steward for one in told.read(AgendaFilter())] == ["Lou"]


def test_a_merge_forgets_whom_it_concerns_and_nobody_else(tmp_path: Path) -> None:
    """A registration with a ref merges too: all others would be folded anew after each."""
    clock = Clock(NOW)
    with built(tmp_path / "data", clock) as server:
        told = ToldBothWays(server.create("main", "Europe/Amsterdam")[0], clock)
        ledger, aliases = told.served.ledger, told.served.aliases
        alias, survivor, other = CONTACTS[:3]
        for contact in (alias, survivor, other):
            told.tell(contact, "contact-registered", NOW)
        kept = KeptAnswers[None](ledger)

        def folded() -> list[UUID]:
            found: list[UUID] = []
            for one in (alias, survivor, other):
                moment = moment_of(ledger, aliases, At(), NOW)
                if moment.aliases.survivor_of(one) == one:
                    kept.get(one, moment, NOW, partial(_answer, found, one))
            return found

        assert folded() == [alias, survivor, other]
        assert folded() == []
        told.tell(alias, "contact-merged", NOW, into=str(survivor))
        told.tell(survivor, "visit-made", NOW)
        assert folded() == [survivor]
        told.tell(alias, "visit-made", NOW)
        assert folded() == [survivor]
        told.tell(alias, "merge-reversed", NOW, into=str(survivor))
        told.tell(alias, "visit-made", NOW)
        assert folded() == [alias, survivor]
        told.tell(alias, "visit-made", NOW)
        assert folded() == [alias]


def _answer(found: list[UUID], contact: UUID) -> Answer[None]:
    found.append(contact)
    return Answer(None, None)


def test_an_occasion_that_opens_during_a_day_is_on_its_list_from_midnight(
    tmp_path: Path,
) -> None:
    """In Los Angeles it opens at 9 in Amsterdam, and is on that day's list from midnight on."""
    clock = Clock(NOW)
    with built(tmp_path / "data", clock) as server:
        told = ToldBothWays(server.create("main", "Europe/Amsterdam")[0], clock)
        zone = "America/Los_Angeles"
        told.tell(CONTACTS[0], "contact-registered", NOW - 90 * DAY, time_zone=zone)
        told.tell(CONTACTS[0], "occasion-learned", NOW - DAY, month=1, day=10)
        told.require_same_both_ways()
        assert told.read(AgendaFilter()) == []
        clock.instant = parse_instant("2026-01-03T00:30:00Z")
        told.require_same_both_ways()
        assert [one.item.kind for one in told.read(AgendaFilter())] == ["occasion"]


def test_many_events_without_an_occasion_leave_no_agenda_behind(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "WINDOW_POSITIONS", 2)
    monkeypatch.setattr(near, "MOST_READING_SECONDS", 0)  # questions read nothing themselves
    for number in range(8):
        shop.register(f"till:{number}")
    until(lambda: shop.get("/agenda").status_code == 200)
