"""Where the console is reached, and whether a request comes from one of its own pages.

Source: OWASP, Cross-Site Request Forgery Prevention Cheat Sheet; RFC 6265bis on cookie prefixes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from api.service.settings import is_loopback

if TYPE_CHECKING:
    from starlette.requests import Request

    from api.service.settings import Settings


_PATH = re.compile(r"/console(?:/[A-Za-z0-9_~.%:@+-]+)*(?:\?[A-Za-z0-9_~.%:@+&=,/-]*)?")
"""The path of a page with its query: printable ASCII that no browser reads as another address."""


def path_of_page(address: str) -> str | None:
    """The path and the query of a page of the console in an address; None where it is another.

    It names no origin, so that the browser that is led there stays here.

    >>> path_of_page("https://rapport.example.org/console/ledgers/shop?kind=Ask")
    '/console/ledgers/shop?kind=Ask'
    >>> path_of_page("https://evil.example/"), path_of_page("//evil.example/console")
    (None, '/console')
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return path if _PATH.fullmatch(path) and ".." not in unquote(parts.path) else None


def is_authority(host: str) -> bool:
    """Whether a Host header names a host, and a port that there can be.

    >>> [is_authority(one) for one in ("rapport.example:8443", "[::1]", "[", "a:99999", "")]
    [True, True, False, False, False]
    """
    try:
        parts = urlsplit(f"http://{host}")
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


@dataclass(frozen=True)
class Origin:
    """The origin that browsers know the console by, such as ``https://rapport.example.org``."""

    scheme: str
    authority: str

    @classmethod
    def of(cls, request: Request, settings: Settings) -> Origin:
        """That of the settings, else the one that the request names."""
        if settings.public_url is not None:
            parts = urlsplit(settings.public_url)
            return cls(parts.scheme, parts.netloc)
        return cls(request.url.scheme, request.headers.get("host", "").lower())

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def cookie(self) -> str | None:
        """The name of the cookie; None where a cookie would be readable on a network."""
        if self.scheme == "https":
            return "__Host-rapport"
        parts = urlsplit(str(self))
        if is_loopback(parts.hostname or ""):
            # Browsers keep no __Host- cookie without Secure, and cookies do not tell ports apart.
            return f"rapport_{parts.port or 80}"
        return None

    def cookie_header(self, value: str, seconds: int | None = None) -> str:
        """A ``Set-Cookie`` header; with ``seconds`` 0 the browser forgets the cookie."""
        parts = [f"{self.cookie}={value}", "Path=/", "HttpOnly", "SameSite=Strict"]
        if self.scheme == "https":
            parts.append("Secure")
        if seconds is not None:
            parts.append(f"Max-Age={seconds}")
        return "; ".join(parts)

    def is_of_own_page(self, request: Request) -> bool:
        """Whether one of our own pages sent the request."""
        origin = request.headers.get("origin")
        if origin is not None and origin != "null":
            return origin.lower() == str(self)
        return request.headers.get("sec-fetch-site") == "same-origin"
