from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import msgpack
import pytest

from ledger.transparency import merkle
from tests.api.log_reading import Walker, follow, leaf, sealed
from tests.api.shop import problem_of, purchase

if TYPE_CHECKING:
    from tests.api.shop import Shop


pytestmark = pytest.mark.both_stores


def sell(shop: Shop, count: int) -> int:
    """The newest position, under a checkpoint."""
    shop.register("pos:1")
    for start in range(0, count, 500):
        some = [purchase(f"p{n}") for n in range(start, min(start + 500, count))]
        position: int = shop.append("pos:1", *some).json()["position"]
    sealed(shop, position)
    return position


def test_whoever_knows_only_the_url_can_derive_the_whole_log_again(shop: Shop) -> None:
    newest = sell(shop, 600)
    walker = Walker(shop.client, shop.base)
    origin, size, root = walker.checkpoint()
    assert size == newest == 602
    assert origin.startswith(f"rapport.invalid/{shop.base.rpartition('/')[2]}-")
    assert walker.root(size) == root
    entries = walker.entries(size)
    assert merkle.leaf_hashes(entries) == [leaf(one) for one in entries]
    assert "tile/1/000.p/2" in walker.fetched
    for position, entry in enumerate(entries, 1):
        if position % 97 == 1 or position > size - 3:
            assert shop.get(f"/log/entries/{position}").content == entry
            proof = shop.get("/log/proofs/inclusion", position=position).json()
            assert proof["leaf_index"] == position - 1
            assert proof["tree_size"] == size
            assert base64.b64decode(proof["leaf_hash"]) == leaf(entry)
            assert base64.b64decode(proof["root_hash"]) == root
            assert follow(proof["hashes"], leaf(entry), position - 1, size) == root


def test_an_entry_says_of_an_event_what_the_log_of_events_says(shop: Shop) -> None:
    shop.register("pos:1")
    event = shop.get("/events/2").json()
    form, stream, version, topic, recorded_at, state = msgpack.unpackb(
        shop.get("/log/entries/2").content
    )
    assert (form, version, topic) == (1, event["version"], event["type"])
    assert stream.hex() == event["contact_id"].replace("-", "")
    assert recorded_at == shop.clock.instant
    assert len(state) == hashlib.sha256().digest_size


def test_every_smaller_tree_is_proven_to_be_how_the_last_one_begins(shop: Shop) -> None:
    newest = sell(shop, 8)
    whole = shop.get("/log/proofs/inclusion", position=1).json()["root_hash"]
    for size in range(1, newest + 1):
        earlier = shop.get("/log/proofs/inclusion", position=1, tree_size=size).json()
        proof = shop.get("/log/proofs/consistency", first=size, second=newest).json()
        assert shop.get("/log/proofs/consistency", first=size).json() == proof
        merkle.verify_consistency(
            size,
            newest,
            base64.b64decode(earlier["root_hash"]),
            base64.b64decode(whole),
            [base64.b64decode(one) for one in proof["hashes"]],
        )
    assert shop.get("/log/proofs/consistency", first=0, second=newest).json()["hashes"] == []


def test_what_never_changes_may_be_kept_for_ever_and_what_does_may_not(shop: Shop) -> None:
    sell(shop, 1)
    for path in ("tile/0/000.p/2", "tile/entries/000.p/3", "entries/1"):
        answer = shop.get(f"/log/{path}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "immutable" in answer.headers["cache-control"]
    for path in ("checkpoint", "key"):
        answer = shop.get(f"/log/{path}")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"


def test_a_partial_tile_is_how_the_wider_one_begins(shop: Shop) -> None:
    newest = sell(shop, 5)
    widest = shop.get(f"/log/tile/0/000.p/{newest}").content
    for width in range(1, newest):
        assert shop.get(f"/log/tile/0/000.p/{width}").content == widest[: 32 * width]


NOT_CANONICAL = [
    "tile/0/0",
    "tile/0/0000",
    "tile/0/000%2Ep/1",
    "tile/entries/000%2Ep/1",
    "tile/00/000.p/1",
    "tile/0/000.p/0",
    "tile/0/000.p/01",
    "tile/0/000.p/256",
    "tile/0/x000/000.p/1",
    "tile/0/001x/000",
    "tile/0//000.p/1",
    "tile/0/000.p/1/",
    "tile/0/000%2Ep%2F1",
    "tile/0/000.p%2F1",
    "tile/0/%00",
    "tile/-1/000.p/1",
    "tile/64/000",
    "tile/entries/0",
    "tile/entries/000.p/",
    "tile/entries/",
    "tile/data/000",
    "tile/0/+00.p/1",
    "tile/0/\u0660\u0660\u0660.p/1",
]
BEYOND = [
    "tile/0/000.p/3",
    "tile/0/000",
    "tile/0/001.p/1",
    "tile/1/000.p/1",
    "tile/63/000",
    "tile/entries/000.p/3",
    "tile/entries/000",
    "tile/0/x999/x999/x999/x999/x999/999",
]


def test_a_path_that_is_not_in_its_one_form_is_not_found(shop: Shop) -> None:
    sealed(shop, 1)
    for path in NOT_CANONICAL:
        problem_of(shop.get(f"/log/{path}"), 404, "not-found")


def test_a_tile_beyond_the_last_checkpoint_is_not_found(shop: Shop) -> None:
    shop.register("pos:1")
    sealed(shop, 2)
    assert shop.get("/log/tile/0/000.p/2").status_code == 200
    for path in BEYOND:
        problem_of(shop.get(f"/log/{path}"), 404, "not-found")


def test_what_is_not_sealed_yet_is_told_apart_from_what_is_not_there(shop: Shop) -> None:
    newest = sell(shop, 1)
    problem_of(shop.get("/log/proofs/inclusion", position=newest + 1), 404, "event-not-found")
    problem_of(shop.get(f"/log/entries/{newest + 1}"), 404, "event-not-found")
    for name in ("0", "01", "-1", "x"):
        problem_of(shop.get(f"/log/entries/{name}"), 404, "event-not-found")
    beyond = shop.get("/log/proofs/inclusion", position=1, tree_size=newest + 1)
    problem_of(beyond, 409, "not-yet-sealed")
    beyond = shop.get("/log/proofs/consistency", first=1, second=newest + 1)
    problem_of(beyond, 409, "not-yet-sealed")
    problem_of(shop.get("/log/proofs/consistency", first=newest + 1), 409, "not-yet-sealed")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("inclusion", "/position"),
        ("inclusion?position=0", "/position"),
        ("inclusion?position=2&tree_size=1", "/tree_size"),
        ("inclusion?position=1&position=1", "/position"),
        ("consistency", "/first"),
        ("consistency?first=-1", "/first"),
        ("consistency?first=2&second=1", "/first"),
    ],
)
def test_a_proof_of_nothing_is_refused_with_its_place(shop: Shop, query: str, pointer: str) -> None:
    sell(shop, 1)
    problem = problem_of(shop.client.get(f"{shop.base}/log/proofs/{query}"), 422, "invalid-request")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def test_the_log_answers_only_in_its_own_form(shop: Shop) -> None:
    for accept, status in (("*/*", 200), ("text/plain", 200), ("application/json", 406)):
        headers = {"Accept": accept}
        answer = shop.client.get(f"{shop.base}/log/checkpoint", headers=headers)
        assert answer.status_code == status
    assert shop.client.head(f"{shop.base}/log/checkpoint").content == b""
    problem_of(shop.client.delete(f"{shop.base}/log/key"), 405, "method-not-allowed")
