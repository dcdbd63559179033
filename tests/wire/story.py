"""One story told to a server in fixed words: every operation is asked, most of them twice."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import httpx

from domain.instants import SECOND
from tests.api.wire import until
from tests.wire.imports import UNKNOWN, has_ended, tell_imports
from tests.wire.webhooks import tell_webhooks

if TYPE_CHECKING:
    from tests.api.shop import Clock
    from tests.wire.recording import Recorder

Json = dict[str, Any]

LEDGER = "/v1/ledgers/main"
NAMES = UUID("00000000-0000-4000-8000-000000000000")
ANNA, BEN, CEM, DORA = (f"{number}0000000-0000-4000-8000-000000000001" for number in range(1, 5))
AT = "2026-02-{:02d}T10:00:00Z"


def event(type_: str, day: int, number: int, **data: Any) -> Json:
    """An event of that day in February 2026, with an id of its own."""
    return {
        "type": type_,
        "id": str(uuid5(NAMES, str(number))),
        "occurred_at": AT.format(day),
        "source": "till-1",
        "data": data,
    }


def sale(day: int, number: int, amount_minor: int = 1450) -> Json:
    """A purchase by the contact."""
    return event(
        "purchase-made",
        day,
        number,
        purchase_id=f"p-{number}",
        amount_minor=amount_minor,
        currency="EUR",
        initiated_by="contact",
    )


def registration(number: int, name: str) -> Json:
    """A person who is registered on the first of February."""
    return event("contact-registered", 1, number, kind="person", name=name)


def tell(recorder: Recorder, clock: Clock) -> None:
    """The whole story."""
    _appends(recorder)
    _refusals(recorder)
    _reads(recorder)
    _lists(recorder)
    _policies(recorder)
    _long_work(recorder)
    _log(recorder)
    _erasure(recorder)
    tell_imports(recorder, clock)
    tell_webhooks(recorder)
    _administration(recorder, clock)


def _appends(recorder: Recorder) -> None:
    ask, to = recorder.post, f"{LEDGER}/contacts/{{}}/events".format
    anna = registration(1, "Anna de Wit")
    ask(to(ANNA), anna, "a first event", If_None_Match="*")
    ask(to(ANNA), anna, "the same again")
    ask(to(ANNA), {**anna, "source": "other"}, "the id with other content")
    # A number of a producer becomes a random id, which would stand anywhere in a list.
    recorder.post("/v1/ledgers", {"name": "numbers"})
    ask(to("pos:17850").replace("main", "numbers"), registration(2, "Eve Ode"), "a till's number")
    ask(to(BEN), registration(3, "Ben Okafor"), "a short answer", Prefer="return=minimal")
    weekly = [sale(day, 10 + day) for day in (2, 5, 8, 11, 14, 17)]
    ask(to(ANNA), weekly, "a batch", If_Match='"1"')
    ask(to(ANNA), sale(20, 31), "a version that has passed", If_Match='"1"')
    ask(
        to(ANNA),
        [
            event("testimonial-given", 18, 32, public=True),
            event(
                "referral-made", 18, 33, referral_id="r-1", direction="inbound", other=BEN, level=3
            ),
            event("preference-learned", 18, 34, key="table", value="by the window"),
            event(
                "wallet-share-reported", 18, 35, category="lunch", share_percent=80, method="stated"
            ),
            event("complaint-raised", 18, 36, complaint_id="c-1", severity=1, public=False),
            event("complaint-resolved", 19, 37, complaint_id="c-1", satisfied=True),
            event("consent-changed", 19, 38, purpose="marketing", channel="email", granted=True),
        ],
        "many kinds",
    )
    ask(to(BEN), sale(20, 40, 20_000), "a purchase that wins a referral")
    ask(to(ANNA), event("reward-paid", 22, 41, referral_id="r-1", amount_minor=500, currency="EUR"))
    ask(
        f"{LEDGER}/events",
        [
            {"contact": CEM, **registration(50, "Cem Aydin")},
            {"contact": CEM, **sale(3, 51)},
            {"contact": DORA, **registration(52, "Dora Stein")},
        ],
        "an append to many contacts",
    )
    _other_forms(recorder)
    ask(to(ANNA), sale(23, 60), "an id made of a key", Idempotency_Key="order-2026-02-23-0001")
    changed = {**weekly[0]["data"], "amount_minor": 1500}
    ask(to(ANNA), event("event-corrected", 24, 61, target=str(uuid5(NAMES, "12")), data=changed))
    ask(to(ANNA), event("event-retracted", 24, 62, target=str(uuid5(NAMES, "32")), reason="no"))


def _other_forms(recorder: Recorder) -> None:
    """Bulk lines and a CloudEvent."""
    lines = [
        {"contact": DORA, **sale(4, 53)},
        {"contact": DORA, **sale(4, 53)},
        {"contact": DORA, "type": "nothing-known", "data": {}},
        {"contact": UNKNOWN, **sale(4, 54)},
    ]
    sent = "".join(json.dumps(one) + "\n" for one in lines).encode()
    recorder.ask("POST", f"{LEDGER}/events", sent, "bulk lines", Content_Type="application/jsonl")
    cloud = {
        "specversion": "1.0",
        "id": str(uuid5(NAMES, "cloud")),
        "source": "shop",
        "type": "visit-made",
        "subject": DORA,
        "time": AT.format(6),
        "data": {"guests": 2},
    }
    content = json.dumps(cloud).encode()
    recorder.ask(
        "POST",
        f"{LEDGER}/events",
        content,
        "a cloud event",
        Content_Type="application/cloudevents+json",
    )


def _refusals(recorder: Recorder) -> None:
    ask, to = recorder.post, f"{LEDGER}/contacts/{{}}/events".format
    ask(to(UNKNOWN), sale(2, 70), "a contact that nobody registered")
    ask(to(ANNA), sale(2, 12) | {"id": str(uuid5(NAMES, "71"))}, "a purchase id in use")
    ask(to(ANNA), {"type": "purchase-made", "data": {"amount_minor": -1}}, "missing fields")
    ask(to(ANNA), {**sale(2, 72), "occurred_at": "yesterday"}, "no instant")
    ask(to(ANNA), [], "nothing to append")
    ask(to("no-name"), sale(2, 73), "no contact")
    recorder.ask("POST", to(ANNA), b"{", "broken JSON")
    recorder.ask(
        "POST", to(ANNA), b"a=1", "a form", Content_Type="application/x-www-form-urlencoded"
    )
    recorder.ask("PUT", to(ANNA), b"{}", "a method that is not offered")
    recorder.get("/v1/nothing", "a path that nothing answers at")
    recorder.get(f"/v1/ledgers/missing/contacts/{ANNA}", "a ledger that is not there")
    recorder.get(f"{LEDGER}/contacts/{ANNA}?colour=red", "an unknown parameter")
    recorder.get(f"{LEDGER}/contacts/{ANNA}", "a form that is not offered", Accept="image/png")
    recorder.get(f"{LEDGER}/statuses?cursor=broken", "a cursor of nobody")


def _reads(recorder: Recorder) -> None:
    head = int(recorder.client.get(f"{LEDGER}/events?limit=1000").json()["items"][-1]["position"])
    now = f"min_position={head}"
    _wait(recorder, head)
    recorder.get("/v1/ledgers/numbers/contacts/pos:17850")
    recorder.get("/v1/ledgers/numbers/contacts/pos:17850/status")
    for contact in (ANNA, BEN, UNKNOWN):
        recorder.get(f"{LEDGER}/contacts/{contact}?{now}")
        recorder.get(f"{LEDGER}/contacts/{contact}/status?{now}")
    for question in (
        "status?as_of=2026-02-10T12:00:00Z",
        "status?as_known_at=5",
        "status?explain=text",
        "status?policy_version=9",
        "status/history",
        "status/history?explain=text",
        "standing",
        "referrals",
        "events",
        "events?types=purchase-made&limit=2&after_version=2",
        "export",
    ):
        recorder.get(f"{LEDGER}/contacts/{ANNA}/{question}")
    recorder.get(f"{LEDGER}/contacts/{ANNA}/export", "a page to read", Accept="text/html")
    recorder.get(f"{LEDGER}/events?limit=3", "the log")
    recorder.get(f"{LEDGER}/events?contact={BEN}", "the log of one stream")
    recorder.get(f"{LEDGER}/events?types=contact-registered", "lines", Accept="application/jsonl")
    recorder.get(f"{LEDGER}/events/3")
    recorder.get(f"{LEDGER}/events/4000")
    _tail(recorder)
    recorder.get("/v1/event-types")
    recorder.get("/v1/event-types/purchase-made")
    recorder.get("/v1/event-types/nothing")


def _tail(recorder: Recorder) -> None:
    """The first three events of a tail, which never ends by itself."""
    path, sent = f"{LEDGER}/events?after_position=1", {"Accept": "text/event-stream"}
    read: list[str] = []
    with recorder.client.stream("GET", path, headers=sent) as answer:
        for line in answer.iter_lines():
            read.append(line)
            if len([one for one in read if one.startswith("data:")]) == 3:
                break
        found = httpx.Response(
            answer.status_code,
            headers={"content-type": answer.headers["content-type"]},
            text="\n".join(read),
        )
    recorder.keep("GET", path, sent, None, found, "a tail")


def _lists(recorder: Recorder) -> None:
    for question in (
        "contacts?name=anna",
        "contacts?q=wit%20anna",
        "duplicates",
        "contacts?stage=customer",
        "contacts?limit=2",
        "contacts?consent_purpose=marketing&consent_channel=email",
        "statuses",
        "statuses?stage=customer&sort=since&limit=2",
        "statuses?as_of=2026-02-10T12:00:00Z",
        "statuses?as_known_at=5",
        "agenda?on=2026-02-21&names=true",
        "agenda?on=2026-02-21&kind=thanks&muted=true&deferred=true&limit=1",
        "agenda?on=2026-02-21&as_known_at=5",
        "agenda?on=2026-02-30",
        f"agenda?on=2026-02-21&contact={ANNA}",
        "agenda/summary?on=2026-02-21",
        "agenda.ics",
        "gratitude?names=true",
        "gratitude?from=2026-02&to=2026-02&as_of=2026-02-21",
        "gratitude?from=2026-13",
        f"contacts/{ANNA}/agenda?on=2026-02-21&state=overdue",
        f"contacts/{UNKNOWN}/agenda",
        "statuses/summary",
        "statuses/summary?as_of=2026-02-10T12:00:00Z",
        "calibration",
        "calibration?from=2026-01-01&to=2026-02-01T00:00:00Z&as_known_at=5&policy_version=1",
        "calibration?from=2026-02-01&to=2026-01-01",
        "scorecard",
        f"contacts/{ANNA}/card?as_of=2026-02-19T12:00:00Z",
        f"contacts/{ANNA}/scorecard?as_of=2026-02-19T12:00:00Z",
        "rewards?names=true",
        f"rewards?contact={ANNA}&state=held&limit=1",
        f"contacts/{ANNA}/downstream?depth=1",
        "referrals/graph",
        f"referrals/path?from={BEN}&to={ANNA}&names=true",
        f"referrals/path?from={BEN}&to={UNKNOWN}",
        "exposures?as_of=2026-02-18T12:00:00Z",
        "book",
        "book?from=2026-02&to=2026-02&by=contact&names=true&as_of=2026-02-21",
        "book?by=category",
        "book?from=2026-03&to=2026-02",
        "watch/never-asked",
        "watch/under-served?limit=1",
        "watch/lost",
        "watch/nothing",
        f"contacts/{ANNA}/value?as_of=2026-02-19T12:00:00Z",
        f"contacts/{UNKNOWN}/value",
        "standings",
        "standings?as_of=2026-02-19T12:00:00Z",
        "restatements",
        f"restatements?contact={ANNA}&limit=1",
        "projections",
        "projections/status/digest",
        "projections/nothing/digest",
    ):
        recorder.get(f"{LEDGER}/{question}")


def _policies(recorder: Recorder) -> None:
    recorder.get(f"{LEDGER}/policies")
    recorder.get(f"{LEDGER}/policies/1")
    recorder.get(f"{LEDGER}/policies/7")
    publish = {"preset": "cafe", "effective_from": "2026-02-25T00:00:00Z"}
    recorder.post(f"{LEDGER}/policies", publish, "a preset")
    recorder.post(f"{LEDGER}/policies", {"preset": "nobody"}, "a preset that is not there")
    head = int(recorder.client.get(f"{LEDGER}/policies").json()["items"][-1]["position"])
    _wait(recorder, head)


def _long_work(recorder: Recorder) -> None:
    for path, body in (
        ("replays", {"as_of": "2026-02-19T12:00:00Z"}),
        ("policies/preview", {"preset": "restaurant"}),
        ("policies/fit", {"preset": "retail", "target": {"stay": 3, "of": 4}}),
        ("projections/status/rebuilds", {}),
        ("valuations", {}),
    ):
        started = recorder.client.post(f"{LEDGER}/{path}", json=body)
        place = started.headers["location"]
        until(partial(has_ended, recorder, place))
        # The first answer tells how far the work came by then, which differs from run to run.
        recorder.exchanges.append(
            {
                "request": {"method": "POST", "path": f"{LEDGER}/{path}", "body": body},
                "status": started.status_code,
                "body": sorted(started.json()),
            }
        )
        recorder.get(place)
        recorder.get(f"{place}/result")
        recorder.ask("DELETE", place, claim="an operation that has ended")
    recorder.get(f"{LEDGER}/operations/{UNKNOWN}")
    recorder.get(f"{LEDGER}/valuations")
    (made,) = recorder.client.get(f"{LEDGER}/valuations").json()["items"]
    recorder.get(f"{LEDGER}/valuations/{made['id']}")
    recorder.get(f"{LEDGER}/valuations/{UNKNOWN}")
    recorder.get(f"{LEDGER}/contacts/{ANNA}/value?currency=EUR")
    recorder.post(f"{LEDGER}/projections/nothing/rebuilds", {})


def _log(recorder: Recorder) -> None:
    head = int(recorder.client.get(f"{LEDGER}/events?limit=1000").json()["items"][-1]["position"])

    def sealed() -> int:
        return int(recorder.client.get(f"{LEDGER}/log/checkpoint").headers["rapport-position"])

    until(lambda: sealed() >= head)
    for question in (
        "checkpoint",
        "key",
        f"tile/0/000.p/{head}",
        f"tile/entries/000.p/{head}",
        "tile/0/001",
        "entries/2",
        "proofs/inclusion?position=3&tree_size=9",
        "proofs/consistency?first=3&second=9",
        "proofs/inclusion?position=4000",
    ):
        recorder.get(f"{LEDGER}/log/{question}")
    recorder.get(f"{LEDGER}/contacts/{DORA}/status/receipt")


def _erasure(recorder: Recorder) -> None:
    asked = {"requested_by": "Dora Stein", "reason": "she asked for it"}
    recorder.post(f"{LEDGER}/contacts/{DORA}/erasure", asked)
    recorder.post(f"{LEDGER}/contacts/{DORA}/erasure", asked, "a second erasure")
    recorder.get(f"{LEDGER}/contacts/{DORA}/events?limit=1", "what is left")
    sent = event("preference-learned", 24, 80, key="table", value="by the door")
    recorder.post(f"{LEDGER}/contacts/{DORA}/events", sent, "personal data of an erased contact")


def _administration(recorder: Recorder, clock: Clock) -> None:
    recorder.get("/livez")
    recorder.get("/readyz")
    recorder.get("/")
    made = {"name": "branch", "time_zone": "Europe/Amsterdam"}
    recorder.post("/v1/ledgers", made)
    recorder.post("/v1/ledgers", made, "the same ledger again")
    recorder.post("/v1/ledgers", {"name": "No Name"}, "no name for a ledger")
    recorder.get("/v1/ledgers")
    recorder.get("/v1/ledgers/branch")
    recorder.post("/v1/ledgers/branch/archive", {})
    recorder.ask("DELETE", "/v1/ledgers/branch/archive")
    told = recorder.ask("DELETE", "/v1/ledgers/branch", claim="a deletion wants a word")
    confirm = told.json()["token"]
    recorder.ask("DELETE", f"/v1/ledgers/branch?confirm={confirm}", claim="said twice")
    key = {"name": "the till", "scopes": ["append"], "ledger": "main"}
    first = recorder.client.post("/v1/keys", json={"name": "admin", "scopes": ["admin", "append"]})
    clock.instant += SECOND  # keys of one instant stand in no order
    bearer = {"Authorization": f"Bearer {first.json()['secret']}"}
    recorder.client.headers.update(bearer)
    try:
        made_key = recorder.post("/v1/keys", key, "a key")
        recorder.get("/v1/keys")
        place = f"/v1/keys/{made_key.json()['id']}"
        recorder.post(f"{place}/rotate", {})
        recorder.ask("DELETE", place)
        recorder.get("/v1/trail")
        recorder.get(f"{LEDGER}/trail")
        recorder.get(f"{LEDGER}/contacts/{ANNA}", "a key without the scope")
    finally:
        del recorder.client.headers["Authorization"]
    recorder.get("/v1/keys", "no key")


def _wait(recorder: Recorder, head: int) -> None:
    """Wait until every projection reflects the position."""

    def all_reflect_it() -> bool:
        states = recorder.client.get(f"{LEDGER}/projections").json()["items"]
        return all(one["position"] >= head for one in states)

    until(all_reflect_it)
