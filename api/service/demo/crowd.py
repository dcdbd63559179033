"""The crowd: ordinary people of the town, each made by chance from the seed and nothing else."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.service.demo.script import Script, Story

FIRST_NAMES = (
    "Abel", "Bess", "Cyril", "Dot", "Edna", "Fay", "Gus", "Hetty", "Igor", "Joan", "Kit", "Lola",
)  # fmt: skip
LAST_NAMES = (
    "Applecart", "Breadcrumb", "Candlewick", "Doorknob", "Eggcup", "Featherbed", "Gingersnap",
    "Haystack", "Inkwell", "Jampot", "Kettledrum", "Lampshade",
)  # fmt: skip


def tell_crowd(script: Script, seed: int, people_count: int, spend_minor: int) -> None:
    """Add people to the script, each with their own habit: how often they come and since when."""
    chance = Random(f"{seed}/{script.ledger}")  # noqa: S311  # a toy town, no secret
    for number in range(1, people_count + 1):
        name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
        since_days = chance.randrange(20, 360)
        story = script.contact(f"crowd-{number:03}", name, days_ago=since_days)
        _live(story, chance, since_days, spend_minor)


def _live(story: Story, chance: Random, since_days: int, spend_minor: int) -> None:
    gap_days = chance.choice((2, 3, 7, 7, 14, 30, 60))
    stops_days_ago = chance.choice((0, 0, 0, 30, 90, 180))
    day = since_days - chance.randrange(0, gap_days)
    for _ in range(30):
        if day <= stops_days_ago:
            break
        # In the afternoon of the town's clock or the day before: always in the past.
        story.purchase(day - chance.random() / 4, spend_minor * chance.randrange(50, 200) // 100)
        if chance.random() < 0.1:
            story.did(day - 0.25, "visit-made", guests=chance.randrange(0, 4))
        day -= max(1, gap_days + chance.randrange(-1, 2))
    if chance.random() < 0.1:
        story.did(
            max(day, 1), "touch-made", direction=chance.choice(("inbound", "outbound")),
            purpose="a question", planned=False, channel="telephone",
        )  # fmt: skip
