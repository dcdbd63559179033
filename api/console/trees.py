"""The tree of a contact as a page shows it: a nested list, and its drawing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from api.service.answers.trees import Downstream, TreeNode

MOST_DRAWN = 60
"""Of how many contacts a drawing is made at most, the nearest; the list has all."""

COLUMN, ROW = 250, 36
"""How far contacts are apart in a drawing: those who sent each other, and those side by side."""

MOST_LETTERS = 22
"""How much of a name stands in a drawing, which gives the whole name when it is pointed at."""


@dataclass
class TreeEntry:
    """A contact in the list with those whom it sent."""

    node: TreeNode
    sent: list[TreeEntry] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """A contact in a drawing, of whom the root has no node; the line to it begins at the
    height ``from_``.
    """

    node: TreeNode | None
    label: str
    x: int
    y: int
    from_: int | None


@dataclass(frozen=True)
class Drawing:
    """The places of a drawing, its size, and how many contacts are not in it."""

    places: tuple[Place, ...]
    width: int
    height: int
    hidden: int


def entries_of(tree: Downstream) -> list[TreeEntry]:
    """Whom the contact sent, each with whom these sent."""
    found: dict[UUID, TreeEntry] = {}
    first: list[TreeEntry] = []
    for node in tree.nodes:
        one = found[node.contact_id] = TreeEntry(node)
        above = found.get(node.by)
        if above is None:
            first.append(one)
        else:
            above.sent.append(one)
    return first


def drawing(tree: Downstream, name: str | None) -> Drawing:
    """The tree from left to right, with each contact beside the middle of those whom it sent."""
    shown = tree.nodes[:MOST_DRAWN]
    sent: dict[UUID, list[TreeNode]] = defaultdict(list)
    for node in shown:
        sent[node.by].append(node)
    heights: dict[UUID, int] = {}
    next_row = 0
    for contact in _from_the_ends(tree.contact_id, sent):
        below = [heights[one.contact_id] for one in sent.get(contact, ())]
        if below:
            heights[contact] = (below[0] + below[-1]) // 2
        else:
            heights[contact] = next_row * ROW + ROW // 2
            next_row += 1
    root = Place(None, _short(name), 8, heights[tree.contact_id], None)
    at = {tree.contact_id: root}
    for node in shown:
        above = at[node.by]
        y = heights[node.contact_id]
        at[node.contact_id] = Place(node, _short(node.name), above.x + COLUMN, y, above.y)
    places = tuple(at.values())
    width = max(one.x for one in places) + COLUMN
    return Drawing(places, width, next_row * ROW, len(tree.nodes) - len(shown))


def _from_the_ends(root: UUID, sent: dict[UUID, list[TreeNode]]) -> Iterator[UUID]:
    """Every contact after all whom it sent."""
    waiting: list[tuple[UUID, bool]] = [(root, False)]
    while waiting:
        contact, is_met = waiting.pop()
        if is_met:
            yield contact
            continue
        waiting.append((contact, True))
        below: Sequence[TreeNode] = sent.get(contact, ())
        waiting += [(one.contact_id, False) for one in reversed(below)]


def _short(name: str | None) -> str:
    text = name or "name not known"
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
