"""A server that asks for keys, and a browser that signs in with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.shop import registration

if TYPE_CHECKING:
    import httpx

    from api.service.server import Server

SIGN_IN = "/console/sign-in"


class Keyed:
    """A server that asks for keys, with a client that knows them."""

    def __init__(self, client: httpx.Client, server: Server, admin: str) -> None:
        self.client = client
        self.server = server
        self.headers = {"Authorization": f"Bearer {admin}"}
        for name in ("shop", "other"):
            self.client.post("/v1/ledgers", json={"name": name}, headers=self.headers)

    def key(self, *scopes: str, **more: object) -> tuple[str, str]:
        """The secret and the id of a new key."""
        body = {"name": "staff", "scopes": list(scopes), **more}
        made = self.client.post("/v1/keys", json=body, headers=self.headers).json()
        return made["secret"], made["id"]

    def register(self, contact: str, name: str) -> None:
        path = f"/v1/ledgers/shop/contacts/{contact}/events"
        sent = self.client.post(path, json=registration(name), headers=self.headers)
        assert sent.status_code == 201, sent.text

    def sign_in(self, secret: str) -> httpx.Response:
        return self.client.post(SIGN_IN, data={"key": secret})
