"""Whose a long operation is: the key's that asked for it, and nobody else's to cancel."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, BinaryIO

import httpx
import pytest

from api.http.app import create_app
from api.service.replays import starting
from api.service.replays.lines import Lines
from ledger.access.scopes import ADMIN, AUDIT, READ
from tests.api.asking import SECONDS
from tests.api.shop import Clock, Json, built, listening, problem_of
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

QUESTIONS = pytest.mark.parametrize(
    ("path", "body"), [("/replays", {}), ("/policies/preview", {"preset": "cafe"})]
)

Caller = httpx.Client


@pytest.fixture
def calling(tmp_path: Path) -> Iterator[Callable[..., Caller]]:
    """Makes clients of one ledger, each with a key of its own."""
    with built(tmp_path / "data", Clock()) as server, listening(create_app(server)) as url:
        base, made = f"{url}/v1/ledgers/main", list[Caller]()

        def caller(*scopes: str) -> Caller:
            _, secret = server.keys.make(f"caller {len(made)}", scopes)
            headers = {"Authorization": f"Bearer {secret}"}
            made.append(httpx.Client(base_url=base, headers=headers, timeout=END_SECONDS))
            return made[-1]

        yield caller
        for one in made:
            one.close()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Questions that have read nothing until they are let go."""
    let_go = threading.Event()

    def lines(file: BinaryIO) -> Lines:
        assert let_go.wait(SECONDS)
        return Lines(file)

    monkeypatch.setattr(starting, "Lines", lines)
    yield let_go
    let_go.set()


def state(caller: Caller, operation: Json) -> str:
    """How it ended."""
    while (found := caller.get(f"/operations/{operation['id']}").json())["state"] == "running":
        pass
    ended: str = found["state"]
    return ended


@QUESTIONS
def test_what_one_caller_cancels_another_goes_on_with(
    calling: Callable[..., Caller], held: threading.Event, path: str, body: Json
) -> None:
    ada, bob = calling(READ), calling(AUDIT)
    hers, his = ada.post(path, json=body).json(), bob.post(path, json=body).json()
    assert hers["id"] != his["id"]
    assert ada.post(path, json=body).json()["id"] == hers["id"], "hers is asked once at a time"
    for _ in range(2):
        assert ada.delete(f"/operations/{hers['id']}").status_code == 202
    held.set()
    assert (state(ada, hers), state(bob, his)) == ("cancelled", "succeeded")


@QUESTIONS
def test_nobody_cancels_what_another_asked_but_an_administrator(
    calling: Callable[..., Caller], held: threading.Event, path: str, body: Json
) -> None:
    ada, bob, admin = calling(READ), calling(READ, AUDIT), calling(ADMIN)
    hers = ada.post(path, json=body).json()
    problem = problem_of(bob.delete(f"/operations/{hers['id']}"), 403, "forbidden")
    assert "another access key asked" in problem["detail"]
    assert admin.delete(f"/operations/{hers['id']}").status_code == 202
    held.set()
    assert state(ada, hers) == "cancelled"
