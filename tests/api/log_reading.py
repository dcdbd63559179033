"""A reader of transparency logs that knows nothing but a URL: no code of ours checks anything."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.api.wire import until

if TYPE_CHECKING:
    import httpx

    from tests.api.shop import Shop


def sealed(shop: Shop, position: int) -> bytes:
    """The checkpoint, once it covers the position."""

    def size() -> int:
        return int(shop.get("/log/checkpoint").headers["rapport-position"])

    until(lambda: size() >= position)
    return shop.get("/log/checkpoint").content


class Walker:
    """Reads the whole log through its tiles, as the specifications say."""

    def __init__(self, client: httpx.Client, base: str) -> None:
        self.client = client
        self.base = base
        self.fetched: list[str] = []

    def get(self, path: str) -> bytes:
        answer = self.client.get(f"{self.base}/log/{path}")
        assert answer.status_code == 200, (path, answer.text)
        self.fetched.append(path)
        return answer.content

    def checkpoint(self) -> tuple[str, int, bytes]:
        """Origin, size and root, of a signature that the log's key verifies."""
        name, key_id, key = self.get("key").decode().splitlines()[0].split("+", 2)
        public = base64.b64decode(key)
        assert public[0] == 1
        assert hashlib.sha256(name.encode() + b"\n" + public).hexdigest()[:8] == key_id
        text, _, signatures = self.get("checkpoint").decode().partition("\n\n")
        dash, signer, signature = signatures.rstrip("\n").split(" ")
        signed = base64.b64decode(signature)
        assert (dash, signer, signed[:4].hex()) == ("\u2014", name, key_id)
        Ed25519PublicKey.from_public_bytes(public[1:]).verify(signed[4:], f"{text}\n".encode())
        origin, size, root = text.split("\n")
        assert origin == name
        return origin, int(size), base64.b64decode(root)

    def entries(self, size: int) -> list[bytes]:
        """Every entry, from the bundles."""
        found: list[bytes] = []
        for n in range(-(-size // 256)):
            rest = self.get(f"tile/entries/{_place(n, size)}")
            while rest:
                length = int.from_bytes(rest[:2], "big")
                found.append(rest[2 : 2 + length])
                assert len(found[-1]) == length
                rest = rest[2 + length :]
        assert len(found) == size
        return found

    def root(self, size: int) -> bytes:
        """The root that the tiles of the lowest level give; those above are compared with them."""
        leaves = self._level(0, size)
        above = [_root(leaves[at : at + 256]) for at in range(0, size - size % 256, 256)]
        if above:
            assert self._level(1, len(above)) == above
        return _root(leaves)

    def _level(self, level: int, size: int) -> list[bytes]:
        content = b"".join(
            self.get(f"tile/{level}/{_place(n, size)}") for n in range(-(-size // 256))
        )
        return [content[at : at + 32] for at in range(0, len(content), 32)]


def leaf(entry: bytes) -> bytes:
    """RFC 6962 section 2.1."""
    return hashlib.sha256(b"\0" + entry).digest()


def _place(n: int, size: int) -> str:
    width = min(256, size - 256 * n)
    return f"{n:03}" if width == 256 else f"{n:03}.p/{width}"


def _root(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, over hashes of leaves."""
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << ((len(hashes) - 1).bit_length() - 1)
    left, right = _root(hashes[:half]), _root(hashes[half:])
    return hashlib.sha256(b"\1" + left + right).digest()


def follow(hashes: list[str], leaf_hash: bytes, index: int, size: int) -> bytes:
    """The root that an inclusion proof leads to. Source: RFC 9162 section 2.1.3.2."""
    first, last, found = index, size - 1, leaf_hash
    for one in (base64.b64decode(text) for text in hashes):
        assert last > 0
        if first & 1 or first == last:
            found = hashlib.sha256(b"\1" + one + found).digest()
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + one).digest()
        first, last = first >> 1, last >> 1
    assert last == 0
    return found
