from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from prometheus_client.parser import text_string_to_metric_families

from api.http.app import create_app
from api.http.edge.metrics import metrics_of
from domain.errors import Unavailable
from ledger.commit_observer import NullObserver
from projections.operations import Progress
from tests.api.shop import Clock, built, purchase, registration
from tests.fixtures.faults import failing
from tests.ledger.inside import signer_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fastapi import FastAPI

    from api.service.server import Server
    from projections.operations import Work
    from tests.api.shop import Shop

EVENTS = "/v1/ledgers/{ledger}/contacts/{contact}/events"


def scraped(shop: Shop, name: str, **labels: str) -> float | None:
    """One figure of the shop's server; None where there is none."""
    answer = shop.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    return None


def of_ledger(shop: Shop, name: str, **labels: str) -> float | None:
    return scraped(shop, name, ledger=name_of(shop), **labels)


def name_of(shop: Shop) -> str:
    return shop.base.rpartition("/")[2]


def test_appends_are_counted_by_what_became_of_them(shop: Shop) -> None:
    event = {**registration(), "id": "0198c1f0-5a52-7c3e-9d7b-3f0d6a1b2c4d"}
    shop.append("pos:1", event)
    shop.append("pos:1", event)
    shop.append("pos:1", {**event, "data": {"kind": "person", "name": "Other"}})
    shop.append("pos:2", purchase("1"))
    shop.append("pos:1", purchase("1"), purchase("2"))
    shop.append("pos:1", purchase("3"), If_Match='"1"')

    def counted(outcome: str) -> float | None:
        return of_ledger(shop, "rapport_appends_total", outcome=outcome)

    assert counted("appended") == 2
    assert counted("replayed") == 1
    assert counted("event-id-reused") == 1
    assert counted("refused") == 1
    assert counted("version-mismatch") == 1
    assert of_ledger(shop, "rapport_events_appended_total") == 3


def test_an_erasure_is_counted_as_what_it_is(shop: Shop) -> None:
    shop.register("pos:1")
    shop.post("/contacts/pos:1/erasure", {"requested_by": "the person", "reason": "a wish"})
    assert of_ledger(shop, "rapport_appends_total", outcome="erased") == 1
    assert of_ledger(shop, "rapport_appends_total", outcome="published") is None


def test_transactions_are_counted_with_their_events_and_seconds(shop: Shop) -> None:
    shop.register("pos:1")
    shop.append("pos:1", *[purchase(str(number)) for number in range(20)])
    assert of_ledger(shop, "rapport_commit_events_count") == 2
    assert of_ledger(shop, "rapport_commit_events_sum") == 21
    assert of_ledger(shop, "rapport_commit_events_bucket", le="1.0") == 1
    assert of_ledger(shop, "rapport_commit_seconds_count") == 2
    seconds = of_ledger(shop, "rapport_commit_seconds_sum")
    assert seconds is not None
    assert 0 < seconds < 60


def test_what_waits_to_be_recorded_is_shown(shop: Shop, server: Server) -> None:
    held, release = threading.Event(), threading.Event()

    class Holding(NullObserver):
        def on_answer(self, outcomes: Sequence[object]) -> None:
            held.set()
            release.wait(10)

    ledger = server.ledgers[name_of(shop)].ledger
    ledger.observe(Holding())
    try:
        sending = threading.Thread(target=shop.register, args=["pos:1"])
        waiting = threading.Thread(target=shop.register, args=["pos:2"])
        sending.start()
        assert held.wait(10)
        waiting.start()
        while not ledger.waiting():
            assert waiting.is_alive()
        assert of_ledger(shop, "rapport_append_queue_events") == 1
    finally:
        release.set()
        sending.join()
        waiting.join()
    assert of_ledger(shop, "rapport_append_queue_events") == 0


def test_a_full_queue_is_counted(application: FastAPI, shop: Shop) -> None:
    metrics_of(application).of_ledger(name_of(shop)).turned_away()
    assert of_ledger(shop, "rapport_appends_total", outcome="turned-away") == 1


def test_positions_and_lag_of_projections_are_shown(shop: Shop) -> None:
    head = shop.register("pos:1").json()["position"]
    asked = (("status", "/statuses"), ("standing", "/standings"), ("agenda", "/agenda"))
    for projection, path in asked:
        assert shop.get(path, min_position=head).status_code == 200
        where = {"projection": projection}
        assert of_ledger(shop, "rapport_projection_position", **where) == head
        assert of_ledger(shop, "rapport_projection_lag_events", **where) == 0
        assert of_ledger(shop, "rapport_projection_failed", **where) == 0
    assert of_ledger(shop, "rapport_ledger_position") == head


def test_a_running_rebuild_shows_how_far_it_is(shop: Shop, server: Server) -> None:
    far, release = threading.Event(), threading.Event()

    def run(work: Work) -> Mapping[str, object]:
        work.advance(30, 100)
        far.set()
        release.wait(60)
        return {}

    operations = server.ledgers[name_of(shop)].projections.operations
    operation = operations.start("rebuild", "status", run)
    where = {"kind": "rebuild", "subject": "status"}
    try:
        assert far.wait(10)
        assert of_ledger(shop, "rapport_operation_done", **where) == 30
        assert of_ledger(shop, "rapport_operation_total", **where) == 100
    finally:
        release.set()
    assert operations.wait(operation.id).progress == Progress(30, 100, *_rest(operation.id, shop))
    assert of_ledger(shop, "rapport_operation_done", **where) is None


def _rest(operation_id: object, shop: Shop) -> tuple[Any, Any]:
    progress = shop.get(f"/operations/{operation_id}").json()["progress"]
    return progress["rate"], progress["eta_seconds"]


def test_requests_are_counted_by_template_method_and_status(shop: Shop) -> None:
    def counted(status: str, method: str = "POST", route: str = EVENTS) -> float:
        labels = {"method": method, "route": route, "status": status}
        return scraped(shop, "rapport_http_request_seconds_count", **labels) or 0

    before = counted("201"), counted("409"), counted("405", "other", "-")
    shop.register("pos:1")
    shop.append("pos:2", purchase("1"))
    for method in ("PROPFIND", "LOCK"):
        shop.client.request(method, f"{shop.base}/contacts/pos:1/events")
    after = counted("201"), counted("409"), counted("405", "other", "-")
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 2]
    assert scraped(shop, "rapport_http_requests_in_progress") == 1, "the scrape itself"


def test_a_ledger_that_cannot_be_read_leaves_the_others_their_figures(
    shop: Shop, server: Server
) -> None:
    projections = server.ledgers[name_of(shop)].projections
    with failing(projections, "states", Unavailable("the disk is gone")):
        assert of_ledger(shop, "rapport_ledger_readable") == 0
        assert scraped(shop, "rapport_ledger_readable", ledger="main") == 1
        lag = scraped(shop, "rapport_projection_lag_events", ledger="main", projection="status")
        assert lag is not None


def test_each_server_counts_for_itself(tmp_path: Path, application: FastAPI) -> None:
    with built(tmp_path / "data", Clock()) as other:
        counted = metrics_of(create_app(other))
        assert counted is not metrics_of(application)
        other.create("late-comer")
        assert b'rapport_ledger_position{ledger="late-comer"}' in counted.text()
        assert b"late-comer" not in metrics_of(application).text()


def test_the_figures_are_documented_as_text(shop: Shop) -> None:
    described = shop.client.get("/openapi.json").json()["paths"]["/metrics"]["get"]
    assert set(described["responses"]["200"]["content"]) == {"text/plain"}
    assert {"403", "500", "503"} <= set(described["responses"])


def test_metrics_say_how_much_of_the_log_is_signed_and_that_it_stopped(
    shop: Shop, server: Server
) -> None:
    shop.register("pos:1")
    ledger = server.ledger(name_of(shop)).ledger
    sealed = ledger.transparency.sign_head().size
    assert of_ledger(shop, "rapport_log_sealed_position") == sealed == 2
    assert of_ledger(shop, "rapport_log_lag_events") == 0
    assert of_ledger(shop, "rapport_log_stopped") == 0
    signer_of(ledger).stop("a test")
    shop.register("pos:2")
    assert of_ledger(shop, "rapport_log_sealed_position") == sealed
    assert of_ledger(shop, "rapport_log_lag_events") == 1
    assert of_ledger(shop, "rapport_log_stopped") == 1
