"""Who may see pages and send forms: keys, sessions, origins, and what browsers are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from api.bootstrap import build
from api.console.app import POLICY, Console
from api.console.sessions import IDLE_SECONDS, Sessions
from api.console.visit import Visit
from api.http.app import create_app
from api.service.settings import Settings
from domain.errors import Corrupt
from ledger.access.scopes import THIS_MACHINE
from tests.api.shop import Clock, listening
from tests.console.forms import fields_of, send
from tests.console.keyed import SIGN_IN, Keyed
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.shop import Shop


def test_browsers_are_led_to_the_console_and_programs_to_documents(client: httpx.Client) -> None:
    assert client.get("/", headers={"Accept": "text/html"}).headers["Location"] == "/console"
    assert client.get("/", headers={"Accept": "application/json"}).json()["openapi"]


def test_every_page_says_what_it_may_load_and_is_not_kept(client: httpx.Client, shop: Shop) -> None:
    for path in (f"/console{shop.base[3:]}", "/console?all=1", "/console/nothing", SIGN_IN):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(address: str) -> None:
    answer = httpx.get(f"{address}/console?all=1", timeout=END_SECONDS)
    cookie = answer.headers["Set-Cookie"]
    port = address.rpartition(":")[2]
    assert cookie.startswith(f"rapport_{port}=")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict")


def test_a_form_of_another_page_records_nothing(client: httpx.Client, shop: Shop) -> None:
    shop.register("till:1")
    action, base = f"/console{shop.base[3:]}/act", f"/console{shop.base[3:]}"
    page = client.get(f"{base}/act?type=thanks-given&contact=till:1").text
    fields = fields_of(page, action)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert client.post(action, data=fields, headers=headers).status_code == 403
    without_origin = httpx.Request(
        "POST", client.base_url.join(action), data=fields, cookies=client.cookies
    )
    with httpx.Client(timeout=END_SECONDS) as bare:
        assert bare.send(without_origin).status_code == 403
    stale = client.post(action, data={**fields, "token": "of-another-session"})
    assert stale.status_code == 409
    again = fields_of(stale.text, action)
    assert {**fields, "token": again["token"]} == again, "the same form, for this session"
    undo = client.post(f"{base}/undo", data={"token": "of-another-session"})
    assert undo.status_code == 403
    assert "load the page again" in undo.text
    assert len(shop.get("/contacts/till:1/events").json()["items"]) == 1


def test_a_session_ends_after_eight_idle_hours() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    secret, session = sessions.begin(THIS_MACHINE)
    now[0] = IDLE_SECONDS
    assert sessions.find(secret) is session
    now[0] = 2 * IDLE_SECONDS + 1
    assert sessions.find(secret) is None


def test_what_a_page_asks_by_itself_is_no_use_of_a_session() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    secret, _ = sessions.begin(THIS_MACHINE)
    now[0] = IDLE_SECONDS
    assert sessions.find(secret, is_used=False) is not None
    now[0] = IDLE_SECONDS + 1
    assert sessions.find(secret) is None


def test_beyond_a_number_the_session_that_was_idle_longest_ends() -> None:
    sessions = Sessions(lambda: 0.0, most=2)
    first, second = sessions.begin(THIS_MACHINE)[0], sessions.begin(THIS_MACHINE)[0]
    assert sessions.find(first) is not None
    sessions.begin(THIS_MACHINE)
    assert (sessions.find(first) is None, sessions.find(second) is None) == (False, True)


def test_with_keys_pages_lead_to_the_sign_in(keyed: Keyed) -> None:
    answer = keyed.client.get("/console/ledgers/shop")
    wanted = f"{SIGN_IN}?next=%2Fconsole%2Fledgers%2Fshop"
    assert (answer.status_code, answer.headers["Location"]) == (303, wanted)
    wrong = keyed.sign_in("rk_0000000000000000_" + "a" * 43)
    assert wrong.status_code == 401
    assert "unknown, revoked or expired" in wrong.text


def test_a_signed_in_key_opens_the_pages_of_its_scopes(keyed: Keyed) -> None:
    secret, _ = keyed.key("read")
    assert keyed.sign_in(secret).status_code == 303
    today = keyed.client.get("/console/ledgers/shop")
    assert today.status_code == 200
    assert "Log an act" not in today.text
    assert secret not in today.text
    act = keyed.client.get("/console/ledgers/shop/act")
    assert act.status_code == 403
    token = fields_of(today.text, "/console/sign-out")["token"]
    sent = keyed.client.post("/console/ledgers/shop/act", data={"token": token})
    assert sent.status_code == 403


@pytest.mark.parametrize(
    ("wanted", "opened"),
    [
        ("/console/ledgers/shop/people?q=zoe+m%C3%BCller&stage=client", None),
        ("/console/ledgers/shop/people/till:1", None),
        ("https://evil.example/console/ledgers/shop", "/console/ledgers/shop"),
        ("//evil.example", "/console"),
        ("/console//evil.example", "/console"),
        ("/console/../v1/ledgers", "/console"),
        ("/console/%2e%2e/v1", "/console"),
        ("/console\\evil", "/console"),
        ("/console@evil.example", "/console"),
        ("javascript:alert(1)", "/console"),
        ("/console/\r\nSet-Cookie: a=b", "/console"),
    ],
)
def test_the_page_that_was_wanted_opens_after_the_sign_in_and_no_other(
    keyed: Keyed, wanted: str, opened: str | None
) -> None:
    form = fields_of(keyed.client.get(SIGN_IN, params={"next": wanted}).text, SIGN_IN)
    secret = keyed.key("read")[0]
    for field in (form["next"], wanted):  # what stands in the form, and what anybody may send
        answer = keyed.client.post(SIGN_IN, data={"key": secret, "next": field})
        assert answer.headers["Location"] == (opened or wanted)


def test_pages_of_errors_have_the_menu_of_who_may_see_it(keyed: Keyed) -> None:
    base, people = "/console/ledgers/shop", 'href="/console/ledgers/shop/people"'
    keyed.sign_in(keyed.key("read")[0])
    for path, status in (("/act", 403), ("/people/till:9", 404), ("/weather", 404)):
        page = keyed.client.get(f"{base}{path}")
        assert (path, page.status_code, people in page.text) == (path, status, True)
    assert people not in keyed.client.get("/console/ledgers/nowhere").text
    keyed.sign_in(keyed.key("read", ledger="other")[0])
    refused = keyed.client.get(f"{base}/people")
    assert (refused.status_code, people in refused.text) == (403, False)


@pytest.mark.parametrize(("error", "status"), [(Corrupt("a page"), 503), (OSError("a disk"), 500)])
def test_a_fault_of_ours_is_a_page_with_the_menu(
    keyed: Keyed, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    keyed.sign_in(keyed.key("read")[0])

    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(Visit, "question", fail)
    page = keyed.client.get("/console/ledgers/shop/people")
    assert (page.status_code, "/console/ledgers/shop/people" in page.text) == (status, True)
    assert str(error) not in page.text


def test_a_key_that_only_appends_is_told_of_nobody(keyed: Keyed) -> None:
    keyed.register("till:1", "Ada Jansen")
    base, items = "/console/ledgers/shop", "/v1/ledgers/shop/contacts/till:1"
    made = {"type": "promise-made", "data": {"promise_id": "p1", "summary": "Ada's table"}}
    keyed.client.post(f"{items}/events", json=made, headers=keyed.headers)
    (item,) = keyed.client.get(f"{items}/agenda", headers=keyed.headers).json()["items"]
    entry = keyed.client.get(f"{items}/events", headers=keyed.headers).json()["items"][0]["id"]
    assert keyed.sign_in(keyed.key("append")[0]).status_code == 303
    assert f'href="{base}/act"' in keyed.client.get("/console").text
    act = f"{base}/act"
    shown = [
        keyed.client.get(f"{act}?contact=till:1&item={item['key']}"),
        send(keyed.client, f"{act}?type=thanks-given", act, who="ada"),
        send(keyed.client, f"{act}?type=thanks-given", act, who="till:1"),
        send(keyed.client, f"{act}?type=thanks-given&contact=till:1", act),
        keyed.client.get(f"{base}/correct?contact=till:1&event={entry}"),
        keyed.client.post(f"{base}/correct", data={"contact": "till:1", "event": entry}),
    ]
    assert [one.status_code for one in shown] == [200, 422, 200, 200, 403, 403]
    assert "source:ref" in shown[1].text
    for answer in shown:
        assert "Ada" not in answer.text
        assert "data-live" not in answer.text  # which it may not follow


def test_a_key_that_opens_no_page_does_not_sign_in(keyed: Keyed) -> None:
    refused = keyed.sign_in(keyed.key("calendar", occasions=False)[0])
    assert refused.status_code == 403
    assert "opens no page" in refused.text
    assert keyed.client.get("/console").headers["Location"].startswith(SIGN_IN)


def test_a_ledger_that_never_was_is_not_held_as_being_read(keyed: Keyed) -> None:
    keyed.sign_in(keyed.key("read")[0])
    assert keyed.client.get("/console/ledgers/nowhere").status_code == 404
    assert keyed.server.usage_counts.all_left("nowhere", 0.0)


def test_a_key_of_one_ledger_opens_no_other(keyed: Keyed) -> None:
    keyed.sign_in(keyed.key("read", ledger="shop")[0])
    assert keyed.client.get("/console/ledgers/shop").status_code == 200
    for name in ("other", "nowhere"):
        assert keyed.client.get(f"/console/ledgers/{name}").status_code == 403


def test_a_session_ends_with_its_key(keyed: Keyed) -> None:
    secret, key_id = keyed.key("read")
    keyed.sign_in(secret)
    assert keyed.client.get("/console/ledgers/shop").status_code == 200
    revoked = keyed.client.delete(f"/v1/keys/{key_id}", headers=keyed.headers)
    assert revoked.status_code in (200, 204)
    assert keyed.client.get("/console/ledgers/shop").headers["Location"].startswith(SIGN_IN)


def test_signing_out_ends_the_session(keyed: Keyed) -> None:
    keyed.sign_in(keyed.key("read")[0])
    kept = dict(keyed.client.cookies)
    assert send(keyed.client, "/console?all=1", "/console/sign-out").status_code == 303
    keyed.client.cookies.update(kept)
    assert keyed.client.get("/console/ledgers/shop").headers["Location"].startswith(SIGN_IN)


def test_a_stream_ends_with_its_session(keyed: Keyed) -> None:
    keyed.sign_in(keyed.key("read")[0])
    token = fields_of(keyed.client.get("/console/ledgers/shop").text, "/console/sign-out")
    with keyed.client.stream("GET", "/console/ledgers/shop/live") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: moved"
        assert keyed.client.post("/console/sign-out", data=token).status_code == 303
        keyed.register("till:1", "Ada Jansen")
        assert [line for line in lines if line.startswith("data: ")] == ["data: 1"]


def test_signing_in_renews_the_session(keyed: Keyed) -> None:
    secret, _ = keyed.key("read")
    keyed.sign_in(secret)
    before = dict(keyed.client.cookies)
    keyed.sign_in(secret)
    assert dict(keyed.client.cookies) != before
    with httpx.Client(base_url=keyed.client.base_url, timeout=END_SECONDS, cookies=before) as old:
        assert old.get("/console/ledgers/shop").headers["Location"].startswith(SIGN_IN)


def test_a_session_is_no_key_for_programs(keyed: Keyed) -> None:
    keyed.sign_in(keyed.key("read")[0])
    assert keyed.client.get("/v1/ledgers/shop").status_code == 401


def test_trying_keys_has_a_limit(keyed: Keyed) -> None:
    tried = [keyed.sign_in(f"rk_{'0' * 16}_{'a' * 43}").status_code for _ in range(11)]
    assert tried == [401] * 10 + [429]


def test_pages_of_other_origins_read_nothing_of_the_console(keyed: Keyed) -> None:
    ours = {"Origin": "https://shop.example"}
    assert "Access-Control-Allow-Origin" in keyed.client.get("/v1/ledgers", headers=ours).headers
    for path in ("/console", SIGN_IN, "/console/static/console.js"):
        answer = keyed.client.get(path, headers=ours)
        assert "Access-Control-Allow-Origin" not in answer.headers
    asked = {**ours, "Access-Control-Request-Method": "POST"}
    answer = keyed.client.options("/console/ledgers/shop/act", headers=asked)
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("host", ["127.0.0.1:99999", "[", "rapport.example:port"])
def test_a_host_that_is_none_is_refused_and_no_fault_of_ours(keyed: Keyed, host: str) -> None:
    for path in ("/console", SIGN_IN, "/console/ledgers/shop/people?q=a", "/console/nowhere"):
        answer = keyed.client.get(path, headers={"Host": host})
        assert (path, answer.status_code) == (path, 400)
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("public_url", "cookie"),
    [("https://rapport.example", "__Host-rapport"), ("http://rapport.example", None)],
)
def test_sessions_travel_over_https_or_this_machine_alone(
    tmp_path: Path, public_url: str, cookie: str | None
) -> None:
    server = build(Settings(folder=tmp_path / "data", public_url=public_url), clock=Clock())
    _, secret = server.keys.make("owner", ("read",))
    with (
        listening(create_app(server, pages=Console(server).application())) as address,
        httpx.Client(
            base_url=address, timeout=END_SECONDS, headers={"Origin": public_url}
        ) as client,
    ):
        answer = client.post(SIGN_IN, data={"key": secret})
    server.close()
    if cookie is None:
        assert answer.status_code == 403
        assert "RAPPORT_PUBLIC_URL" in answer.text
    else:
        assert answer.headers["Set-Cookie"].startswith(f"{cookie}=")
        assert "; Secure" in answer.headers["Set-Cookie"]


def test_lines_to_copy_name_the_address_that_is_public(tmp_path: Path) -> None:
    public_url = "https://rapport.example"
    server = build(Settings(folder=tmp_path / "data", public_url=public_url), clock=Clock())
    _, secret = server.keys.make("owner", ("admin", "read", "audit"))
    with (
        listening(create_app(server, pages=Console(server).application())) as address,
        httpx.Client(
            base_url=address, timeout=END_SECONDS, headers={"Origin": public_url}
        ) as client,
    ):
        named = {"Authorization": f"Bearer {secret}"}
        client.post("/v1/ledgers", json={"name": "shop"}, headers=named)
        cookie = client.post(SIGN_IN, data={"key": secret}).headers["Set-Cookie"].partition(";")[0]
        page = client.get("/console/ledgers/shop/audit", headers={"Cookie": cookie})
    server.close()
    assert page.text.count(f"{public_url}/v1/ledgers/shop") == 5
    assert address not in page.text
