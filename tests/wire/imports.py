"""The part of the story in which files are imported, tried and undone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from domain.instants import SECOND
from tests.api.wire import until

if TYPE_CHECKING:
    from tests.api.shop import Clock
    from tests.wire.recording import Recorder

UNKNOWN = "90000000-0000-4000-8000-000000000001"
MAPPING = """
name = "till"
key = "number"
contact = { source = "pos", ref = "{who}", registration = { kind = "person", name = "{who}" } }
occurred_at = { text = "{when}" }
[[event]]
type = "purchase-made"
[event.data]
purchase_id = "{number}"
amount_minor = { amount = "{total}" }
currency = "EUR"
initiated_by = "contact"
"""


def tell_imports(recorder: Recorder, clock: Clock) -> None:
    """In a ledger of their own, so that the others' answers stay as they are."""
    recorder.client.post("/v1/ledgers", json={"name": "files"})
    base = "/v1/ledgers/files"
    file = "number,who,when,total\n1,ann,2026-02-01T10:00:00Z,4.20\n2,ann,2026-02-02T10:00:00Z,no\n"
    for query in ("?dry_run=true", ""):
        clock.instant += SECOND  # or the order of the two in a list would depend on their ids
        path, body = f"{base}/imports{query}", {"mapping_toml": MAPPING, "csv": file}
        started = recorder.client.post(path, json=body)
        place = started.headers["location"]
        until(partial(has_ended, recorder, place))
        recorder.exchanges.append(
            {
                "request": {"method": "POST", "path": path, "body": body},
                "status": started.status_code,
                "body": sorted(started.json()),
            }
        )
        recorder.get(place)
        recorder.get(f"{place}/rejects")
    recorder.get(f"{base}/imports/{UNKNOWN}")
    recorder.post(f"{base}/imports", {"csv": file}, "no mapping")
    undoing = recorder.client.post(f"{place}/undo", json={})
    recorder.exchanges.append(
        {
            "request": {"method": "POST", "path": recorder.masks.text(f"{place}/undo"), "body": {}},
            "status": undoing.status_code,
            "body": sorted(undoing.json()),
        }
    )
    until(partial(has_ended, recorder, undoing.headers["location"]))
    recorder.get(undoing.headers["location"])
    recorder.get(f"{base}/imports")


def has_ended(recorder: Recorder, place: str) -> bool:
    """Whether an operation runs no more."""
    state: str = recorder.client.get(place).json()["state"]
    return state != "running"
