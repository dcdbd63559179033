"""Acts that are logged on pages: recorded once, in the words of the form, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.console.forms import fields_of, send
from tests.console.ledgers import MARKER, events, pages, reflect

if TYPE_CHECKING:
    import httpx

    from tests.api.shop import Shop


def test_an_act_is_recorded_once_for_everybody_it_was_with(
    client: httpx.Client, shop: Shop
) -> None:
    shop.register("till:1", "Ada Jansen")
    shop.register("till:2", "Ben Okafor")
    base = pages(shop)
    path = f"{base}/act?type=gesture-made&contact=till:1&contact=till:2"
    page = client.get(path).text
    fields: dict[str, object] = dict(fields_of(page, f"{base}/act"))
    fields |= {"contact": ["till:1", "till:2"], "data.gesture": "coffee"}
    fields |= {"data.cost_minor": "1,20", "data.currency": "EUR", "actor": "Kim"}
    fields["data.reason"] = "it was cold"
    for _ in range(2):  # also when it is sent again
        assert client.post(f"{base}/act", data=fields).status_code == 200
    for contact in ("till:1", "till:2"):
        _, made = events(shop, contact)
        assert made["data"] == {
            "gesture": "coffee",
            "cost_minor": 120,
            "currency": "EUR",
            "reason": "it was cold",
        }
        assert (made["source"], made["actor"]) == ("console", "Kim")


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(
    client: httpx.Client, shop: Shop
) -> None:
    shop.register("till:1")
    base = pages(shop)
    answer = send(
        client,
        f"{base}/act?type=gesture-made&contact=till:1",
        f"{base}/act",
        data__gesture="two cakes",
        data__cost_minor="a lot",
        data__currency="EUR",
    )
    assert answer.status_code == 422
    assert 'id="e-cost_minor"' in answer.text
    assert fields_of(answer.text, f"{base}/act")["data.gesture"] == "two cakes"
    assert len(events(shop, "till:1")) == 1


@pytest.mark.parametrize("amount", ["1e900000", "1E999999", "9" * 5000, "1,2,3"])
def test_an_amount_of_any_length_is_refused_at_once(
    client: httpx.Client, shop: Shop, amount: str
) -> None:
    shop.register("till:1")
    base = pages(shop)
    path, currency = f"{base}/act?type=purchase-made&contact=till:1", {"data.currency": "EUR"}
    typed = {"data.amount_minor": amount, **currency}
    fields = fields_of(client.get(path).text, f"{base}/act")
    answer = client.post(f"{base}/act", data={**fields, **typed})
    assert answer.status_code == 422
    assert "must be an amount such as 12.50" in answer.text


def test_a_day_that_never_was_is_told_at_its_field(client: httpx.Client, shop: Shop) -> None:
    shop.register("till:1")
    base = pages(shop)
    path = f"{base}/act?type=thanks-given&contact=till:1"
    answer = send(client, path, f"{base}/act", occurred_at="0001-01-01T00:00")
    assert answer.status_code == 422
    assert "must be an RFC 3339 instant" in answer.text


def test_a_refusal_of_the_ledger_is_told_in_its_words(client: httpx.Client, shop: Shop) -> None:
    base = pages(shop)
    answer = send(
        client, f"{base}/act?type=thanks-given&contact=till:9", f"{base}/act", data__channel="mail"
    )
    assert answer.status_code == 409
    assert "register" in answer.text


def test_an_act_is_taken_back_by_a_retraction(client: httpx.Client, shop: Shop) -> None:
    shop.register("till:1")
    base = pages(shop)
    path = f"{base}/act?type=thanks-given&contact=till:1"
    done = send(client, path, f"{base}/act")
    assert 'data-passes="10"' in done.text, "so many seconds the row stays, as the pages say"
    undo = client.post(f"{base}/undo", data=fields_of(done.text, f"{base}/undo"))
    assert undo.status_code == 303
    thanks, retraction = events(shop, "till:1")[1:]
    assert retraction["data"] == {"target": thanks["id"], "reason": "undone"}


def test_a_name_that_one_contact_has_is_enough(client: httpx.Client, shop: Shop) -> None:
    shop.register("till:1", "Zoë Müller")
    shop.register("till:2", "Ben Okafor")
    shop.register("till:3", "Ben Smit")
    base = pages(shop)
    path, action = f"{base}/act?type=thanks-given", f"{base}/act"
    assert send(client, path, action, who="zoe muller").status_code == 200
    assert len(events(shop, "till:1")) == 2
    several = send(client, path, action, who="ben")
    assert several.status_code == 422
    assert ("Ben Okafor" in several.text, "Ben Smit" in several.text) == (True, True)
    assert send(client, path, action, who="nobody at all").status_code == 422
    third = shop.get("/contacts/till:3").json()["contact_id"]
    ticked = {**fields_of(several.text, action), "contact": third}
    assert client.post(action, data=ticked).status_code == 200  # what was typed is sent again
    assert [len(events(shop, contact)) for contact in ("till:2", "till:3")] == [1, 2]


def test_somebody_new_is_registered_on_a_page(client: httpx.Client, shop: Shop) -> None:
    base = pages(shop)
    answer = send(
        client,
        f"{base}/act?type=contact-registered",
        f"{base}/act",
        contact="till:77",
        data__name="Nia Abara",
        data__refs="web:77",
    )
    assert answer.status_code == 200, answer.text
    found = shop.get("/contacts/web:77").json()
    assert found["name"] == "Nia Abara"
    wrong = send(client, f"{base}/act?type=contact-registered", f"{base}/act", data__name="x" * 900)
    assert wrong.status_code == 422
    assert wrong.text.count('name="contact"') == 1  # or another number registers two
    nameless = send(
        client, f"{base}/act?type=contact-registered", f"{base}/act", contact="no number"
    )
    assert 'role="alert">' in nameless.text.partition('id="trouble"')[2].partition(">")[2]


def test_an_item_of_the_agenda_is_done_by_the_form_that_it_opens(
    client: httpx.Client, shop: Shop
) -> None:
    shop.register("till:1")
    made = {"type": "promise-made", "data": {"promise_id": "p1", "summary": "a table"}}
    assert shop.append("till:1", made).status_code == 201
    base = pages(shop)
    (item,) = shop.get("/contacts/till:1/agenda").json()["items"]
    path = f"{base}/act?contact={item['stream']}&item={item['key']}"
    assert send(client, path, f"{base}/act").status_code == 200
    assert events(shop, "till:1")[-1]["data"] == {"promise_id": "p1"}
    assert shop.get("/contacts/till:1/agenda").json()["items"] == []


def test_an_item_is_put_off_on_the_page(client: httpx.Client, shop: Shop) -> None:
    shop.register("till:1")
    made = {"type": "promise-made", "data": {"promise_id": "p1"}}
    reflect(shop, shop.append("till:1", made))
    base = pages(shop)
    page = client.get(base).text
    fields = fields_of(page, f"{base}/defer")
    assert client.post(f"{base}/defer", data={**fields, "days": "7"}).status_code == 200
    (item,) = shop.get("/contacts/till:1/agenda", deferred="true").json()["items"]
    assert item["state"] == "deferred"
    assert client.post(f"{base}/defer", data={**fields, "days": "5000"}).status_code == 422


@pytest.mark.parametrize(
    "path", ["", "/act?type=thanks-given&contact=till:1", "/act?contact=till:1"]
)
def test_what_people_typed_is_never_markup(client: httpx.Client, shop: Shop, path: str) -> None:
    shop.register("till:1", MARKER)
    made = {"type": "promise-made", "data": {"promise_id": "p1"}}
    reflect(shop, shop.append("till:1", made))
    page = client.get(f"{pages(shop)}{path}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_page_hears_when_the_ledger_moves(client: httpx.Client, shop: Shop) -> None:
    client.get(pages(shop))
    with client.stream("GET", f"{pages(shop)}/live") as stream:
        lines = (line for line in stream.iter_lines() if line.startswith("data: "))
        before = int(next(lines).removeprefix("data: "))
        shop.register("till:1")
        assert next(lines) == f"data: {before + 1}"
