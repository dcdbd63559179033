"""A server on a loopback port of its own, and a shop that talks to it."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import uvicorn

from api.bootstrap import build
from api.http.app import create_app
from api.http.edge.connections import IDLE_SECONDS, connections_with
from api.http.edge.short_way import ShortWay
from api.service.limits import LIMITS
from api.service.settings import Settings
from domain.instants import format_instant
from tests.fixtures.clock import START, Clock
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.registrations import registration
from tests.fixtures.stores import database_url

if TYPE_CHECKING:
    from asyncio import Protocol
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from api.http.streams.streams import Limits
    from api.service.limits import ServiceLimits
    from api.service.server import Server

__all__ = ["START", "Clock", "registration"]  # what other rooms import from here as well

Json = dict[str, Any]


@contextmanager
def listening(app: FastAPI, http: type[Protocol] | None = None) -> Iterator[str]:
    """The address at which a real server answers with this application, with the short way unless
    ``http`` makes other connections.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    http = http or connections_with(ShortWay(app))
    config = uvicorn.Config(
        app,
        http=http,
        log_level="error",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=IDLE_SECONDS,  # as the product: uvicorn's 5 are also httpx's, and race
    )
    serving = uvicorn.Server(config)
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]})
    thread.start()
    deadline = time.monotonic() + 10
    while not serving.started and time.monotonic() < deadline:
        time.sleep(0.005)
    assert serving.started
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        serving.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def built(
    folder: Path, clock: Clock, limits: ServiceLimits = LIMITS, url: str | None = None
) -> Iterator[Server]:
    """Everything behind the application, closed in the end; ``url`` is that of its database."""
    settings = Settings(folder=folder, database_url=url or database_url(folder))
    server = build(settings, clock=clock, limits=limits)
    try:
        yield server
    finally:
        server.close()


class Shop:
    """One ledger of its own on the server, as a client sees it."""

    def __init__(self, client: httpx.Client, name: str, clock: Clock) -> None:
        self.client = client
        self.clock = clock
        self.base = f"/v1/ledgers/{name}"
        made = client.post("/v1/ledgers", json={"name": name, "time_zone": "Europe/Amsterdam"})
        assert made.status_code in (200, 201), made.text

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.client.get(self.base + path, params=query)

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(self.base + path, json=body, headers=named)

    def append(self, contact: str, *events: Json, **headers: str) -> httpx.Response:
        body = list(events) if len(events) != 1 else events[0]
        return self.post(f"/contacts/{quote(contact, safe='')}/events", body, **headers)

    def register(self, contact: str, name: str = "Ada Jansen") -> httpx.Response:
        answer = self.append(contact, registration(name))
        assert answer.status_code == 201, answer.text
        return answer


def set_limits(server: Server, shop: Shop, limits: ServiceLimits) -> None:
    """From now on these are the limits of the shop's ledger, and of no other one."""
    name = shop.base.rpartition("/")[2]
    server.ledgers[name] = replace(server.ledgers[name], limits=limits)


@contextmanager
def served_with(limits: Limits, server: Server, shop: Shop) -> Iterator[Shop]:
    """The same shop at an application of its own, whose streams have these limits."""
    with (
        listening(create_app(server, limits)) as address,
        httpx.Client(base_url=address, timeout=END_SECONDS) as client,
    ):
        yield Shop(client, shop.base.rpartition("/")[2], shop.clock)


def purchase(number: str, at: int | None = None, **envelope: Any) -> Json:
    data = {
        "purchase_id": number,
        "amount_minor": 1250,
        "currency": "EUR",
        "initiated_by": "contact",
    }
    when = {} if at is None else {"occurred_at": format_instant(at)}
    return {"type": "purchase-made", "data": data, **when, **envelope}


def problem_of(answer: httpx.Response, status: int, code: str) -> Json:
    """The problem, which must be one in every respect."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: Json = answer.json()
    assert problem["code"] == code
    assert problem["type"] == f"urn:rapport:problem:{code}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"].startswith("urn:uuid:")
    return problem
