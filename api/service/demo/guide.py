"""Where to look in the town: one contact for every stage and standing, as lines to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGES = (
    ("contact", "demo-cafe", "connie-contact"),
    ("prospect", "demo-cafe", "paula-prospect"),
    ("customer", "demo-cafe", "carl-customer"),
    ("client", "demo-cafe", "clara-client"),
    ("lapsed_customer", "demo-cafe", "lana-lapsed-customer"),
    ("lapsed_client", "demo-cafe", "leo-lapsed-client"),
    ("ended", "demo-cafe", "enid-ended"),
)
"""Who shows which stage, and in which ledger."""

STANDINGS = (
    ("key_partner", "demo-butcher", "ken-key-partner"),
    ("partner", "demo-butcher", "pat-partner"),
    ("introducer", "demo-butcher", "ines-introducer"),
    ("dormant", "demo-butcher", "dora-dormant"),
    ("none", "demo-butcher", "nora-none"),
)
"""Who shows which partner standing, and in which ledger."""


def lines(base_url: str) -> Iterator[str]:
    """The guide, as text for a terminal."""
    yield "The town is synthetic: nobody in it exists. Three ledgers: demo-cafe (preset cafe),"
    yield "demo-butcher (retail), demo-estate-agent (real-estate). One contact for every stage:"
    yield ""
    for stage, ledger, ref in STAGES:
        yield f"  # {stage}"
        yield f"  curl -s {base_url}/v1/ledgers/{ledger}/contacts/demo:{ref}/status"
    yield ""
    yield "One for every standing as a referral partner:"
    yield ""
    for standing, ledger, ref in STANDINGS:
        yield f"  # {standing}"
        yield f"  curl -s {base_url}/v1/ledgers/{ledger}/contacts/demo:{ref}/standing"
    yield ""
    yield "How someone got there: .../status/history; from what: .../events."
