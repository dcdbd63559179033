"""What was typed is never lost, and what is wrong with it is told in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from api.console.app import Console
from api.console.sessions import IDLE_SECONDS, Sessions
from api.http.app import create_app
from tests.api.shop import listening
from tests.console.forms import fields_of, send
from tests.console.keyed import SIGN_IN
from tests.console.ledgers import events, pages
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.shop import Shop
    from tests.console.keyed import Keyed

ACT = "/console/ledgers/shop/act"


class Idle:
    """A browser without scripts that was left alone for as long as a session lasts."""

    def __init__(self, keyed: Keyed, browser: httpx.Client, now: list[float]) -> None:
        self.keyed = keyed
        self.browser = browser
        self.now = now
        self.secret, _ = keyed.key("read", "append", "admin")

    def sign_in(self) -> None:
        assert self.browser.post(SIGN_IN, data={"key": self.secret}).status_code == 303

    def fill(self, path: str, action: str, **typed: str) -> dict[str, str]:
        """The form of a page, filled, after which eight hours go by."""
        fields = fields_of(self.browser.get(path).text, action) | typed
        self.now[0] += IDLE_SECONDS + 1
        return fields

    def sign_in_with(self, answer: httpx.Response) -> httpx.Response:
        """Sign in on the page that asks for it, which sends the form there once more."""
        assert answer.status_code == 401
        assert "What you typed is kept" in answer.text
        sent = {**fields_of(answer.text, SIGN_IN), "key": self.secret}
        led = self.browser.post(SIGN_IN, data=sent)
        assert led.status_code == 307
        del sent["key"]
        return self.browser.post(led.headers["location"], data=sent)


@pytest.fixture
def idle(keyed: Keyed) -> Iterator[Idle]:
    keyed.register("till:1", "Ada Jansen")
    now = [0.0]
    console = Console(keyed.server, Sessions(lambda: now[0])).application()
    with (
        listening(create_app(keyed.server, pages=console)) as address,
        httpx.Client(base_url=address, timeout=END_SECONDS, headers={"Origin": address}) as browser,
    ):
        made = Idle(keyed, browser, now)
        made.sign_in()
        yield made


def test_a_form_of_a_session_that_ended_is_shown_again_after_the_sign_in(idle: Idle) -> None:
    path = f"{ACT}?type=gesture-made&contact=till:1"
    typed = {"data.gesture": "two cakes", "data.cost_minor": "3.10", "data.reason": "rain"}
    fields = idle.fill(path, ACT, **typed)
    wrong = idle.browser.post(ACT, data=fields)
    again = idle.browser.post(SIGN_IN, data={**fields_of(wrong.text, SIGN_IN), "key": "rk_no"})
    assert again.status_code == 401
    assert fields_of(again.text, SIGN_IN)["data.gesture"] == "two cakes", "also a wrong key"
    shown = idle.sign_in_with(wrong)
    assert (shown.status_code, "Nothing was recorded" in shown.text) == (409, True)
    assert fields_of(shown.text, ACT)["data.gesture"] == "two cakes"
    recorded = idle.browser.post(ACT, data=fields_of(shown.text, ACT))
    assert (recorded.status_code, "Recorded" in recorded.text) == (200, True)


def test_an_erasure_and_a_correction_are_kept_over_a_sign_in(idle: Idle) -> None:
    person = "/console/ledgers/shop/people/till:1"
    contact = idle.keyed.client.get(
        "/v1/ledgers/shop/contacts/till:1/events", headers=idle.keyed.headers
    ).json()["items"][0]
    erasure = f"/console/ledgers/shop/people/{contact['contact_id']}/erasure"
    fields = idle.fill(f"{person}/erasure", erasure, reason="a letter", confirmed="erase")
    shown = idle.sign_in_with(idle.browser.post(erasure, data=fields))
    assert (shown.status_code, fields_of(shown.text, erasure)["reason"]) == (409, "a letter")
    path = "/console/ledgers/shop/correct"
    form = f"{path}?contact=till:1&event={contact['id']}"
    fields = idle.fill(form, path, **{"data.name": "Ada de Jong"})
    shown = idle.sign_in_with(idle.browser.post(path, data=fields))
    assert (shown.status_code, fields_of(shown.text, path)["data.name"]) == (409, "Ada de Jong")


def test_a_form_of_another_site_is_not_taken_along(idle: Idle) -> None:
    fields = idle.fill(f"{ACT}?type=thanks-given&contact=till:1", ACT)
    evil = {"Origin": "https://evil.example"}
    answer = idle.browser.post(ACT, data=fields, headers=evil)
    assert (answer.status_code, answer.headers["location"]) == (303, SIGN_IN)
    for again in ("https://evil.example/console", "//evil.example", "/v1/ledgers"):
        led = idle.browser.post(SIGN_IN, data={"key": idle.secret, "again": again})
        assert (led.status_code, led.headers["location"]) == (303, "/console")


def test_the_script_of_a_page_is_told_that_the_session_ended(idle: Idle) -> None:
    fields = idle.fill(f"{ACT}?type=thanks-given&contact=till:1", ACT)
    answer = idle.browser.post(ACT, data=fields, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.text) == (401, "")


def test_what_is_wrong_is_told_by_what_the_field_is_called(
    client: httpx.Client, shop: Shop
) -> None:
    shop.register("till:1")
    base = pages(shop)
    wrong = send(
        client, f"{base}/act?type=thanks-given&contact=till:1", f"{base}/act", contact="no number"
    )
    told = wrong.text.partition('role="alert">')[2].partition("<")[0] or wrong.text
    assert "/contact" not in told.replace("/contacts", "")
    assert len(events(shop, "till:1")) == 1


def test_a_retraction_on_the_page_of_a_person_says_that_it_is_recorded(
    client: httpx.Client, shop: Shop
) -> None:
    contact = shop.register("till:1").json()["contact_id"]
    shop.append("till:1", {"type": "visit-made", "data": {"guests": 0}})
    base = pages(shop)
    person = f"{base}/people/{contact}"
    led = send(client, person, f"{base}/undo", reason="it was Ben")
    assert (led.status_code, led.headers["location"]) == (303, person)
    page = client.get(person).text
    assert "Taken back: a retraction is recorded" in page
    assert "Taken back" not in client.get(person).text


def test_a_past_is_found_by_a_name_too(client: httpx.Client, shop: Shop) -> None:
    first = shop.register("till:1", "Ada Jansen").json()["contact_id"]
    shop.register("till:2", "Ben Okafor")
    last = shop.register("till:3", "Ben Smit").json()["position"]
    assert shop.get("/contacts", min_position=last).status_code == 200  # the index has them all
    path = f"{pages(shop)}/steps"
    for typed in ("ada", "till:1", first):
        led = client.get(path, params={"contact": typed})
        assert (led.status_code, led.headers["location"]) == (
            303,
            f"{pages(shop)}/people/{first}/steps",
        )
    several = client.get(path, params={"contact": "ben"})
    assert ("Ben Okafor" in several.text, "Ben Smit" in several.text) == (True, True)
    assert "Nobody is called" in client.get(path, params={"contact": "xqz wv"}).text


def test_the_age_of_a_backup_and_what_a_button_does_are_in_words(
    client: httpx.Client, shop: Shop, keyed: Keyed
) -> None:
    page = client.get(f"{pages(shop)}/operations").text
    assert "No backup of this ledger is known" in page
    assert "Rebuild makes one anew from every entry" in page
    server = keyed.server
    trail = server.trails.of("shop")
    principal = server.keys.all()[0].principal
    trail.conclude(trail.record(principal, "ledger-backed-up", "shop"), "done")
    secret, _ = keyed.key("admin", "audit", "read")
    keyed.sign_in(secret)
    page = keyed.client.get("/console/ledgers/shop/operations").text
    assert "The last backup was made <strong>today</strong>" in page
    audit = keyed.client.get("/console/ledgers/shop/audit").text
    assert f'owner <span class="hint">{principal.id}</span>' in audit


def test_what_was_chosen_for_a_file_is_kept_over_a_sign_in(idle: Idle) -> None:
    path = "/console/ledgers/shop/imports"
    typed = {"mapping": "square-transactions", "set.currency": "USD", "dry_run": "no"}
    fields = idle.fill(path, path, **typed)
    files = {"file": ("sales.csv", b"x" * 200_000, "text/csv")}
    wrong = idle.browser.post(path, data=fields, files=files)
    shown = idle.sign_in_with(wrong)
    assert (shown.status_code, "choose it again" in shown.text) == (409, True)
    again = fields_of(shown.text, path)
    assert {name: again[name] for name in ("mapping", "set.currency")} == {
        "mapping": "square-transactions",
        "set.currency": "USD",
    }
    assert re.search('name="dry_run" value="no" checked', shown.text)
    assert "None yet" in idle.browser.get(path).text, "nothing was imported"
    sent = idle.browser.post(path, data={**again, "dry_run": "yes"}, files=files)
    assert sent.status_code in (303, 422), "with the file it is taken"
