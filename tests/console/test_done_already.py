"""One thing that two people see: whoever comes second is told who did it, and records nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.shop import purchase
from tests.console.forms import fields_of, send
from tests.console.ledgers import events, pages, reflect

if TYPE_CHECKING:
    import httpx

    from tests.api.shop import Shop


def promise(shop: Shop) -> str:
    """A promise to somebody, and the path of the form that keeps it."""
    shop.register("till:1", "Ada Jansen")
    made = {"type": "promise-made", "data": {"promise_id": "p1", "summary": "a table"}}
    reflect(shop, shop.append("till:1", made))
    (item,) = shop.get("/contacts/till:1/agenda").json()["items"]
    return f"{pages(shop)}/act?contact={item['stream']}&item={item['key']}"


def test_the_second_of_two_windows_is_told_who_did_it_and_when(
    client: httpx.Client, shop: Shop
) -> None:
    path, base = promise(shop), pages(shop)
    first, second = (fields_of(client.get(path).text, f"{base}/act") for _ in range(2))
    assert client.post(f"{base}/act", data={**first, "actor": "Kim"}).status_code == 200
    before = len(events(shop, "till:1"))
    late = client.post(f"{base}/act", data={**second, "actor": "Lou"})
    assert late.status_code == 409
    assert "Nothing was recorded: this was done already" in late.text
    assert "Promise kept, recorded by Kim today at " in late.text
    again = client.post(f"{base}/act", data={**first, "actor": "Kim"})
    assert again.status_code == 200, "the form that was recorded may be sent once more"
    assert len(events(shop, "till:1")) == before


def test_a_row_of_a_list_that_is_old_opens_no_form(client: httpx.Client, shop: Shop) -> None:
    path, base = promise(shop), pages(shop)
    defer = fields_of(client.get(base).text, f"{base}/defer")
    kept = {"type": "promise-kept", "data": {"promise_id": "p1"}, "actor": "Kim"}
    shop.append("till:1", kept)
    before = len(events(shop, "till:1"))
    opened = client.get(path, headers={"HX-Request": "true"})
    assert opened.headers["HX-Reswap"] == "outerHTML", "it takes the place of the row"
    assert "recorded by Kim" in opened.text
    assert "<form" not in opened.text
    put_off = client.post(f"{base}/defer", data={**defer, "days": "7"})
    assert (put_off.status_code, "recorded by Kim" in put_off.text) == (409, True)
    assert len(events(shop, "till:1")) == before


def test_what_is_not_on_the_list_any_more_by_itself_names_nobody(
    client: httpx.Client, shop: Shop
) -> None:
    page = client.get(f"{promise(shop)}-of-old").text
    assert "this is not on the list any more" in page


def test_a_form_proposes_the_currency_that_the_ledger_is_kept_in(
    client: httpx.Client, shop: Shop
) -> None:
    shop.register("till:1")
    shop.register("till:2")
    base = pages(shop)
    path = f"{base}/act?type=purchase-made&contact=till:2"
    assert fields_of(client.get(path).text, f"{base}/act")["data.currency"] == "EUR"
    pounds = purchase("1")
    pounds["data"]["currency"] = "GBP"
    shop.append("till:1", pounds)
    assert fields_of(client.get(path).text, f"{base}/act")["data.currency"] == "GBP"
    shop.append("till:2", purchase("2"))
    assert fields_of(client.get(path).text, f"{base}/act")["data.currency"] == "EUR"


def test_what_an_id_names_is_chosen_by_its_words_and_its_day(
    client: httpx.Client, shop: Shop
) -> None:
    shop.register("till:1")
    for name, severity in (("c1", 2), ("c2", 3)):
        data = {"complaint_id": name, "severity": severity, "public": False}
        shop.append("till:1", {"type": "complaint-raised", "data": data})
    page = client.get(f"{pages(shop)}/act?type=complaint-resolved&contact=till:1").text
    choice = page.partition('name="data.complaint_id"')[2].partition("</select>")[0]
    assert '<option value="c1">Complained, today: severity: 2, not public</option>' in choice
    assert "severity: 3" in choice


def test_a_payment_without_an_amount_says_that_it_is_all_of_it(
    client: httpx.Client, shop: Shop
) -> None:
    shop.register("till:1")
    shop.register("till:2")
    data = {"referral_id": "r1", "direction": "inbound", "other": "till:2", "level": 3}
    shop.append("till:1", {"type": "referral-made", "data": data})
    shop.append("till:2", purchase("1"))
    base = pages(shop)
    path = f"{base}/act?type=reward-paid&contact=till:1&data.referral_id=r1"
    assert "Left empty, it is all that is owed for this referral" in client.get(path).text
    done = send(client, path, f"{base}/act", data__currency="")
    assert "without an amount: it stands for all of it" in done.text
    (reward,) = shop.get("/contacts/till:1/referrals").json()["rewards"]
    assert reward["owed_minor"] == 0


def test_of_two_who_put_a_thing_off_the_second_is_told(client: httpx.Client, shop: Shop) -> None:
    promise(shop)
    base = pages(shop)
    fields = fields_of(client.get(base).text, f"{base}/defer")
    first = client.post(f"{base}/defer", data={**fields, "days": "7"})
    assert (first.status_code, "Recorded: put off" in first.text) == (200, True)
    before = len(events(shop, "till:1"))
    late = client.post(f"{base}/defer", data={**fields, "days": "30"})
    assert (late.status_code, "Nothing was recorded" in late.text) == (409, True)
    assert "Put off, recorded by somebody who gave no name today" in late.text
    assert len(events(shop, "till:1")) == before
    reflect(shop, shop.register("till:2"))
    seen = fields_of(client.get(base).text, f"{base}/defer")
    assert client.post(f"{base}/defer", data={**seen, "days": "30"}).status_code == 200
    assert len(events(shop, "till:1")) == before + 1, "who sees that it is put off may change it"
    undo = fields_of(first.text, f"{base}/undo")
    client.post(f"{base}/undo", data=undo)
    again = client.post(f"{base}/defer", data={**seen, "days": "7"})
    assert again.status_code == 409, "the deferral after what was seen stands"


def test_another_kind_of_act_keeps_what_was_typed(client: httpx.Client, shop: Shop) -> None:
    path, base = promise(shop), pages(shop)
    fields = fields_of(client.get(path).text, f"{base}/act")
    typed = {"data.reason": "the oven broke", "actor": "Kim", "type": "promise-broken"}
    broken = client.post(f"{base}/act/kind", data={**fields, **typed})
    shown = fields_of(broken.text, f"{base}/act")
    assert (broken.status_code, shown["type"], shown["data.reason"]) == (
        200,
        "promise-broken",
        "the oven broke",
    )
    back = client.post(f"{base}/act/kind", data={**shown, "type": "promise-kept"})
    kept = fields_of(back.text, f"{base}/act")
    assert (kept["type"], kept["data.reason"], kept["actor"]) == (
        "promise-kept",
        "the oven broke",
        "Kim",
    )
    assert len(events(shop, "till:1")) == 2, "nothing is recorded by choosing"
    done = client.post(f"{base}/act", data=kept)
    assert (done.status_code, events(shop, "till:1")[-1]["type"]) == (200, "promise-kept")
    assert client.post(f"{base}/act/kind", data={**kept, "item": "promise:gone"}).status_code == 200
