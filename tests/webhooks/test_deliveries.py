"""Events reach their receivers: at least once, in order per contact, signed."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from api.bootstrap import now
from tests.api.shop import purchase, registration
from tests.fixtures.waiting import until
from tests.webhooks.conftest import QUICK, Teller, sending
from tests.webhooks.receivers import CUT, GARBAGE, NOTHING, OK, Answer, receiving, status

if TYPE_CHECKING:
    from pathlib import Path

    from tests.webhooks.receivers import Message


def test_an_event_arrives_as_a_signed_cloudevent(teller: Teller) -> None:
    with receiving() as receiver:
        made = teller.webhook(receiver.url)
        teller.append("pos:1", registration("Ada Jansen"))
        receiver.wait_for(1)
    (message,) = receiver.messages
    assert message.path == "/in?from=rapport"
    assert message.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert message.headers["content-type"].startswith("application/cloudevents+json")
    event = Webhook(made["secret"]).verify(message.content, message.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(message.content + b" ", message.headers)
    recorded = teller.get("/events/2").json()
    assert event["specversion"] == "1.0"
    assert event["type"] == "event-recorded"
    assert event["source"] == teller.base
    assert event["id"] == message.id
    assert event["subject"] == recorded["contact_id"]
    assert event["time"] == recorded["recorded_at"]
    assert event["data"]["id"] == recorded["id"]
    assert event["data"]["position"] == 2
    assert event["data"]["data"].keys() == {"kind"}, "a name is personal"


def test_nothing_of_the_past_is_told_and_types_choose(teller: Teller) -> None:
    teller.register("pos:1")
    with receiving() as receiver:
        teller.webhook(receiver.url, types=["purchase-made"])
        teller.register("pos:2")
        teller.append("pos:1", purchase("a"))
        receiver.wait_for(1)
    assert [one["data"]["type"] for one in receiver.events()] == ["purchase-made"]


def test_who_may_have_personal_fields_gets_them(teller: Teller) -> None:
    with receiving() as receiver:
        teller.webhook(receiver.url, personal=True)
        teller.append("pos:1", {**registration("Ada Jansen"), "actor": "Bea"})
        receiver.wait_for(1)
    (event,) = receiver.events()
    assert event["data"]["data"]["name"] == "Ada Jansen"
    assert event["data"]["actor"] == "Bea"


def test_that_an_occasion_is_put_off_tells_no_birthday(teller: Teller) -> None:
    item = "occasion:01890a5d-ac96-774b-bcce-b302099a8057/2026"
    put_off = [
        {"type": "action-deferred", "data": {"item": key, "until": "2026-05-03T00:00:00Z"}}
        for key in (item, "touch")
    ]
    with receiving() as receiver:
        teller.webhook(receiver.url, types=["action-deferred"])
        teller.append("pos:1", registration("Ada Jansen"), *put_off)
        receiver.wait_for(2)
        hidden, shown = [one["data"]["data"] for one in receiver.events()]
        assert hidden == {}
        assert (shown["item"], shown["until"]) == ("touch", "2026-05-03T00:00:00Z")
        teller.webhook(receiver.url, types=["event-corrected"])
        target = teller.get("/events", types="action-deferred").json()["items"][0]["id"]
        anew = {"item": item, "until": "2026-05-04T00:00:00Z", "reason": "she is away"}
        correction = {"target": target, "data": anew}
        teller.append("pos:1", {"type": "event-corrected", "data": correction})
        receiver.wait_for(3)
    assert receiver.events()[2]["data"]["data"] == {"target": target, "data": {}}


@pytest.mark.parametrize(
    "bad", [status(500), status(302, "Location: /other"), CUT, NOTHING, GARBAGE]
)
def test_what_is_no_yes_is_tried_again(teller: Teller, bad: Answer) -> None:
    answers = iter([bad, bad])
    with receiving(lambda _message: next(answers, OK)) as receiver:
        made = teller.webhook(receiver.url)
        teller.register("pos:1")
        receiver.wait_for(1)
        assert len(receiver.messages) == 3
        assert len({one.id for one in receiver.messages}) == 1
        assert {one.path for one in receiver.messages} == {"/in?from=rapport"}
        until(lambda: teller.deliveries(made)[0]["state"] == "delivered")
    (delivery,) = teller.deliveries(made)
    assert (delivery["attempts"], delivery["status"]) == (3, 204)
    until(lambda: teller.seen(made)["failing_since"] is None)


def test_the_messages_of_a_contact_come_in_order(teller: Teller) -> None:
    failed: set[str] = set()

    def answer(message: Message) -> Answer:
        """Every other message fails the first time."""
        if message.event["data"]["position"] % 2 and message.id not in failed:
            failed.add(message.id)
            return status(503)
        return OK

    with receiving(answer) as receiver:
        teller.webhook(receiver.url)
        for contact in range(4):
            teller.register(f"pos:{contact}")
        for number in range(10):
            for contact in range(4):
                teller.append(f"pos:{contact}", purchase(f"{number}"))
        receiver.wait_for(44)
        assert receiver.most_open > 1, "contacts do not wait for each other"
    by_contact: dict[str, list[int]] = {}
    for event in receiver.events():
        by_contact.setdefault(event["subject"], []).append(event["data"]["position"])
    assert len(by_contact) == 4
    for positions in by_contact.values():
        assert positions == sorted(positions)
        assert len(positions) == 11


def test_a_receiver_that_hangs_holds_up_nobody_else(teller: Teller) -> None:
    never = threading.Event()
    with (
        receiving(lambda _message: Answer(b"HTTP/1.1 200 OK\r\n", never)) as slow,
        receiving() as good,
    ):
        hanging = teller.webhook(slow.url)
        teller.webhook(good.url)
        for contact in range(20):
            teller.register(f"pos:{contact}")
        good.wait_for(20)
        until(lambda: teller.seen(hanging)["failing_since"] is not None)
        assert teller.deliveries(hanging, state="delivered") == []
        until(lambda: any(one["problem"] == "timeout" for one in teller.deliveries(hanging)))
        never.set()


def test_a_contact_that_a_receiver_refuses_holds_up_no_other(teller: Teller) -> None:
    def answer(message: Message) -> Answer:
        return status(500) if message.event["data"]["position"] == 2 else OK

    with receiving(answer) as receiver:
        made = teller.webhook(receiver.url)
        teller.register("pos:1")
        teller.append("pos:1", purchase("a"))
        for contact in range(2, 12):
            teller.register(f"pos:{contact}")
        receiver.wait_for(10)
        until(lambda: teller.seen(made)["waiting"] == 2)
        waiting = teller.deliveries(made, state="waiting")
    assert [one["position"] for one in waiting] == [3, 2]
    assert waiting[0]["attempts"] == 0, "it waits for the one before"


def test_a_contact_with_more_messages_than_fit_holds_up_no_other(tmp_path: Path) -> None:
    pacing = replace(QUICK, most_waiting=8, most_of_contact=2, most_kept=40)

    def answer(message: Message) -> Answer:
        return status(500) if message.event["subject"] == refused and not comes_back else OK

    comes_back: list[bool] = []
    with sending(tmp_path / "data", pacing) as (server, client), receiving(answer) as receiver:
        own = Teller(client, "main", now)  # type: ignore[arg-type]  # as the fixture's
        own.server = server
        refused = own.register("pos:1").json()["contact_id"]
        own.append("pos:1", *(purchase(f"{number}") for number in range(12)))
        made = own.webhook(receiver.url)
        own.post(f"/webhooks/{made['id']}/replays", {"from_position": 2})
        for contact in range(2, 12):
            own.register(f"pos:{contact}")
        receiver.wait_for(10)
        assert {one["subject"] for one in receiver.events()}.isdisjoint({refused})
        comes_back.append(True)
        receiver.wait_for(23)
    positions = [one["data"]["position"] for one in receiver.events() if one["subject"] == refused]
    assert positions == list(range(2, 15))


def test_a_receiver_that_is_gone_gets_nothing_more(teller: Teller) -> None:
    with receiving(lambda _message: status(410)) as receiver:
        made = teller.webhook(receiver.url)
        teller.register("pos:1")
        until(lambda: not teller.seen(made)["enabled"])
        teller.register("pos:2")
        seen = teller.seen(made)
        assert (seen["disabled_because"], seen["waiting"]) == ("gone", 1)
        assert len(receiver.messages) == 1
        receiver.answer = lambda _message: OK
        assert teller.change(made, enabled=True).status_code == 200
        receiver.wait_for(2)
        assert teller.seen(made)["disabled_because"] is None


def test_a_receiver_that_restarts_gets_what_it_missed(teller: Teller) -> None:
    with receiving() as receiver:
        made = teller.webhook(receiver.url)
        teller.register("pos:1")
        receiver.wait_for(1)
        receiver.stop()
        for contact in range(2, 30):
            teller.register(f"pos:{contact}")
        until(lambda: teller.seen(made)["failing_since"] is not None)
        until(lambda: teller.deliveries(made)[-2]["problem"] == "no-connection")
        receiver.start()
        receiver.wait_for(29)
        until(lambda: teller.seen(made)["waiting"] == 0)
    assert [one["state"] for one in teller.deliveries(made)] == ["delivered"] * 29


def test_a_paused_webhook_continues_where_it_was(teller: Teller) -> None:
    with receiving() as receiver:
        made = teller.webhook(receiver.url)
        assert teller.change(made, enabled=False).json()["enabled"] is False
        for contact in range(3):
            teller.register(f"pos:{contact}")
        assert receiver.messages == []
        teller.change(made, enabled=True)
        receiver.wait_for(3)


def test_a_new_address_is_tried_at_once(teller: Teller) -> None:
    """Also what was to wait for an hour; and a webhook that is resumed waits for nothing either."""
    asks_for_time = status(503, "Retry-After: 3600")

    def attempts() -> list[int]:
        return [one["attempts"] for one in teller.deliveries(made, state="waiting")]

    with receiving(lambda _message: asks_for_time) as bad, receiving() as good:
        made = teller.webhook(bad.url)
        teller.register("pos:1")
        until(lambda: attempts() == [1])
        assert teller.change(made, url=good.url).status_code == 200
        good.wait_for(1)
        teller.change(made, url=bad.url)
        teller.register("pos:2")
        until(lambda: attempts() == [1])
        bad.answer = lambda _message: OK
        teller.change(made, enabled=False)
        teller.change(made, enabled=True)
        bad.wait_for(1)
    assert len(bad.messages) == 3


def test_everything_from_a_position_on_is_sent_again(teller: Teller) -> None:
    with receiving() as receiver:
        made = teller.webhook(receiver.url)
        for contact in range(5):
            teller.register(f"pos:{contact}")
        receiver.wait_for(5)
        until(lambda: teller.seen(made)["waiting"] == 0)
        before = [one.id for one in receiver.taken]
        answer = teller.post(f"/webhooks/{made['id']}/replays", {"from_position": 4})
        assert answer.status_code == 202, answer.text
        until(lambda: len(receiver.taken) >= 8)
        again = [one.id for one in receiver.taken[5:]]
        assert sorted(again) == sorted(before[2:])
        (first, *_) = teller.deliveries(made)
        until(lambda: teller.seen(made)["waiting"] == 0)
        teller.post(f"/webhooks/{made['id']}/replays", {"deliveries": [first["id"]]})
        until(lambda: len(receiver.taken) >= 9)
        assert receiver.taken[-1].id == first["id"]
