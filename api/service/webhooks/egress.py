"""Where webhooks may be sent: the one guard between a URL that somebody typed and our network.

A name is looked up for every connection, each address that it has is checked, and the connection
goes to an address that was checked, so that a second answer of the name changes nothing. Source:
OWASP, Server-Side Request Forgery Prevention.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit, urlunsplit

from domain.errors import Invalid, LedgerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_URL = 2000
"""How many characters a URL may have."""

_SCHEMES = {"https": 443, "http": 80}

_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT: RFC 6598
        "192.0.0.0/24",
        "192.88.99.0/24",  # relays of 6to4: RFC 7526
        "198.18.0.0/15",  # measurements: RFC 2544
        "::/96",  # addresses of IPv4 in an old form, with :: and ::1
        "100::/64",
        "5f00::/16",
        "64:ff9b:1::/48",  # NAT64 within a network: RFC 8215
        "fec0::/10",  # site-local: RFC 3879
    )
)
"""What is refused besides what the standard library calls not global."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Addresses of IPv4 behind a translator. Source: RFC 6052, section 2.1."""


_LOOPBACK = ipaddress.IPv4Address("127.0.0.1")


class AddressRefused(LedgerError):
    """The receiver's address is one that nothing is sent to."""

    code = "address-refused"


class NameUnknown(LedgerError):
    """The receiver's name has no address."""

    code = "name-unknown"


@dataclass(frozen=True)
class Target:
    """Where one request goes: to a checked address, under the name that was asked for.

    ``url`` has the address in the place of the name. ``host`` is the value of the header, and
    ``server_name`` what the certificate must be for, None without TLS.
    """

    url: str
    host: str
    server_name: str | None


@dataclass(frozen=True)
class Egress:
    """The rules of one server. ``allowed`` are networks that may be reached although private.

    ``plain`` lets URLs begin with ``http:``, as a server does that is open to its machine alone.
    """

    allowed: tuple[Network, ...] = ()
    plain: bool = False

    def check_url(self, url: str) -> None:
        """Let pass a URL that can be one of a receiver, as far as is known without a look-up.

        Raises:
            Invalid: it cannot; the pointer is that of the value.
        """
        parts = _split(url)
        if parts.scheme not in _SCHEMES or (parts.scheme == "http" and not self.plain):
            wanted = "https: or http:" if self.plain else "https:"
            raise Invalid.at("", "out-of-range", f"must be a URL that begins with {wanted}")
        host = parts.hostname or ""
        if (literal := _literal(host)) is not None and not self.permits(literal):
            raise Invalid.at("", "address-refused", _refusal(literal))
        if literal is None and _is_loopback_name(host) and not self.permits(_LOOPBACK):
            raise Invalid.at("", "address-refused", _refusal(_LOOPBACK))
        if literal is None and _looks_numeric(host):
            raise Invalid.at("", "address-refused", f"{host} is an address in an unusual form")

    def permits(self, address: Address) -> bool:
        """Whether something may be sent to this address."""
        if any(address in network for network in self.allowed):
            return True
        if isinstance(address, ipaddress.IPv6Address):
            within = _within(address)
            if within is not None:
                return all(self.permits(one) for one in within)
        return (
            address.is_global
            and not address.is_multicast
            and not address.is_reserved
            and not any(address in network for network in _NEVER)
        )

    async def target(self, url: str, resolve: Resolve) -> Target:
        """Where a request for the URL goes now.

        Raises:
            AddressRefused: to an address of the name nothing may be sent.
            NameUnknown: it has none.
            Invalid: the rules do not let the URL pass any more.
        """
        self.check_url(url)
        parts = _split(url)
        host = parts.hostname or ""
        port = parts.port or _SCHEMES[parts.scheme]
        literal = _literal(host)
        found = [literal] if literal is not None else await _addresses(host, port, resolve)
        for address in found:
            # One bad address is enough: a name that has both is not a mistake.
            if not self.permits(address):
                raise AddressRefused(_refusal(address))
        chosen = found[0]
        shown = f"[{chosen}]" if chosen.version == 6 else str(chosen)
        return Target(
            urlunsplit((parts.scheme, f"{shown}:{port}", parts.path or "/", parts.query, "")),
            parts.netloc.rpartition("@")[2],
            host if parts.scheme == "https" else None,
        )


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as this machine looks names up."""
    import asyncio  # noqa: PLC0415  # only where there are webhooks

    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def read_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks, such as ``10.1.0.0/16``, of their texts.

    Raises:
        ValueError: one is none.
    """
    return tuple(ipaddress.ip_network(one) for one in texts)


def _split(url: str) -> SplitResult:
    """The parts of a URL of a receiver.

    Raises:
        Invalid: it has none, or more than one should have.
    """
    wrong = Invalid.at("", "malformed", "must be a URL with a host, such as https://example.org/in")
    if any(one <= " " or one in '\\"<>^`{|}' or one > "~" for one in url):
        raise wrong
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise wrong from None
    if not parts.hostname or parts.port == 0:
        raise wrong
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid.at("", "malformed", "must have no user, password or fragment in it")
    return parts


async def _addresses(host: str, port: int, resolve: Resolve) -> list[Address]:
    try:
        texts = await resolve(host, port)
    except (OSError, UnicodeError):
        texts = ()
    found = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
    if not found:
        raise NameUnknown(f"{host} has no address")
    return found


def _within(address: ipaddress.IPv6Address) -> list[Address] | None:
    """The addresses of IPv4 that one of IPv6 stands for; None where it stands for itself."""
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback_name(host: str) -> bool:
    """Whether it is a name of the machine itself. Source: RFC 6761, section 6.3."""
    name = host.rstrip(".").lower()
    return name == "localhost" or name.endswith(".localhost")


def _looks_numeric(host: str) -> bool:
    """Whether a system may read it as an address: ``2130706433``, ``0x7f.1``, ``127.1``."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return last.isdigit() or last.startswith("0x")


def _refusal(address: Address) -> str:
    return f"nothing is sent to {address}: webhook_allow names networks that may be reached"
