"""A recorder of exchanges over HTTP, with everything that differs from run to run masked."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgpack

if TYPE_CHECKING:
    import httpx

Json = dict[str, Any]

KEPT_HEADERS = (
    "allow",
    "cache-control",
    "content-disposition",
    "content-location",
    "content-type",
    "etag",
    "idempotency-replayed",
    "link",
    "location",
    "prefer",
    "rapport-position",
    "retry-after",
    "vary",
    "www-authenticate",
)

_VOLATILE = re.compile(
    r"(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?P<key>rk_[A-Za-z0-9_-]+)"
    r"|(?P<cursor>(?:(?<=cursor=)|(?<=confirm=))[A-Za-z0-9_%=-]+)"
    r"|(?P<sha256>\b[0-9a-f]{64}\b)"
    r"|(?P<digest>\b[0-9a-f]{32}\b)"
    r"|(?P<short>\b[0-9a-f]{16}\b)"
    r"|(?P<origin>(?<=-)[0-9a-f]{8}\b(?![-0-9a-f]))"
    r"|(?P<verifier>(?<=\+)[0-9a-f]{8}\+[A-Za-z0-9+/]{40,}={0,2})"
    r"|(?P<base64>(?<![A-Za-z0-9+/])(?!/?v1/)[A-Za-z0-9+/]{40,}={0,2})"
)
"""Text that is random or follows from something random. Equal text gets an equal mask."""

_MEASURED = ("seconds", "rate", "eta_seconds", "milliseconds")
"""Figures that depend on how fast the machine is."""


class Masks:
    """Names for volatile text, by kind and order of first appearance."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def text(self, text: str) -> str:
        """The text with every volatile part replaced by its name."""
        return _VOLATILE.sub(lambda found: self._name(str(found.lastgroup), found[0]), text)

    def value(self, value: Any, field: str = "") -> Any:
        """A value decoded from JSON with its volatile parts replaced; order is kept."""
        if isinstance(value, dict):
            return {self.text(name): self.value(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self.value(one, field) for one in value]
        if isinstance(value, str):
            if field in ("next_cursor", "token"):
                return self._name("cursor", value)
            return self.text(value)
        if field in _MEASURED and isinstance(value, int | float):
            return "measured"
        return value

    def _name(self, kind: str, value: str) -> str:
        if value not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[value] = f"<{kind}-{self._counts[kind]}>"
        return self._names[value]


class Recorder:
    """Asks a server, and keeps each question with its answer.

    A GET that is answered in JSON is asked a second time in msgpack: the two say the same.
    """

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.masks = Masks()
        self.exchanges: list[Json] = []

    def get(self, path: str, claim: str = "", **headers: str) -> httpx.Response:
        """Ask with GET."""
        answer = self.ask("GET", path, None, claim, **headers)
        if answer.headers.get("content-type") == "application/json" and not headers:
            packed = self.client.get(path, headers={"Accept": "application/vnd.msgpack"})
            assert packed.status_code == answer.status_code
            assert list(msgpack.unpackb(packed.content)) == list(answer.json())
        return answer

    def post(self, path: str, body: object, claim: str = "", **headers: str) -> httpx.Response:
        """Ask with POST, the body as JSON."""
        return self.ask("POST", path, json.dumps(body).encode(), claim=claim, **headers)

    def ask(
        self, method: str, path: str, content: bytes | None = None, claim: str = "", **headers: str
    ) -> httpx.Response:
        """Ask anything; the names of ``headers`` have underscores for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        answer = self.client.request(method, path, content=content, headers=sent)
        self.keep(method, path, sent, content, answer, claim)
        return answer

    def keep(
        self,
        method: str,
        path: str,
        sent: dict[str, str],
        content: bytes | None,
        answer: httpx.Response,
        claim: str = "",
    ) -> None:
        """Keep one exchange."""
        exchange: Json = {"claim": claim} if claim else {}
        exchange["request"] = {"method": method, "path": self.masks.text(path)}
        if sent:
            exchange["request"]["headers"] = sent
        if content:
            exchange["request"]["body"] = self.masks.text(content.decode())
        exchange["status"] = answer.status_code
        exchange["headers"] = {
            name: self.masks.text(answer.headers[name])
            for name in KEPT_HEADERS
            if name in answer.headers
        }
        exchange["body"] = self._body(answer)
        self.exchanges.append(exchange)

    def _body(self, answer: httpx.Response) -> Any:
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if kind.endswith("json"):
            return self.masks.value(answer.json())
        if kind in ("application/jsonl", "application/x-ndjson"):
            return [self.masks.value(json.loads(line)) for line in answer.text.splitlines()]
        if kind == "text/html":
            return self.masks.text(answer.text).splitlines()
        if kind.startswith("text/"):
            return [self.masks.text(line) for line in answer.text.splitlines()]
        return {"bytes": len(answer.content)}
