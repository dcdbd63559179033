"""A ledger with addresses, exported with its keys and imported: every name leads where it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from tests.cli.running import rapport, serving
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PASSPHRASE = "a passphrase of the tests"
ADA = {
    "id": "01960000-0000-7000-8000-000000000012",
    "type": "contact-registered",
    "data": {"kind": "person", "name": "Ada", "refs": [{"source": "web", "ref": "7"}]},
}
BO = {"type": "contact-registered", "data": {"kind": "person", "name": "Bo"}}
SOLD: dict[str, Any] = {
    "type": "purchase-made",
    "data": {
        "purchase_id": "1", "amount_minor": 500, "currency": "EUR", "initiated_by": "contact",
    },
}  # fmt: skip
MERGE = {"type": "contact-merged", "data": {"into": "till:1"}}
UNMERGE = {"type": "merge-reversed", "data": {"into": "till:1"}}


def told(base: str, contact: str, event: dict[str, Any], status: int = 201) -> dict[str, Any]:
    path = f"{base}/contacts/{contact}/events"
    answer = httpx.post(path, json=event, timeout=END_SECONDS)
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def known(base: str) -> list[Any]:
    """What every name answers, and the whole log with its refs."""
    paths = [f"contacts/{name}" for name in ("till:1", "web:7", "list:a", "list:b")]
    found = [httpx.get(f"{base}/{path}", timeout=END_SECONDS) for path in paths]
    log = httpx.get(f"{base}/events", params={"refs": "true"}, timeout=END_SECONDS).json()
    shown = [one.json() if one.status_code == 200 else one.status_code for one in found]
    return [shown, log["items"]]


def test_addresses_survive_an_export_and_an_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAPPORT_ARCHIVE_PASSPHRASE", PASSPHRASE)
    with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
        base = f"{server.url}/v1/ledgers/main"
        first = told(base, "till:1", ADA)
        told(base, "web:7", SOLD)
        for name in ("list:a", "list:b"):
            told(base, name, MERGE)
            told(base, name, SOLD)
        told(base, "list:b", UNMERGE)
        before = known(base)
    assert [one if isinstance(one, int) else one["contact_id"] for one in before[0]] == [
        *[first["contact_id"]] * 3,
        404,
    ]
    assert rapport("export", "locked.tar", "--with-keys", "--data", "data").code == 0
    assert rapport("import", "locked.tar", "--data", "copy").code == 0
    assert rapport("verify", "copy").code == 0
    with serving("serve", "--port", 0, "--data", tmp_path / "copy") as server:
        base = f"{server.url}/v1/ledgers/main"
        assert known(base) == before
        assert told(base, "till:1", ADA, 200)["position"] == first["position"]
        assert (
            told(base, "web:7", {**SOLD, "data": {**SOLD["data"], "purchase_id": "2"}})[
                "counts_for"
            ]
            == first["contact_id"]
        )
        told(base, "list:b", SOLD, 409)
        assert told(base, "list:b", BO)["counts_for"] is None
