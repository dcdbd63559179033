"""Pages whose lists do not reflect what is recorded yet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from api.console.freshness import MOST_AWAITED
from projections.projections import Projections
from tests.console.ledgers import pages

if TYPE_CHECKING:
    import httpx

    from api.service.server import Server
    from tests.api.shop import Shop

BEHIND = "The list is catching up"


def followed(server: Server, shop: Shop) -> Projections:
    projections = server.ledger(shop.base.rpartition("/")[2]).projections
    assert isinstance(projections, Projections)
    return projections


def test_a_page_waits_for_the_last_events_of_its_lists(
    client: httpx.Client, shop: Shop, server: Server
) -> None:
    with ThreadPoolExecutor() as beside:
        with followed(server, shop).follower.pause():
            shop.register("till:1", "Ada Jansen")
            page = beside.submit(client.get, f"{pages(shop)}/people")
            assert client.get(f"{pages(shop)}/policies").status_code == 200
        shown = page.result().text
    assert ("Ada Jansen" in shown, BEHIND in shown) == (True, False)


def test_lists_that_are_far_behind_say_so_and_claim_nothing(
    client: httpx.Client, shop: Shop, server: Server
) -> None:
    with followed(server, shop).follower.pause():
        for number in range(MOST_AWAITED + 1):
            shop.register(f"till:{number}", f"Guest {number}")
        head = server.ledger(shop.base.rpartition("/")[2]).ledger.head()
        for path, claim in (
            ("", "Nothing is owed to anybody yet"),
            ("/people", "Nobody is here yet"),
            ("/partners", "has sent us anybody yet"),
            ("/audit", "no late entry or correction"),
        ):
            shown = client.get(f"{pages(shop)}{path}").text
            assert (path, BEHIND in shown, claim in shown) == (path, True, False)
            assert f"of {head}." in shown
    shop.get("/agenda", min_position=head)
    shown = client.get(pages(shop)).text
    assert (BEHIND in shown, "Nothing is owed to anybody yet" in shown) == (False, True)
