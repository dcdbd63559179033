"""What the pages show as input is accepted, and the tutorial keeps what it promises."""

from __future__ import annotations

import json
import tomllib
from uuid import NAMESPACE_URL, uuid5

from domain.events import CATALOGUE
from domain.presets import read_policy
from tests.docs.shell import blocks, needs_a_shell, run
from tests.house.tree import ROOT

TUTORIAL = ROOT / "docs" / "tutorial" / "first-relationship.md"


@needs_a_shell
def test_the_tutorial_keeps_what_it_promises(port: int) -> None:
    answers = run("\n".join(blocks(TUTORIAL, "sh")).replace(":8400", f":{port}"))
    statuses = [answer for answer in answers if "signals" in answer]
    assert [(one["stage"], one["score"]) for one in statuses[:2]] == [
        ("customer", 35),
        ("client", 60),
    ]
    assert statuses[1]["will_change"]["at"].startswith("2025-08-16")
    assert statuses[1]["will_change"]["stage"] == "customer"
    assert statuses[2]["stage"] == "prospect"
    assert answers[-1]["reason"] == "id-in-use"


def test_the_events_that_pages_show_are_valid() -> None:
    shown = [
        json.loads(block)
        for page in sorted((ROOT / "docs" / "how-to").glob("*.md"))
        for block in blocks(page, "json")
    ]
    events = [one for one in shown if "type" in one]
    types = {event["type"] for event in events}
    assert types == {
        "consent-changed",
        "contact-detail-learned",
        "contact-merged",
        "contact-registered",
        "contacts-distinguished",
        "event-corrected",
        "event-retracted",
    }
    for event in events:
        CATALOGUE[event["type"]].read(event["data"], lambda name: uuid5(NAMESPACE_URL, name))
        if "data" in event["data"]:
            CATALOGUE["purchase-made"].read(event["data"]["data"])


def test_the_policy_that_a_page_shows_is_valid() -> None:
    page = ROOT / "docs" / "how-to" / "publish-a-policy.md"
    (document,) = blocks(page, "toml")
    assert read_policy(tomllib.loads(document)).name == "corner cafe"
