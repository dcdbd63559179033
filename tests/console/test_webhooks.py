"""Webhooks on pages: what waits, what was given up, and the buttons for both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ledger.stores.webhooks import DEAD
from tests.api.shop import START
from tests.console.forms import fields_of, send
from tests.console.ledgers import pages
from tests.contracts.webhooks import delivery

if TYPE_CHECKING:
    import httpx

    from api.service.server import Server
    from tests.api.shop import Shop


def test_operations_show_the_webhooks_and_what_was_given_up(
    client: httpx.Client, shop: Shop, server: Server
) -> None:
    path = f"{pages(shop)}/operations"
    assert "No other program receives what happens here." in client.get(path).text
    url = "https://shop.example.org/in?secret=1"
    made = shop.post("/webhooks", {"url": url, "events": ["stage-changed"], "enabled": False})
    assert made.status_code == 201, made.text
    own = f"{pages(shop)}/webhooks/{made.json()['id']}"
    assert "secret=1" not in client.get(path).text
    assert "paused" in client.get(path).text
    assert "Nothing was given up." in client.get(own).text
    assert send(client, path, f"{own}/state").status_code == 303
    assert shop.get(f"/webhooks/{made.json()['id']}").json()["enabled"] is True
    assert send(client, own, f"{own}/state").status_code == 303
    webhooks = server.ledgers[shop.base.rpartition("/")[2]].webhooks
    (known,) = webhooks.all()
    webhooks.store.take_in(known, [delivery(1), delivery(2), delivery(3)], 3, 0)
    found = webhooks.store.waiting(known.id, 10, 10)
    dead = [replace(one, state=DEAD, attempts=9, problem="timeout", at=START) for one in found]
    webhooks.store.keep_outcomes(known.id, dead)
    page = client.get(own).text
    assert ("Send all again" in page, page.count("timeout")) == (True, 3)
    overview = client.get(path).text
    assert f'href="{own}#dead">3</a>' in overview
    assert fields_of(overview, f"{own}/replays").keys() == {"token"}, "all of them, at once"
    one = {**fields_of(page, f"{own}/replays"), "delivery": str(dead[0].id)}
    assert client.post(f"{own}/replays", data=one).status_code == 303
    left = shop.get(f"/webhooks/{known.id}").json()
    assert (left["dead"], left["waiting"], left["enabled"]) == (2, 1, False)
    assert client.post(f"{own}/replays", data={**one, "delivery": ""}).status_code == 303
    assert shop.get(f"/webhooks/{known.id}").json()["dead"] == 0
    assert client.get(f"{pages(shop)}/webhooks/none").status_code == 404
    acts = [one["act"] for one in shop.get("/trail").json()["items"] if one["outcome"] == "done"]
    assert acts[-4:] == ["webhook-changed"] * 2 + ["webhook-replayed"] * 2
