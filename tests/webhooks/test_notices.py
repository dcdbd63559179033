"""What follows from events reaches receivers: once, with ids that are the same after a rebuild."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import LedgerError
from domain.instants import DAY, format_instant
from ledger.identifiers import message_id
from tests.api.shop import Clock, purchase
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.stores import SQLITE, STORES
from tests.fixtures.waiting import until
from tests.webhooks.conftest import Teller, sending
from tests.webhooks.receivers import receiving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.postgresql import Databases
    from tests.webhooks.receivers import Receiver

VISIT = {"type": "visit-made", "data": {"guests": 2}}
DERIVED = (
    "stage-changed", "standing-changed", "action-opened", "action-overdue", "reward-due",
    "projection-failed",
)  # fmt: skip


class Told(Teller):
    """A ledger at a clock that stands still."""

    def pass_days(self, days: float) -> None:
        """Time goes by, and everybody looks at the clock."""
        self.clock.instant += int(days * DAY)
        self.served.projections.wake()

    @property
    def served(self) -> Any:
        """The ledger as the server has it."""
        return self.server.ledgers[self.base.rpartition("/")[2]]

    def is_quiet(self, webhook: dict[str, Any]) -> bool:
        """Whether everything was told that there is to tell."""
        states = self.served.projections.states()
        seen = self.seen(webhook)
        return all(one.lag == 0 for one in states) and not seen["waiting"]


@pytest.fixture(params=STORES)
def told(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Told]:
    url = None
    if request.param != SQLITE:
        databases: Databases = request.getfixturevalue("postgresql")
        url = databases.take()
    clock = Clock()
    with sending(tmp_path / "data", clock=clock, url=url) as (server, client):
        made = Told(client, "main", clock)
        made.server = server
        yield made


def kinds(receiver: Receiver) -> list[tuple[str, Any]]:
    """What was told, with what it is about."""
    return [(one["type"], one["data"].get("to") or one["data"]["key"]) for one in receiver.events()]


def test_stages_and_actions_are_told_when_they_are_so(told: Told) -> None:
    told.register("pos:0")
    with receiving() as receiver:
        made = told.webhook(receiver.url, *DERIVED)
        told.register("pos:1")
        told.clock.move(60)
        appended = told.append("pos:1", purchase("a")).json()
        receiver.wait_for(2)
        bought = appended["events"][0]["id"]
        assert sorted(kinds(receiver)) == [
            ("action-opened", f"thanks:{bought}"),
            ("stage-changed", "customer"),
        ]
        by_kind = {one["type"]: one for one in receiver.events()}
        stage = by_kind["stage-changed"]
        instant = format_instant(told.clock.instant)
        contact = appended["contact_id"]
        assert (stage["time"], stage["subject"]) == (instant, contact)
        assert stage["data"] == {
            "position": appended["position"],
            "contact_id": contact,
            "from": "contact",
            "to": "customer",
            "since": instant,
            "event": bought,
        }
        namespace = told.served.ledger.namespace
        own = message_id(
            namespace, "stage-changed", told.served.ledger.contact_id("pos:1"), "customer",
            told.clock.instant, appended["position"],
        )  # fmt: skip
        assert stage["id"] == str(own)
        told.pass_days(2.5)
        receiver.wait_for(3)
        overdue = receiver.events()[2]
        assert overdue["type"] == "action-overdue"
        assert overdue["time"] == overdue["data"]["due_at"]
        assert overdue["data"]["position"] == appended["position"]
        _nothing_more(told, made, receiver)


def _nothing_more(told: Told, made: dict[str, Any], receiver: Receiver) -> None:
    """A rebuild of everything, and one more event of somebody else, tell nothing more."""
    count, everything = len(receiver.messages), told.served.projections
    for name in ("status", "standing", "agenda"):
        work = everything.rebuild(name)
        assert everything.operations.wait(work.id, END_SECONDS).state == "succeeded"
    assert told.append("pos:0", VISIT).status_code == 201
    until(lambda: told.is_quiet(made))
    assert len(receiver.messages) == count


def test_what_time_alone_brings_is_told(told: Told) -> None:
    told.register("pos:1")
    told.append("pos:1", purchase("a"))
    told.served.projections.wait_for(3, END_SECONDS, "agenda")
    with receiving() as receiver:
        made = told.webhook(receiver.url, "stage-changed")
        until(lambda: told.is_quiet(made))
        told.pass_days(800)
        receiver.wait_for(1)
        (fell,) = receiver.events()
    assert (fell["data"]["from"], fell["data"]["to"]) == ("customer", "lapsed_customer")
    history = told.get("/contacts/pos:1/status/history").json()["intervals"]
    assert fell["time"] == history[-1]["from"]


def test_rewards_are_told_when_they_are_due(told: Told) -> None:
    told.register("pos:from")
    told.register("pos:to")
    sent = {"referral_id": "x", "direction": "inbound", "other": "pos:to", "level": 5}
    with receiving() as receiver:
        told.webhook(receiver.url, "reward-due", "standing-changed")
        told.append("pos:from", {"type": "referral-made", "data": sent})
        told.append("pos:to", purchase("a"))
        receiver.wait_for(1)
        told.pass_days(60)
        until(lambda: any(one["type"] == "reward-due" for one in receiver.events()), seconds=20)
    events = {one["type"]: one for one in reversed(receiver.events())}
    reward = events["reward-due"]["data"]
    assert reward["kind"] == "reward"
    assert reward["amount_minor"] > 0
    assert reward["currency"] == "EUR"
    assert events["standing-changed"]["data"]["from"] == "none"


def test_an_erasure_is_told_and_what_was_personal_is_not(told: Told) -> None:
    told.register("pos:1", "Ada Jansen")
    with receiving() as receiver:
        made = told.webhook(receiver.url, "personal-data-erased", "event-recorded", personal=True)
        told.change(made, enabled=False)
        said = {"type": "recognition-given", "data": {"how": "Ada Jansen, by name"}}
        assert told.append("pos:1", purchase("a"), said).status_code == 201
        name = told.server.ledgers["main"].ledger.contact_id("pos:1")
        asked = {"requested_by": "herself", "reason": "she asked"}
        answer = told.post(f"/contacts/{name}/erasure", asked)
        if answer.status_code == 409:
            token = answer.json()["token"]
            answer = told.post(f"/contacts/{name}/erasure?confirm={token}", asked)
        assert answer.status_code in (200, 201), answer.text
        told.change(made, enabled=True)
        receiver.wait_for(4)
        until(lambda: told.is_quiet(made))
    assert b"Ada" not in b"".join(one.content for one in receiver.messages)
    erased = [one for one in receiver.events() if one["type"] == "personal-data-erased"]
    assert [one["subject"] for one in erased] == [str(name)]


def test_a_projection_that_fails_is_told(told: Told) -> None:
    with receiving() as receiver:
        made = told.webhook(receiver.url, "projection-failed")
        until(lambda: told.is_quiet(made))
        follower = told.served.projections.follower
        with follower.pause():
            follower._subscribers["standing"].report_failure(LedgerError("a fault"))
        receiver.wait_for(1)
        (failed,) = receiver.events()
    assert failed["data"]["projection"] == "standing"
    assert failed["data"]["problem"] == "a fault"
    assert "subject" not in failed


def test_what_is_wanted_later_begins_later(told: Told) -> None:
    """Neither events nor notices of before are sent, until somebody asks for them."""
    with receiving() as first, receiving() as second, receiving() as third:
        told.webhook(first.url, "stage-changed", "event-recorded")
        events = told.webhook(second.url, "event-recorded", types=["visit-made"])
        stages = told.webhook(third.url, "stage-changed")
        told.register("pos:1")
        told.append("pos:1", purchase("a"))
        first.wait_for(3)
        third.wait_for(1)
        told.change(events, events=["event-recorded", "stage-changed"])
        told.change(stages, events=["event-recorded", "stage-changed"])
        late = told.webhook(second.url, "stage-changed")
        told.append("pos:1", VISIT)
        second.wait_for(1)
        third.wait_for(2)
        for one in (events, stages, late):
            until(lambda one=one: told.is_quiet(one))  # type: ignore[misc]  # bound at once
        assert [one["type"] for one in second.events()] == ["event-recorded"]
        assert [one["data"]["position"] for one in third.events()] == [3, 4]
        (stage,) = [one for one in first.events() if one["type"] == "stage-changed"]
        answer = told.post(f"/webhooks/{late['id']}/replays", {"from_position": 1})
        assert answer.status_code == 202, answer.text
        second.wait_for(2)
        assert second.events()[1] == stage


def test_telling_begins_when_a_webhook_does(told: Told) -> None:
    with receiving() as first, receiving() as second:
        told.webhook(first.url, "stage-changed")
        told.register("pos:1")
        told.append("pos:1", purchase("a"))
        made = told.webhook(second.url, "stage-changed", "event-recorded")
        told.register("pos:2")
        told.append("pos:2", purchase("b"))
        first.wait_for(2)
        second.wait_for(3)
        until(lambda: told.is_quiet(made))
        order = [(one["type"], one["data"]["position"]) for one in second.events()]
    assert order == [("event-recorded", 4), ("event-recorded", 5), ("stage-changed", 5)]
