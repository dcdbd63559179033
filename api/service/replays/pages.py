"""Lists that no projection holds, folded when they are asked for, a bounded part at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.limits import LIMITS
from api.service.replays.replay import relationship_at
from api.service.replays.rows import StatusRows
from domain.calibration import Calibrator, account_of
from domain.errors import Invalid
from domain.events import STAGES
from projections.answers import CalibrationSnapshot, Page, Summary
from projections.contact_walk import Walk
from projections.groups import read_group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from api.service.answers.document import Document
    from api.service.replays.rows import Rows
    from projections.answers import Cursor
    from projections.folding import Moment
    from projections.source import EventSource


def folded_page(
    source: EventSource,
    moment: Moment,
    rows: Rows,
    *,
    after: Cursor | None,
    limit: int,
    most_events: int = LIMITS.folded_events,
) -> Page[Document]:
    """The next rows at the moment, in the order of contacts; cursors have no value but 0.

    Where few contacts are wanted, a page may have fewer rows than it may, or none.
    """
    items: list[Document] = []
    last: UUID | None = None
    begin = after[1] if after else None
    walk = Walk(source, moment.aliases, moment.position, after=begin)
    for contact, events in walk:
        if last is not None and (len(items) >= limit or rows.events_read >= most_events):
            return Page(tuple(items), (0, last), moment.position, moment.at)
        last = contact
        if (row := rows.row(contact, events)) is not None:
            items.append(row)
    return Page(tuple(items), None, moment.position, moment.at)


def sorted_page(
    source: EventSource,
    moment: Moment,
    rows: Rows,
    *,
    sort: str,
    elsewhere: str,
    after: Cursor | None,
    limit: int,
    most_events: int = LIMITS.folded_events,
) -> Page[Document]:
    """The next rows by what they say under ``sort``, the greatest first, equal ones by their ids.

    Raises:
        Invalid: there is more to fold than one answer may; ``elsewhere`` says what to do then.
    """
    if moment.position > most_events:
        detail = f"sorting takes more than {most_events:,} events: {elsewhere}"
        raise Invalid.at("/sort", "takes-a-replay", detail)
    found: list[tuple[int, UUID, Document]] = []
    for contact, events in Walk(source, moment.aliases, moment.position):
        row = rows.row(contact, events)
        if row is not None:
            found.append((-getattr(row, sort), contact, row))
    found.sort(key=lambda one: one[:2])
    if after is not None:
        found = [one for one in found if one[:2] > (-after[0], after[1])]
    page = found[:limit]
    following = (-page[-1][0], page[-1][1]) if len(found) > limit else None
    return Page(tuple([one[2] for one in page]), following, moment.position, moment.at)


def folded_rows(
    source: EventSource,
    moment: Moment,
    contacts: Sequence[UUID],
    most_events: int = LIMITS.folded_events,
) -> list[Document]:
    """Rows of contacts who have a stage at the moment, in their order: as many as one answer folds.

    At least one, where there is any.

    Raises:
        Stumbled: a history that cannot be folded.
    """
    items: list[Document] = []
    rows = StatusRows(moment)
    for contact in contacts:
        if rows.events_read >= most_events:
            break
        events = read_group(source, contact, moment.aliases, moment.position)
        row = rows.row(contact, events)
        assert row is not None, "the intervals, which are of the same position, have this contact"
        items.append(row)
    return items


def folded_summary(
    source: EventSource, moment: Moment, most_events: int = LIMITS.folded_events
) -> Summary:
    """How many contacts are in each stage at the moment.

    Raises:
        Invalid: there is more to fold than one answer may.
    """
    if moment.position > most_events:
        detail = (
            f"counting takes more than {most_events:,} events: ask for a replay, POST .../replays"
        )
        raise Invalid.at("", "takes-a-replay", detail)
    counts = dict.fromkeys(STAGES, 0)
    for contact, events in Walk(source, moment.aliases, moment.position):
        found = relationship_at(contact, events, moment)
        if found is not None:
            counts[found.stage] += 1
    return Summary(counts, moment.position, moment.at)


def folded_calibration(
    source: EventSource,
    moment: Moment,
    from_at: int | None,
    to_at: int | None,
    most_events: int | None,
) -> CalibrationSnapshot:
    """How right the falls by silence of a period were at the moment, and what clients were worth.

    Of any number of events where ``most_events`` is None.

    Raises:
        Invalid: there is more to fold than one answer may.
    """
    if most_events is not None and moment.position > most_events:
        detail = (
            f"this takes more than {most_events:,} events: ask without as_known_at and"
            " policy_version, or ask rapport calibration on a copy of the data folder"
        )
        raise Invalid.at("", "takes-a-replay", detail)
    calibrator = Calibrator(from_at, to_at, moment.at)
    for contact, events in Walk(source, moment.aliases, moment.position):
        found = relationship_at(contact, events, moment)
        if found is not None:
            calibrator.add(account_of(found))
    return CalibrationSnapshot(calibrator.result(), moment.position, moment.at)
