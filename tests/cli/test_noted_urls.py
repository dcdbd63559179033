"""Where commands of this machine reach a server that listens somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cli.listening import url_from_here
from api.service.settings import Settings

TLS = {"tls_certificate": Path("chain.pem"), "tls_key": Path("key.pem")}


@pytest.mark.parametrize(
    ("name", "chosen", "url"),
    [
        (("127.0.0.1", 8400), {}, "http://127.0.0.1:8400"),
        (("0.0.0.0", 8400), {"host": "0.0.0.0"}, "http://127.0.0.1:8400"),
        (("::", 8400, 0, 0), {"host": "::"}, "http://[::1]:8400"),
        (("fe80::1%eth0", 8400, 0, 2), {"host": "fe80::1%eth0"}, "http://[fe80::1%eth0]:8400"),
        (("10.1.2.3", 443), {"host": "10.1.2.3"}, "http://10.1.2.3:443"),
        (
            ("10.1.2.3", 8400),
            {"host": "ledger.example.org", **TLS},
            "https://ledger.example.org:8400",
        ),
        (("0.0.0.0", 8400), {"host": "0.0.0.0", **TLS}, "https://127.0.0.1:8400"),
    ],
)
def test_a_server_is_asked_where_it_can_be_reached(
    name: tuple[object, ...], chosen: dict[str, object], url: str
) -> None:
    assert url_from_here(name, Settings(**chosen)) == url  # type: ignore[arg-type]  # any settings
