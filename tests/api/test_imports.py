"""Files imported over HTTP: every row accounted for, tried before, and taken back afterwards."""

from __future__ import annotations

import csv
import io
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import httpx

from api.http.app import create_app
from api.service.importing import import_run
from api.service.importing.ready_mappings import ready_names
from domain.instants import DAY, format_instant
from tests.api.asking import ended
from tests.api.shop import Clock, Json, Shop, built, listening, problem_of, purchase
from tests.fixtures.patience import END_SECONDS
from tests.importing.samples import sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from api.service.importing.importer import Account

MAPPING = """
name = "till"
key = "receipt"
[contact]
source = "pos"
ref = "{who}"
[contact.registration]
kind = "person"
name = "{who}"
[occurred_at]
text = "{when}"
[[skip]]
text = "{who}"
is = ["staff"]
[[event]]
type = "purchase-made"
[event.data]
purchase_id = "{receipt}"
amount_minor = { amount = "{total}" }
currency = "EUR"
initiated_by = "contact"
"""
HEAD = "receipt,who,when,total\n"
GOOD = "1,ann,2026-01-01T10:00:00Z,4.20\n2,ben,2026-01-02T10:00:00Z,3\n"
BAD = "3,ann,2026-01-03T10:00:00Z,free\n4,staff,2026-01-03T10:00:00Z,1\n"
FREE = "3,ann,2026-01-03T10:00:00Z,free"
TWICE = "1,ann,2026-01-04T10:00:00Z,5\n"
COUNTS = ("state", "rows", "appended", "known", "skipped", "rejected")


def send(shop: Shop, rows: str, **query: str) -> httpx.Response:
    body = {"mapping_toml": MAPPING, "csv": HEAD + rows}
    return shop.client.post(f"{shop.base}/imports", json=body, params=query, timeout=END_SECONDS)


def imported(shop: Shop, rows: str, **query: str) -> Json:
    """The import of these rows, once it has ended."""
    begun = send(shop, rows, **query)
    assert begun.status_code == 202, begun.text
    assert begun.headers["location"] == f"{shop.base}/imports/{begun.json()['id']}"
    return ended(shop, begun)


def counts(answer: Json) -> tuple[object, ...]:
    return tuple(answer[name] for name in COUNTS)


def rejects(shop: Shop, import_id: str) -> list[list[str]]:
    answer = shop.get(f"/imports/{import_id}/rejects")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.text)))


def undone(shop: Shop, import_id: str) -> Json:
    return ended(shop, shop.post(f"/imports/{import_id}/undo", {}))


def test_each_row_is_appended_known_skipped_or_rejected(shop: Shop) -> None:
    first = imported(shop, GOOD + BAD + TWICE)
    assert counts(first) == ("succeeded", 5, 2, 0, 1, 2)
    assert "Mend the rejected rows" in first["next_step"]
    assert [one["name"] for one in first["columns"]] == ["receipt", "who", "when", "total"]
    assert rejects(shop, first["id"])[1:] == [
        [
            "4",
            "not-an-amount",
            "/amount_minor 'free' is not a decimal amount",
            BAD.split(maxsplit=1)[0],
        ],
        ["6", "id-in-use", rejects(shop, first["id"])[2][2], TWICE.strip()],
    ]
    again = imported(shop, GOOD + BAD + TWICE)
    assert (again["id"], counts(again)) == (first["id"], ("succeeded", 5, 0, 2, 1, 2))
    (event,) = [
        one for one in shop.get("/contacts/pos:ben/events").json()["items"]
        if one["type"] == "purchase-made"
    ]  # fmt: skip
    assert event["source"] == f"pos;import={first['id']}"
    listed = shop.get("/imports").json()["items"]
    assert [one["id"] for one in listed] == [first["id"]]


def test_a_dry_run_agrees_with_the_run_on_every_row_and_appends_nothing(shop: Shop) -> None:
    many = "".join(
        f"{n % 900},c{n % 50},2026-01-05T10:00:00Z,{'x' if n % 70 == 3 else n}\n"
        for n in range(10, 1500)
    )
    head = shop.get("/log/checkpoint").headers.get("rapport-position")
    tried = imported(shop, GOOD + BAD + TWICE + many, dry_run="true")
    assert shop.get("/contacts/pos:ann").status_code == 404
    assert shop.get("/log/checkpoint").headers.get("rapport-position") == head
    real = imported(shop, GOOD + BAD + TWICE + many)
    assert (counts(tried), tried["dry_run"]) == (counts(real), True)
    assert rejects(shop, tried["id"]) == rejects(shop, real["id"])
    problem_of(shop.post(f"/imports/{tried['id']}/undo", {}), 404, "import-not-found")
    known = imported(shop, GOOD + BAD + TWICE + many, dry_run="true")
    assert (known["appended"], known["known"]) == (0, real["appended"])


def test_an_undone_import_leaves_statuses_as_they_were(shop: Shop) -> None:
    shop.register("pos:ann")
    shop.append("pos:ann", purchase("0", at=shop.clock() - 9 * DAY))

    def known() -> list[object]:
        position = shop.get("/events", limit=1000).json()["items"][-1]["position"]
        paths = ("/contacts/pos:ann/status", "/contacts/pos:ann/standing")
        answers = [shop.get(path, min_position=position).json() for path in paths]
        return [{k: v for k, v in one.items() if k in ("stage", "score", "standing", "flags")}
                for one in answers]  # fmt: skip

    before = known()
    answer = imported(shop, GOOD)
    found = undone(shop, answer["id"])
    assert (found["state"], found["result"]["retracted"]) == ("succeeded", 2)
    ben = shop.get("/contacts/pos:ben").json()["contact_id"]
    assert (found["result"]["contacts"], known()) == ([ben], before)
    assert undone(shop, answer["id"])["result"]["already_retracted"] == 2
    assert counts(imported(shop, GOOD)) == ("succeeded", 2, 2, 0, 0, 0)


def test_a_reject_file_is_mended_and_sent_back(shop: Shop) -> None:
    first = imported(shop, GOOD + "=3,=ann,2026-01-03T10:00:00Z,free\n" + BAD)
    text = shop.get(f"/imports/{first['id']}/rejects").text
    assert ",\"'=3,=ann," in text
    mended = text.replace("=ann", "ann").replace(",free", ",4.20")

    def sent(csv: str, mapping: str = MAPPING) -> httpx.Response:
        body = {"mapping_toml": mapping, "csv": csv}
        return shop.client.post(f"{shop.base}/imports", json=body, timeout=END_SECONDS)

    again = ended(shop, sent(mended))
    assert counts(again) == ("succeeded", 2, 2, 0, 0, 0)
    assert again["events"] == 2
    (bought,) = [
        one for one in shop.get("/contacts/pos:ann/events").json()["items"]
        if one["data"].get("purchase_id") == "=3"
    ]  # fmt: skip
    assert bought["data"]["amount_minor"] == 420
    for other in (
        sent(mended.replace("\r\n4,", "\r\n9,", 1)),
        sent(mended, MAPPING.replace('"till"', '"other"')),
    ):
        problem = problem_of(other, 422, "invalid-request")
        assert "the columns of its rows are not known" in problem["detail"]


def test_what_became_of_an_import_is_known_from_the_ledger(tmp_path: Path, clock: Clock) -> None:
    kept = ("events", "retracted", "undone_at", "appended", "known", "not_addressed")

    def told(answer: Json) -> tuple[object, ...]:
        return tuple(answer[name] for name in kept)

    @contextmanager
    def served() -> Iterator[Shop]:
        with (
            built(tmp_path, clock) as server,
            listening(create_app(server)) as address,
            httpx.Client(base_url=address, timeout=END_SECONDS) as client,
        ):
            yield Shop(client, "main", clock)

    def get(shop: Shop, import_id: str) -> Json:
        found: Json = shop.get(f"/imports/{import_id}").json()
        return found

    nobody = "00000000-0000-5000-8000-000000000000"
    refs = 'name = "{who}"\nrefs = { refs = { web = "{who}" } }'
    addressed = {"mapping_toml": MAPPING.replace('name = "{who}"', refs, 1), "csv": HEAD + GOOD}
    with served() as shop:
        shop.register("web:ben")
        answer = shop.client.post(f"{shop.base}/imports", json=addressed, timeout=END_SECONDS)
        first = ended(shop, answer)
        assert told(first) == (5, 0, None, 2, 0, 1)
        path = f"/imports/{first['id']}"
    with served() as shop:
        assert told(get(shop, first["id"])) == told(first)
        begun = shop.client.post(f"{shop.base}/imports", json=addressed, timeout=END_SECONDS)
        assert told(ended(shop, begun)) == (5, 0, None, 0, 2, 0)
        undone(shop, first["id"])
        after = get(shop, first["id"])
        assert told(after) == (5, 2, format_instant(clock()), 0, 2, 0)
        assert "It was undone" in after["next_step"]
    with served() as shop:
        assert told(get(shop, first["id"])) == told(after)
        problem_of(shop.post(f"/imports/{nobody}/undo", {}), 404, "import-not-found")
        begun = shop.client.post(f"{shop.base}/imports", json=addressed, timeout=END_SECONDS)
        assert told(ended(shop, begun)) == (7, 2, None, 2, 0, 0)
        assert shop.get(path).json()["state"] == "succeeded"


def test_what_cannot_be_an_import_is_refused(shop: Shop) -> None:
    csv_type = {"Content-Type": "text/csv"}
    path = f"{shop.base}/imports"
    nobody = "00000000-0000-5000-8000-000000000000"
    for query in (None, {"mapping": "no-such"}):
        answer = shop.client.post(path, content=HEAD, params=query, headers=csv_type)
        problem_of(answer, 422, "invalid-request")
    other = {"mapping_toml": MAPPING, "csv": "a,b\n"}
    bodies: list[object] = [[], {"csv": "x"}, {"mapping_toml": "=", "csv": ""}, other]
    for body in bodies:
        problem_of(shop.client.post(path, json=body), 422, "invalid-request")
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    problem_of(shop.client.post(path, content=b"", headers=form), 415, "unsupported-media-type")
    for name in (nobody, "x"):
        problem_of(shop.get(f"/imports/{name}"), 404, "import-not-found")
        problem_of(shop.get(f"/imports/{name}/rejects"), 404, "import-not-found")
        problem_of(shop.post(f"/imports/{name}/undo", {}), 404, "import-not-found")


def test_what_a_mapping_needs_is_said_in_the_words_of_http(shop: Shop) -> None:
    def refused(file: bytes, **query: str) -> tuple[list[str], str]:
        answer = shop.client.post(
            f"{shop.base}/imports",
            content=file,
            params=query,
            headers={"Content-Type": "text/csv"},
            timeout=END_SECONDS,
        )
        problem = problem_of(answer, 422, "invalid-request")
        assert "--" not in problem["detail"]
        return [one["pointer"] for one in problem["errors"]], problem["detail"]

    items, checks = (sample(name).read_bytes() for name in ("square-items", "toast-checks"))
    said = "must be an ISO 4217 code such as EUR"
    at, detail = refused(items, mapping="square-items", set="currency=ZZZ")
    assert (at, f"'ZZZ': {said}" in detail) == (["/set/currency"], True)
    at, detail = refused(checks, mapping="toast-checks", set="currency=USD;time_zone=Mars/X")
    assert (at, "'Mars/X': must be an IANA time zone" in detail) == (["/set/time_zone"], True)
    at, detail = refused(items, mapping="square-items")
    assert (at, detail.endswith("such as USD; say set=currency=...")) == (["/set/currency"], True)
    _, detail = refused(checks, mapping="stripe-payments")
    assert detail.endswith("try mapping=toast-checks&set=currency=...;time_zone=...")
    _, detail = refused(checks, mapping="vcard")
    assert detail.endswith("try mapping=toast-checks&set=currency=...;time_zone=...")
    _, detail = refused(b"BEGIN:VCARD\nFN:Ann\nEND:VCARD\n", mapping="stripe-payments")
    assert detail.endswith("is for columns: try mapping=vcard")
    for mapping in ("vcard", "stripe-payments"):
        _, detail = refused(b"id,Amount,Currency,Status\n1,2,EUR,paid\n", mapping=mapping)
        names = ", ".join(ready_names())
        assert f"no ready mapping fits, of {names}; stripe-payments comes nearest" in detail
    _, detail = refused(b"a,b\n1,2\n", mapping="vcard")
    assert detail.endswith(f"no ready mapping fits, of {names}")
    own = {"mapping_toml": MAPPING.replace("EUR", "ZZZ"), "csv": HEAD + GOOD}
    answer = shop.client.post(f"{shop.base}/imports", json=own, timeout=END_SECONDS)
    (error,) = problem_of(answer, 422, "invalid-request")["errors"]
    assert error["pointer"] == "/mapping_toml/event/0/data/currency"


def test_a_ready_mapping_is_named_and_the_file_sent_as_it_is(shop: Shop) -> None:
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Ada Jansen\nUID:u-1\nEND:VCARD\n"
    answer = shop.client.post(
        f"{shop.base}/imports",
        content=card.encode(),
        params={"mapping": "vcard"},
        headers={"Content-Type": "text/csv"},
        timeout=END_SECONDS,
    )
    assert ended(shop, answer)["contacts_registered"] == 1


def test_rejected_rows_lie_encrypted_and_go_at_an_erasure(tmp_path: Path, clock: Clock) -> None:
    with (
        built(tmp_path, clock) as server,
        listening(create_app(server)) as address,
        httpx.Client(base_url=address, timeout=END_SECONDS) as client,
    ):
        shop = Shop(client, "main", clock)
        marker = "Zanzibar-Planted-Marker"
        answer = imported(shop, GOOD + f"9,{marker},2026-01-03T10:00:00Z,free\n")
        assert marker in rejects(shop, answer["id"])[1][3]
        files = [one for one in tmp_path.rglob("*") if one.is_file()]
        assert any(one.suffix == ".rejects" for one in files)
        assert [one for one in files if marker.encode() in one.read_bytes()] == []
        reason = {"requested_by": "the person", "reason": "By letter."}
        assert shop.post("/contacts/pos:ann/erasure", reason).status_code == 200
        problem_of(shop.get(f"/imports/{answer['id']}/rejects"), 404, "not-found")
        assert list(tmp_path.rglob("*.rejects")) == []
        again = imported(shop, GOOD + f"9,{marker},2026-01-03T10:00:00Z,free\n")
        assert len(rejects(shop, again["id"])) == 2
        clock.pass_days(8)
        problem_of(shop.get(f"/imports/{again['id']}/rejects"), 404, "not-found")
        assert shop.get(f"/imports/{again['id']}").json()["columns"] == []


def test_an_import_that_is_cancelled_goes_on_when_it_is_sent_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, released = threading.Event(), threading.Event()
    advance = import_run.ImportRun._on_row

    def hold(run: import_run.ImportRun, account: Account) -> None:
        if account.rows == 1500:
            reached.set()
            assert released.wait(END_SECONDS)
        advance(run, account)

    monkeypatch.setattr(import_run.ImportRun, "_on_row", hold)
    rows = "".join(f"{n},c{n % 9},2026-01-05T10:00:00Z,{n}\n" for n in range(1, 3001))
    answer = send(shop, rows)
    begun = answer.json()
    assert reached.wait(END_SECONDS)
    assert send(shop, rows).json()["id"] == begun["id"]
    problem_of(shop.post(f"/imports/{begun['id']}/undo", {}), 409, "refused")
    problem_of(shop.get(f"/imports/{begun['id']}/rejects"), 409, "not-finished")
    operation = f"{shop.base}/operations/{begun['id']}"
    assert shop.client.delete(operation).status_code == 202
    released.set()
    stopped = ended(shop, answer)
    assert stopped["state"] == "cancelled"
    assert "Send the file again" in stopped["next_step"]
    whole = imported(shop, rows)
    assert whole["appended"] + whole["known"] == 3000
    assert whole["known"] == stopped["appended"] > 0
    assert undone(shop, begun["id"])["result"]["retracted"] == 3000


def test_an_import_that_a_killed_server_left_says_how_it_continues(
    tmp_path: Path, clock: Clock
) -> None:
    with (
        built(tmp_path, clock) as server,
        listening(create_app(server)) as address,
        httpx.Client(base_url=address, timeout=END_SECONDS) as client,
    ):
        answer = imported(Shop(client, "main", clock), GOOD)
        kept = server.ledger("main").imports.kept
        record = kept.get(UUID(answer["id"]))
        folder = server.ledger("main").ledger.store.imports_folder()
    kept.put(replace(record, state="running", ended_at=None))
    (folder / "left.upload").write_bytes(b"x")
    with (
        built(tmp_path, clock) as server,
        listening(create_app(server)) as address,
        httpx.Client(base_url=address, timeout=END_SECONDS) as client,
    ):
        shop = Shop(client, "main", clock)
        found = shop.get(f"/imports/{answer['id']}").json()
        assert (found["state"], "send the file again" in found["problem"]) == ("failed", True)
        assert counts(imported(shop, GOOD)) == ("succeeded", 2, 0, 2, 0, 0)
        assert list(tmp_path.rglob("*.upload")) == []
