"""The part of the story about webhooks: made, changed, replayed and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.wire.recording import Recorder


def tell_webhooks(recorder: Recorder) -> None:
    """The part of the story that is about webhooks."""
    path = "/v1/ledgers/main/webhooks"
    url = "https://shop.example.org/rapport"
    recorder.get(path, "no webhooks")
    recorder.post(path, {"url": "https://127.0.0.1/", "events": ["stage-changed"]}, "loopback")
    recorder.post(path, {"url": url, "events": ["all"]}, "no such kind of message")
    sent = {"url": url, "events": ["event-recorded"], "types": ["purchase-made"]}
    key = "webhook-of-the-shop"
    made = recorder.post(path, sent, "a webhook", Idempotency_Key=key)
    recorder.post(path, sent, "the same webhook again", Idempotency_Key=key)
    recorder.get(path)
    place = f"{path}/{made.json()['id']}"
    recorder.get(place)
    recorder.ask("PATCH", place, b'{"enabled": false, "description": "the shop"}', "a pause")
    recorder.ask("PATCH", place, b'{"types": [], "events": ["stage-changed"], "sort": 1}', "wrong")
    recorder.get(f"{place}/deliveries?state=dead")
    recorder.post(f"{place}/replays", {"from_position": 3}, "from a position")
    recorder.post(f"{place}/replays", {}, "neither a position nor deliveries")
    recorder.ask("DELETE", place, claim="a webhook is removed")
    recorder.get(place, "no such webhook")
