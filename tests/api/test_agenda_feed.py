"""The agenda in a calendar: read by two parsers, entered by a key in its address alone."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import httpx
import pytest
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.http.app import create_app
from api.http.edge.tracing import TELEMETRY
from api.service.agendas.calendar import Entry, to_icalendar
from domain.instants import DAY, HOUR, format_instant
from ledger.access.scopes import ADMIN, APPEND, READ, SCOPES
from rapport_client import Client
from tests.api.shop import START, Clock, Shop, built, listening, problem_of, purchase
from tests.cli.running import rapport, serving
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.service.server import Server

BASE = "/v1/ledgers/shop"
FEED = f"{BASE}/agenda.ics"
HARD_NAME = 'Zoë "Zed" de Wit, Jansen; \\n \N{GRINNING FACE} ' + "é" * 60
"""A name with all that iCalendar escapes, longer than a line of it."""


class Read(NamedTuple):
    """An entry as a parser gives it back."""

    uid: str
    on: date
    ends: date
    summary: str
    sequence: int


def by_icalendar(content: bytes) -> list[Read]:
    """The entries as icalendar reads them."""
    return [
        Read(str(one["uid"]), one.start, one.end, str(one["summary"]), one.sequence)
        for one in Calendar.from_ical(content).events
    ]


def by_ical(content: bytes) -> list[Read]:
    """The entries as ical reads them, which shares no code with icalendar."""
    found = IcsCalendarStream.calendar_from_ics(content.decode()).events
    return [
        Read(str(one.uid), one.dtstart, one.dtend, str(one.summary), one.sequence or 0)
        for one in found
        if one.dtstart and one.dtend
    ]


def entries(content: bytes) -> list[Read]:
    """The entries, in which both parsers agree."""
    first, second = by_icalendar(content), by_ical(content)
    assert sorted(first) == sorted(second)
    return first


class Calendars:
    """A ledger in Auckland, its owner's key, and one for each of two calendars."""

    def __init__(self, url: str, client: httpx.Client, server: Server) -> None:
        self.url = url
        self.client = client
        self.server = server
        self.owner = server.keys.make("owner", SCOPES)[1]
        self.plain = self.make()["secret"]
        self.with_occasions = self.make(occasions=True)["secret"]

    def make(self, **more: object) -> dict[str, Any]:
        """A new key for a calendar, as the answer has it."""
        made = self.post("/v1/keys", self.owner, scopes=["calendar"], **more)
        assert made.status_code == 201, made.text
        return dict(made.json())

    def post(self, path: str, key: str, **body: object) -> httpx.Response:
        return self.client.post(path, json=body, headers={"Authorization": f"Bearer {key}"})

    def append(self, contact: str, *events: tuple[str, float, dict[str, object]]) -> int:
        """Events so many days from the present; the position of the last."""
        sent = [
            {"type": one, "occurred_at": format_instant(START + round(days * DAY)), "data": data}
            for one, days, data in events
        ]
        headers = {"Authorization": f"Bearer {self.owner}"}
        path = f"{BASE}/contacts/{contact}/events"
        answer = self.client.post(path, json=sent, headers=headers)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["position"])

    def answer(self, token: str | None, **headers: str) -> httpx.Response:
        query = {} if token is None else {"token": token}
        return self.client.get(FEED, params=query, headers=headers)

    def read(self, token: str | None = None) -> list[Read]:
        answer = self.answer(token or self.plain)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        return entries(answer.content)


def bought(number: str, days: float) -> tuple[str, float, dict[str, object]]:
    return "purchase-made", days, purchase(number)["data"]


def promised(number: str, due_on: str) -> tuple[str, float, dict[str, object]]:
    return "promise-made", -2, {"promise_id": number, "due_on": due_on, "summary": "a secret"}


@pytest.fixture(scope="module")
def calendars(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calendars]:
    """Ben is owed thanks for buying, and for sending Clara; Zoe has promises and a birthday.

    The present is noon of 1 March 2026 in UTC, which is an hour after midnight in Auckland.
    """
    with built(tmp_path_factory.mktemp("feed") / "data", Clock()) as server:
        server.create("shop", "Pacific/Auckland")
        with (
            listening(create_app(server)) as url,
            httpx.Client(base_url=url, timeout=END_SECONDS) as client,
        ):
            found = Calendars(url, client, server)
            for contact, name in (("pos:1", "Ben"), ("pos:2", HARD_NAME), ("pos:3", "Clara")):
                found.append(contact, ("contact-registered", -60, {"kind": "person", "name": name}))
            sent = {"referral_id": "r1", "direction": "inbound", "other": "pos:3", "level": 3}
            found.append("pos:1", bought("p1", -3), ("referral-made", -1, sent))
            promises = [("2026-03-10", "w1"), ("2026-05-31", "w2"), ("2026-06-01", "w3")]
            born = {"occasion_id": "o", "kind": "birthday", "month": 3, "day": 5, "year": 1990}
            found.append(
                "pos:2",
                *(promised(one, by) for by, one in promises),
                ("occasion-learned", -50, born),
            )
            yield found


def test_an_entry_is_a_day_in_the_ledgers_zone_a_name_and_what_to_do(calendars: Calendars) -> None:
    promise = f"Keep what we promised {HARD_NAME.strip()} by"
    assert sorted((one.on, one.summary) for one in calendars.read()) == [
        (date(2026, 3, 1), "Thank Ben for the purchase that made them a customer."),
        (date(2026, 3, 3), "Thank Ben for sending somebody."),
        (date(2026, 3, 10), f"{promise} 10 March 2026."),
        (date(2026, 5, 30), "Get in touch with Ben: we meet at least every 90 days."),
        (date(2026, 5, 31), f"{promise} 31 May 2026."),
    ]
    assert {(one.ends - one.on).days for one in calendars.read()} == {1}


def test_occasions_stand_only_in_calendars_that_may_have_them(calendars: Calendars) -> None:
    more = set(calendars.read(calendars.with_occasions)) - set(calendars.read())
    assert [(one.on, one.summary) for one in more] == [
        (date(2026, 3, 5), f"Greet {HARD_NAME.strip()} on 5 March: birthday.")
    ]
    read = {"Authorization": f"Bearer {calendars.owner}"}
    assert len(entries(calendars.answer(None, **read).content)) == len(calendars.read())


def test_uids_stay_and_sequences_grow_with_the_contact(calendars: Calendars) -> None:
    before = calendars.read()
    ben = [one for one in before if "Ben" in one.summary]
    position = calendars.append("pos:1", ("visit-made", -0.5, {"guests": 0}))
    after = {one.uid: one for one in calendars.read()}
    assert after.keys() == {one.uid for one in before}
    assert len(after) == len(before)
    assert {after[one.uid].sequence for one in ben} == {position}
    assert all(after[one.uid] == one for one in before if one not in ben)


def test_rebuilt_projections_give_the_same_bytes(calendars: Calendars) -> None:
    before = calendars.answer(calendars.with_occasions).content
    owner = {"Authorization": f"Bearer {calendars.owner}"}
    listed = calendars.client.get(f"{BASE}/projections", headers=owner).json()["items"]
    with Client(calendars.url, ledger="shop", key=calendars.owner) as client:
        for one in listed:
            assert client.wait(client.rebuild(one["name"])).state == "succeeded"
    assert calendars.answer(calendars.with_occasions).content == before


def test_a_feed_that_is_known_is_not_sent_again(calendars: Calendars) -> None:
    first = calendars.answer(calendars.plain)
    known = {"If-None-Match": first.headers["etag"]}
    again = calendars.answer(calendars.plain, **known)
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "no-cache"


def test_a_revoked_token_ends_it(calendars: Calendars) -> None:
    made = calendars.make(name="a phone")
    assert calendars.read(made["secret"])
    owner = {"Authorization": f"Bearer {calendars.owner}"}
    calendars.client.delete(f"/v1/keys/{made['id']}", headers=owner).raise_for_status()
    problem_of(calendars.answer(made["secret"]), 401, "unauthenticated")
    problem_of(calendars.answer("rk_nonsense"), 401, "unauthenticated")
    problem_of(calendars.answer(None), 401, "unauthenticated")


def test_an_address_holds_a_calendars_key_and_no_other(calendars: Calendars) -> None:
    for scope in SCOPES:
        _, secret = calendars.server.keys.make(scope, [scope])
        problem_of(calendars.answer(secret), 403, "forbidden")
        by_header = calendars.answer(None, Authorization=f"Bearer {secret}")
        assert by_header.status_code == (200 if scope == READ else 403)
    both = calendars.answer(calendars.plain, Authorization=f"Bearer {calendars.plain}")
    problem_of(both, 401, "unauthenticated")
    for path in ("/agenda", "/contacts/pos:1", "/events", "/agenda/summary"):
        headers = {"Authorization": f"Bearer {calendars.plain}"}
        problem_of(calendars.client.get(BASE + path, headers=headers), 403, "forbidden")
        by_token = calendars.client.get(BASE + path, params={"token": calendars.plain})
        problem_of(by_token, 401, "unauthenticated")
    _, foreign = calendars.server.keys.make("foreign", ["calendar"], ledger="other")
    problem_of(calendars.answer(foreign), 403, "forbidden")


def test_a_calendars_key_has_no_other_scope_and_is_made_by_readers(calendars: Calendars) -> None:
    made = calendars.make(occasions=True)
    assert (made["name"], made["scopes"], made["occasions"]) == ("calendar", ["calendar"], True)
    refused = calendars.post("/v1/keys", calendars.owner, name="x", scopes=["calendar", "read"])
    assert problem_of(refused, 422, "invalid-request")["errors"][0]["pointer"] == "/scopes"
    refused = calendars.post("/v1/keys", calendars.owner, name="x", scopes=["read"], occasions=True)
    assert problem_of(refused, 422, "invalid-request")["errors"][0]["pointer"] == "/occasions"
    refused = calendars.post("/v1/keys", calendars.owner, scopes=["read"])
    assert problem_of(refused, 422, "invalid-request")["errors"][0]["pointer"] == "/name"
    _, admin = calendars.server.keys.make("admin", [ADMIN, APPEND])
    refused = calendars.post("/v1/keys", admin, name="x", scopes=["calendar"])
    problem_of(refused, 403, "forbidden")


def test_the_client_reads_the_feed_with_its_key_in_a_header(calendars: Calendars) -> None:
    with Client(calendars.url, ledger="shop", key=calendars.with_occasions) as client:
        assert sorted(entries(client.agenda_feed())) == sorted(
            calendars.read(calendars.with_occasions)
        )


def thanks_in(shop: Shop, newest: httpx.Response) -> list[Read]:
    """In the feed, once it reflects what was appended last."""
    assert shop.get("/agenda", min_position=newest.json()["position"]).status_code == 200
    found = entries(shop.get("/agenda.ics").content)
    return [one for one in found if one.summary.startswith("Thank")]


def test_open_mode_asks_for_no_token(shop: Shop) -> None:
    shop.register("pos:1", "Ada")
    bought = shop.append("pos:1", purchase("p1", START - HOUR))
    (entry,) = thanks_in(shop, bought)
    assert entry.summary == "Thank Ada for the purchase that made them a customer."


def test_a_deferred_item_comes_back_on_the_day_it_was_put_off_to(shop: Shop) -> None:
    shop.register("pos:1", "Ada")
    bought = shop.append("pos:1", purchase("p1", START - HOUR))
    (item,) = shop.get("/agenda", min_position=bought.json()["position"]).json()["items"]
    (entry,) = thanks_in(shop, bought)
    put_off = {"item": item["key"], "until": "2026-03-20T10:00:00Z"}
    deferred = shop.append("pos:1", {"type": "action-deferred", "data": put_off})
    (later,) = thanks_in(shop, deferred)
    assert (later.uid, later.on) == (entry.uid, date(2026, 3, 20))
    assert shop.get("/agenda").json()["items"] == []


def test_every_character_of_a_name_survives_both_parsers() -> None:
    """Also those that no name may hold, since a sentence is written by itself."""
    uid = UUID(int=5)
    for text in (HARD_NAME, "a\nb", "a\r\nb", ';,:"\\', "\\n", "\N{GRINNING FACE}" * 40, "é" * 200):
        content = to_icalendar("main", [Entry(uid, date(2026, 3, 1), text, 7, START)])
        assert all(len(line) <= 75 for line in content.split(b"\r\n")), "folded by bytes"
        ((_, _, _, summary, _),) = entries(content)
        assert summary == text.replace("\r\n", "\n")


def test_no_span_no_line_and_no_figure_holds_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAPPORT_LOG_LEVEL", "debug")
    folder = tmp_path / "data"
    made = rapport("keys", "create", "ours", "--scope", "calendar", "--occasions", "--data", folder)
    rapport("keys", "create", "owner", "--scope", "audit", "--data", folder)
    (listed, _) = rapport("keys", "list", "--data", folder, "--json").json()
    assert (listed["scopes"], listed["occasions"]) == (["calendar"], True)
    secret = made.out.strip()
    with (
        serving("serve", "--port", 0, "--data", folder) as running,
        httpx.Client(base_url=running.url, timeout=END_SECONDS) as client,
    ):
        for path, status in (
            ("/v1/ledgers/main/agenda.ics", 200),
            ("/v1/ledgers/other/agenda.ics", 404),
            ("/v1/ledgers/main/agenda", 401),
            ("/v1/ledgers/main/agenda.ics?limit=1", 422),
            ("/nowhere", 404),
        ):
            joined = f"{path}{'&' if '?' in path else '?'}token={secret}"
            answer = client.get(joined)
            assert answer.status_code == status
            assert secret not in answer.text + str(answer.headers)
        running.process.terminate()
        out, err = running.process.communicate(timeout=END_SECONDS)
    assert "route=/v1/ledgers/{ledger}/agenda.ics" in err, "the log was written"
    trail = rapport("trail", "--data", folder)
    for text in (out, err, trail.out):
        assert secret not in text


def test_a_span_holds_no_token(server: Server, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setitem(TELEMETRY, "tracer_provider", provider)
    with listening(create_app(server)) as url:
        path = f"{url}{shop.base}/agenda.ics"
        httpx.get(path, params={"token": "rk_Xanthippe"}, timeout=END_SECONDS)
        figures = httpx.get(f"{url}/metrics", timeout=END_SECONDS).text
    provider.shutdown()
    told = "".join(one.to_json() for one in exporter.get_finished_spans())
    assert "agenda.ics" in told
    assert "Xanthippe" not in told + figures
