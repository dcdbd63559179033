"""Lists that no projection holds, folded when they are asked for, a bounded part at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.replaying.replay import relationship_at, row_of
from domain.errors import Invalid
from domain.events import STAGES
from domain.instants import parse_instant
from projections.answers import Page, Summary
from projections.groups import read_group
from projections.walking import Walk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from api.wire.present import Shape
    from projections.answers import Cursor
    from projections.folding import Moment
    from projections.source import EventSource

MOST_EVENTS = 20_000
"""How many events one answer folds: about half a second's work."""

_SHOWN = ("contact_id", "stage", "score", "since", "flags")


@dataclass(frozen=True)
class FoldedPage:
    """Rows in the order of contacts; the next page begins after ``last``, None at the end.

    Where few contacts are wanted, a page may have fewer rows than it may, or none.
    """

    items: list[Shape]
    last: UUID | None


def folded_page(
    source: EventSource,
    moment: Moment,
    *,
    after: UUID | None,
    limit: int,
    stage: str | None,
    flag: str | None,
) -> FoldedPage:
    """The next contacts of a stage or with a flag at the moment."""
    items: list[Shape] = []
    walk = Walk(source, moment.aliases, moment.position, after=after)
    last: UUID | None = None
    folded = 0
    for contact, events in walk:
        if last is not None and (len(items) >= limit or folded >= MOST_EVENTS):
            return FoldedPage(items, last)
        last, folded = contact, folded + len(events)
        row = row_of(contact, events, moment)
        if row is None or (stage is not None and row["stage"] != stage):
            continue
        if flag is None or flag in row["flags"]:
            items.append({name: row[name] for name in _SHOWN})
    return FoldedPage(items, None)


def sorted_page(
    source: EventSource,
    moment: Moment,
    *,
    sort: str,
    after: Cursor | None,
    limit: int,
    stage: str | None,
    flag: str | None,
) -> Page[Shape]:
    """Contacts by ``score`` or ``since``, the greatest first, equal ones by their ids.

    Raises:
        Invalid: there is more to fold than one answer may.
    """
    if moment.position > MOST_EVENTS:
        detail = (
            f"sorting takes more than {MOST_EVENTS:,} events: ask for a replay, POST .../replays"
        )
        raise Invalid.at("/sort", "takes-a-replay", detail)
    found: list[tuple[int, UUID, Shape]] = []
    for contact, events in Walk(source, moment.aliases, moment.position):
        row = row_of(contact, events, moment)
        if row is None or stage not in (None, row["stage"]):
            continue
        if flag is None or flag in row["flags"]:
            value = row["score"] if sort == "score" else parse_instant(row["since"])
            found.append((-value, contact, {name: row[name] for name in _SHOWN}))
    found.sort(key=lambda one: one[:2])
    if after is not None:
        found = [one for one in found if one[:2] > (-after[0], after[1])]
    page = found[:limit]
    following = (-page[-1][0], page[-1][1]) if len(found) > limit else None
    return Page(tuple([one[2] for one in page]), following, moment.position, moment.at)


def folded_rows(source: EventSource, moment: Moment, contacts: Sequence[UUID]) -> list[Shape]:
    """Rows of contacts who have a stage at the moment, in their order: as many as one answer folds.

    At least one, where there is any.

    Raises:
        Stumbled: a history that cannot be folded.
    """
    items: list[Shape] = []
    folded = 0
    for contact in contacts:
        if folded >= MOST_EVENTS:
            break
        events = read_group(source, contact, moment.aliases, moment.position)
        folded += len(events)
        row = row_of(contact, events, moment)
        assert row is not None, "the intervals, which are of the same position, have this contact"
        items.append({name: row[name] for name in _SHOWN})
    return items


def folded_summary(source: EventSource, moment: Moment) -> Summary:
    """How many contacts are in each stage at the moment, and what silence did up to then.

    Raises:
        Invalid: there is more to fold than one answer may.
    """
    if moment.position > MOST_EVENTS:
        detail = (
            f"counting takes more than {MOST_EVENTS:,} events: ask for a replay, POST .../replays"
        )
        raise Invalid.at("", "takes-a-replay", detail)
    counts = dict.fromkeys(STAGES, 0)
    silent = premature = 0
    for contact, events in Walk(source, moment.aliases, moment.position):
        found = relationship_at(contact, events, moment)
        if found is not None:
            counts[found.stage] += 1
            silent += found.silence_demotions
            premature += found.premature_demotions
    return Summary(counts, silent, premature, moment.position, moment.at)
