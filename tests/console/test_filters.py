"""People by stage, flag, standing, steward and consent together: counted, listed, searched."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from api.service.finding import people, said
from domain.instants import DAY
from tests.api.shop import START, purchase
from tests.console.ledgers import MARKER, pages, reflect
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    import httpx
    import pytest

    from api.service.server import Server
    from tests.api.shop import Shop


WHO = r'data-key="e"[^>]*>([A-Z]\w+) '
"""The first name in a row."""

Json = dict[str, Any]


def steward(name: str | None) -> Json:
    return {"type": "steward-assigned", "data": {} if name is None else {"steward": name}}


def consent(channel: str, *, granted: bool = True) -> Json:
    data = {"purpose": "marketing", "channel": channel, "granted": granted}
    return {"type": "consent-changed", "data": data}


def fill(shop: Shop) -> None:
    """Ada buys, and Kim looks after her; Ben complained; Clara sent Ada, and allows mail."""
    for number, name in enumerate(("Ada Jansen", "Ben Okafor", "Clara Smit"), 1):
        shop.register(f"till:{number}", name)
    shop.append("till:1", purchase("1", at=START - DAY), steward("Kim"), consent("mail"))
    complaint = {"complaint_id": "c1", "severity": 3, "public": False}
    shop.append("till:2", steward("Kim"), {"type": "complaint-raised", "data": complaint})
    referral = {"referral_id": "r1", "direction": "inbound", "other": "till:1", "level": 3}
    sent = {"type": "referral-made", "data": referral}
    reflect(shop, shop.append("till:3", sent, consent("mail"), consent("phone", granted=False)))
    shop.get(
        "/standings", min_position=shop.get("/events", limit=100).json()["items"][-1]["position"]
    )


def chips(page: str) -> dict[str, int]:
    """The chips of a page by what they say, with their counts."""
    found = re.findall(r">([^<>]+) <span class=\"count\">([\d,]+)</span></a>", page)
    return {unescape(name): int(count.replace(",", "")) for name, count in found}


def names(client: httpx.Client, shop: Shop, **chosen: str) -> list[str]:
    """Who is listed, in the order of the alphabet."""
    answer = client.get(f"{pages(shop)}/people", params=chosen, headers={"HX-Request": "true"})
    assert answer.status_code == 200, answer.text
    return sorted(re.findall(WHO, answer.text))


def test_chips_count_everybody_by_what_is_said_of_them(client: httpx.Client, shop: Shop) -> None:
    fill(shop)
    found = chips(client.get(f"{pages(shop)}/people").text)
    assert found == {
        "contact": 2,
        "customer": 1,
        "advocate": 1,
        "introducer": 1,
        "Kim": 2,
        "marketing by mail": 2,
    }


def test_what_is_chosen_holds_together_and_for_a_search(client: httpx.Client, shop: Shop) -> None:
    fill(shop)
    assert names(client, shop, stage="contact") == ["Ben", "Clara"]
    assert names(client, shop, stage="contact", flag="advocate") == ["Clara"]
    assert names(client, shop, steward="Kim") == ["Ada", "Ben"]
    assert names(client, shop, steward="Kim", consent="marketing by mail") == ["Ada"]
    assert names(client, shop, consent="marketing by mail", stage="contact") == ["Clara"]
    assert names(client, shop, standing="introducer") == ["Clara"]
    assert names(client, shop, steward="Kim", q="ben") == ["Ben"]
    assert names(client, shop, steward="Kim", q="clara") == []
    assert names(client, shop, steward="Nobody") == []
    base = f"{pages(shop)}/people"
    for wrong in ("standing=friend", "consent=all", "flag=bold", "sort=name"):
        assert client.get(f"{base}?{wrong}").status_code == 422


def test_lists_of_many_and_of_few_are_the_same(
    client: httpx.Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        shop.append(
            f"till:{number}",
            {
                "type": "contact-registered",
                "data": {"kind": "person", "name": f"Guest{number:02} X"},
            },
            steward("Kim" if number % 4 else "Lou"),
        )
    shop.append("till:7", purchase("1", at=START - DAY))
    reflect(shop, shop.append("till:9", purchase("2", at=START - 2 * DAY)))
    path = f"{pages(shop)}/people?steward=Kim"

    def both_pages() -> list[str]:
        first = client.get(path).text
        link = unescape(re.findall(r'href="(\?[^"]+)" rel="next"', first)[0])
        second = client.get(f"{pages(shop)}/people{link}").text
        return re.findall(WHO, first) + re.findall(WHO, second)

    few = both_pages()
    assert (len(few), len(set(few))) == (30, 30)
    printed = client.get(f"{path}&print=1").text
    assert (re.findall(WHO, printed), 'rel="next"' in printed) == (few, False)
    monkeypatch.setattr(people, "MOST_READ", 1)
    monkeypatch.setattr(people, "_ROWS", 4)
    assert both_pages() == few


def require_same_from_scratch(server: Server, shop: Shop, patch: pytest.MonkeyPatch) -> None:
    """An index that was kept says what one says that is made now, a few entries at a time."""
    served = server.ledgers[shop.base.rpartition("/")[2]]
    kept = served.said.counts()
    with patch.context() as patched:
        patched.setattr(said, "WINDOW_POSITIONS", 2)
        made = said.SaidIndex(served.ledger, served.aliases, server.indexing)
        until(lambda: made.counts().is_whole)
        assert (made.counts(), kept.is_whole) == (kept, True)
    made.close()


def test_what_is_taken_back_merged_or_erased_is_not_counted(
    client: httpx.Client, shop: Shop, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shop)
    path = f"{pages(shop)}/people"
    assigned = shop.get("/contacts/till:2/events").json()["items"][1]["id"]
    taken_back = {"target": assigned, "reason": "another one was meant"}
    reflect(shop, shop.append("till:2", {"type": "event-retracted", "data": taken_back}))
    assert chips(client.get(path).text)["Kim"] == 1
    merged = shop.append("till:1", {"type": "contact-merged", "data": {"into": "till:2"}})
    reflect(shop, merged)
    assert names(client, shop, steward="Kim") == ["Ben"]
    require_same_from_scratch(server, shop, monkeypatch)
    reflect(shop, shop.append("till:1", {"type": "merge-reversed", "data": {"into": "till:2"}}))
    assert names(client, shop, steward="Kim") == ["Ada"]
    require_same_from_scratch(server, shop, monkeypatch)
    shop.append("till:1", steward(None), consent("mail", granted=False))
    found = chips(client.get(path).text)
    assert ("Kim" in found, found["marketing by mail"]) == (False, 1)
    reflect(shop, shop.append("till:2", steward(MARKER)))
    assert "<script>alert" not in client.get(path).text
    erased = client.post(
        f"{shop.base}/contacts/till:2/erasure", json={"requested_by": "them", "reason": "a letter"}
    )
    assert erased.status_code in (200, 202), erased.text
    assert MARKER not in unescape(client.get(path).text)
    require_same_from_scratch(server, shop, monkeypatch)


def test_the_next_thing_and_the_last_meeting_stand_beside_everybody(
    client: httpx.Client, shop: Shop
) -> None:
    fill(shop)
    met = {"type": "visit-made", "data": {"guests": 0}, "actor": "Kim"}
    reflect(shop, shop.append("till:2", met))
    page = client.get(f"{pages(shop)}/people").text
    rows = {re.findall(r">([A-Z]\w+) ", row)[0]: row for row in page.split("<tr data-item=")[1:]}
    assert "today (Kim)" in rows["Ben"]
    assert "yesterday" in unescape(rows["Ada"]) or "1 day ago" in rows["Ada"]
    for contact, name in (("till:1", "Ada"), ("till:2", "Ben"), ("till:3", "Clara")):
        items = shop.get(f"/contacts/{contact}/agenda", names="true").json()["items"]
        assert items
        assert items[0]["reason"] in unescape(rows[name])
