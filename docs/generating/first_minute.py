"""The picture of the README: what became of Anna, by the rules, day after day."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import UUID

from domain.events import CATALOGUE
from domain.history import effective_history
from domain.instants import DAY, parse_instant
from domain.presets import PRESETS
from domain.recorded import RecordedEvent
from domain.relationship import Relationship, fold
from domain.timeline import PolicyTimeline, PolicyVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

ANNA, BEN = UUID(int=1), UUID(int=2)
NOW = parse_instant("2025-02-20T12:00:00Z")
FIRST = parse_instant("2025-01-01T00:00:00Z")
LAST = parse_instant("2025-10-01T00:00:00Z")
SALE = {"amount_minor": 1450, "currency": "EUR", "initiated_by": "contact"}
REFERRAL = {"referral_id": "r-1", "direction": "inbound", "other": str(BEN), "level": 3}
FACTS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("2025-01-02T09:00:00Z", "contact-registered", {"kind": "person", "name": "Anna de Wit"}),
    *(
        (f"2025-{day}T10:00:00Z", "purchase-made", {"purchase_id": f"till-{day}", **SALE})
        for day in ("01-06", "01-13", "01-20", "01-27", "02-03", "02-10")
    ),
    ("2025-02-12T16:00:00Z", "testimonial-given", {"public": True}),
    ("2025-02-14T11:30:00Z", "referral-made", REFERRAL),
)
"""The session of the README: when, what and with which data. A test compares the two."""

WIDTH, HEIGHT = 860, 330
LEFT, RIGHT, TOP, BOTTOM = 50, 846, 64, 244
HIGHEST_SCORE = 80
STEP = DAY // 4
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
)  # fmt: skip  # one name a line says no more
STAGES = {"contact": "#eceff3", "customer": "#d5e6f7", "client": "#cdebd5"}
SIGNS = {
    "purchase-made": ("#1f5fa8", "a purchase"),
    "testimonial-given": ("#b4690e", "a testimonial"),
    "referral-made": ("#1b7f3b", "a referral: she sent Ben"),
}


def anna(at: int) -> Relationship:
    """What the relationship with Anna is at an instant, by the facts up to then."""
    recorded = [
        RecordedEvent(
            contact_id=ANNA,
            version=number,
            position=number,
            id=UUID(int=1000 + number),
            occurred_at=parse_instant(occurred_at),
            recorded_at=NOW,
            source=None,
            actor=None,
            causation_id=None,
            event=CATALOGUE[name].read(data),
        )
        for number, (occurred_at, name, data) in enumerate(FACTS, 1)
    ]
    version = PolicyVersion(
        version=1,
        effective_from=0,
        policy=PRESETS["retail"],
        sha256="",
        position=1,
        event_id=UUID(int=9001),
    )
    return fold(effective_history(recorded, ANNA), PolicyTimeline((version,)), None, at)


def picture() -> str:
    """The picture as SVG: stages as bands, the score as a line, events as dots."""
    parts = [
        *_frame(),
        *_bands(),
        *_levels(),
        _line(FIRST, NOW, ""),
        _line(NOW, LAST, ' stroke-dasharray="5 4"'),
        *_dots(),
        *_axis(),
    ]
    return "\n".join([*parts, "</svg>", ""])


def _frame() -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        ' font-family="system-ui, sans-serif" font-size="13" fill="#24292f">'
    )
    yield "<title>Anna's score and stage, from January to September 2025</title>"
    yield "<!-- Written by `make docs` from docs/generating/first_minute.py: edit that instead. -->"
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff"/>'
    yield _text(
        LEFT, 24, "Anna de Wit: her score, and the stage that follows", ' font-weight="600"'
    )


def _bands() -> Iterator[str]:
    intervals = anna(LAST).intervals
    for one in intervals:
        left, right = _x(one.from_at), _x(one.to_at or LAST)
        yield (
            f'<rect x="{left}" y="{TOP}" width="{right - left:.1f}" height="{BOTTOM - TOP}"'
            f' fill="{STAGES[one.stage]}"/>'
        )
        narrow = right - left < 60
        x, anchor = (right - 4, "end") if narrow else (left + 4, "start")
        yield _text(x, TOP - 8, one.stage, f' font-weight="600" text-anchor="{anchor}"')
    fall = intervals[-1]
    yield _text(_x(fall.from_at) + 4, TOP + 20, "if nothing", ' fill="#57606a"')
    yield _text(_x(fall.from_at) + 4, TOP + 36, "happens", ' fill="#57606a"')


def _levels() -> Iterator[str]:
    stage = PRESETS["retail"].stage
    levels = ((stage.promotion_score, "makes a client"), (stage.stay_score, "keeps a client"))
    for score, said in levels:
        y = _y(score)
        yield f'<path d="M{LEFT} {y}H{RIGHT}" stroke="#8c959f" stroke-dasharray="2 3"/>'
        yield _text(_x(NOW) + 12, y - 5, f"{score} {said}", ' fill="#57606a"')
    for score in range(0, HIGHEST_SCORE + 1, 20):
        yield _text(LEFT - 8, _y(score) + 4, score, ' text-anchor="end"')


def _line(first: int, last: int, style: str) -> str:
    scores = [(at, anna(at).score) for at in range(first, last + 1, STEP)]
    changes = [f"H{_x(at)}V{_y(new)}" for (_, old), (at, new) in pairwise(scores) if new != old]
    line = f"M{_x(first)} {_y(scores[0][1])}{''.join(changes)}H{_x(last)}"
    return f'<path d="{line}" fill="none" stroke="#24292f" stroke-width="2.5"{style}/>'


def _dots() -> Iterator[str]:
    y = BOTTOM + 16
    for occurred_at, name, _ in FACTS:
        if name in SIGNS:
            x = _x(parse_instant(occurred_at))
            yield f'<circle cx="{x}" cy="{y}" r="5" fill="{SIGNS[name][0]}"/>'
    x = LEFT + 6
    for colour, said in SIGNS.values():
        yield f'<circle cx="{x}" cy="{HEIGHT - 18}" r="5" fill="{colour}"/>'
        yield _text(x + 10, HEIGHT - 14, said)
        x += 130


def _axis() -> Iterator[str]:
    for month, said in enumerate(MONTHS, 1):
        first = parse_instant(f"2025-{month:02}-01T00:00:00Z")
        yield f'<path d="M{_x(first)} {BOTTOM}v42" stroke="#d0d7de"/>'
        yield _text(_x(first) + 4, BOTTOM + 40, said)
    yield f'<path d="M{_x(NOW)} {TOP}V{BOTTOM}" stroke="#cf222e"/>'
    yield _text(_x(NOW) + 4, BOTTOM - 8, "20 February: asked", ' fill="#cf222e"')


def _x(at: int) -> float:
    return round(LEFT + (RIGHT - LEFT) * (at - FIRST) / (LAST - FIRST), 1)


def _y(score: int) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * score / HIGHEST_SCORE, 1)


def _text(x: float, y: float, said: object, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}>{said}</text>'
