"""Nothing is sent where nothing may be sent: private addresses in every form, names that change."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from api.service.webhooks.attempts import Outcome, Receiver
from api.service.webhooks.egress import AddressRefused, Egress, NameUnknown, Target, read_networks
from domain.errors import Invalid
from tests.webhooks.receivers import receiving, status

if TYPE_CHECKING:
    from collections.abc import Sequence

CLOSED = Egress()
OPEN = Egress(plain=True)

REFUSED = (
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254",
    "172.16.0.1", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
    "203.0.113.9", "224.0.0.251", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "100::1",
    "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::a00:1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe", "2001:0:7f00:1::1",
)  # fmt: skip
"""Loopback, private, link-local, multicast, reserved and carrier's addresses, and what hides them.
"""

PERMITTED = (
    "93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808",
    "2002:808:808::1",
)  # fmt: skip


@dataclass
class Names:
    """Answers look-ups in turn: a name whose address is another one each time."""

    answers: list[Sequence[str]]
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0)


def target(url: str, *answers: Sequence[str], egress: Egress = CLOSED) -> Target:
    return asyncio.run(egress.target(url, Names(list(answers))))


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(Invalid) as refused:
        CLOSED.check_url(f"https://{literal}/in")
    assert refused.value.errors[0].code == "address-refused"
    with pytest.raises(AddressRefused):
        target("https://shop.example.org/in", [address])
    with pytest.raises(AddressRefused):
        target("https://shop.example.org/in", ["8.8.8.8", address])


@pytest.mark.parametrize("address", PERMITTED)
def test_a_public_address_is_pinned(address: str) -> None:
    shown = f"[{address}]" if ":" in address else address
    found = target("https://shop.example.org/in?a=1", [address, "8.8.4.4"])
    assert found.url.lower().startswith("https://")
    assert found.url.endswith(":443/in?a=1")
    assert found.host == found.server_name == "shop.example.org"
    CLOSED.check_url(f"https://{shown}:8443/")


def test_what_the_setting_names_may_be_reached() -> None:
    egress = Egress(read_networks(["127.0.0.0/8", "fd00::/8"]))
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "fd00::1"):
        assert target("https://x.example/", [address], egress=egress).server_name == "x.example"
    for address in ("10.0.0.1", "::1", "fc00::1"):
        with pytest.raises(AddressRefused):
            target("https://x.example/", [address], egress=egress)


def test_a_name_that_is_bound_anew_is_looked_up_and_refused_anew() -> None:
    names = Names([["8.8.8.8"], ["127.0.0.1"]])

    async def twice() -> Target:
        first = await CLOSED.target("https://rebound.example/", names)
        with pytest.raises(AddressRefused):
            await CLOSED.target("https://rebound.example/", names)
        return first

    assert asyncio.run(twice()).url == "https://8.8.8.8:443/"
    assert names.asked == [("rebound.example", 443)] * 2


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example.org/", "http://shop.example.org/", "https://", "https:///in", "shop",
        "https://user:pass@shop.example.org/", "https://shop.example.org/#there",
        "https://shop.example.org:0/", "https://shop.example.org:99999/", "https://a b/",
        "https://2130706433/", "https://0x7f.1/", "https://127.1/", "https://shop\r\n.example/",
        "https://localhost/", "https://a.localhost./", "https://LOCALHOST/",
        "https://münchen.example/", "https://[::1", "javascript:alert(1)", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_what_is_no_url_of_a_receiver_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        CLOSED.check_url(url)


def test_plain_http_is_for_open_mode_alone() -> None:
    OPEN.check_url("http://shop.example.org/")
    with pytest.raises(Invalid):
        OPEN.check_url("http://127.0.0.1/")


def test_a_name_without_an_address_is_no_target() -> None:
    async def fails(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    with pytest.raises(NameUnknown):
        target("https://x.example/", [])
    with pytest.raises(NameUnknown):
        asyncio.run(CLOSED.target("https://x.example/", fails))


def _sent(url: str, names: Names, egress: Egress) -> Outcome:
    async def sent() -> Outcome:
        context = ssl.create_default_context()
        receiver = Receiver(url, names, context, attempt_seconds=5, at_once=1)
        try:
            return await receiver.send(egress, "{}", {"Webhook-Id": "1"})
        finally:
            await receiver.close()

    return asyncio.run(sent())


def test_the_connection_goes_to_the_checked_address() -> None:
    egress = Egress(read_networks(["127.0.0.1"]), plain=True)
    with receiving() as receiver:
        names = Names([["127.0.0.1"], ["127.0.0.2"]])
        url = f"http://pinned.example:{receiver.port}/in"
        assert _sent(url, names, egress).status == 204
        assert receiver.messages[0].headers["host"] == f"pinned.example:{receiver.port}"
        assert len(names.asked) == 1, "it is looked up once for each connection"
        assert _sent(url, names, egress).problem == "address-refused"
        assert len(receiver.messages) == 1


def test_no_redirect_is_followed() -> None:
    egress = Egress(read_networks(["127.0.0.1"]), plain=True)
    with receiving() as other:
        answer = status(307, f"Location: {other.url}")
        with receiving(lambda _message: answer) as receiver:
            outcome = _sent(receiver.url, Names([]), egress)
    assert (outcome.status, outcome.is_delivered) == (307, False)
    assert other.messages == []


def test_a_certificate_must_be_for_the_name() -> None:
    egress = Egress(read_networks(["127.0.0.1"]))
    with receiving() as receiver:  # which speaks no TLS
        url = f"https://pinned.example:{receiver.port}/in"
        outcome = _sent(url, Names([["127.0.0.1"]]), egress)
    assert outcome.status is None
    assert outcome.problem is not None
