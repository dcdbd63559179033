"""A small diagram for each figure over the number of events, as SVG for light and dark pages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchmarks.measure import shown
from benchmarks.scale.figures import MEASURES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.scale.figures import Measure, Size

COLUMNS = 3
WIDTH, HEIGHT = 300, 190
LEFT, RIGHT, TOP, BOTTOM = 52, 276, 40, 140
STYLE = """\
<style>
  text { fill: #24292f; } .quiet { fill: #57606a; } .axis { stroke: #8c959f; }
  .line { stroke: #1f5fa8; fill: none; } .dot { fill: #1f5fa8; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .quiet { fill: #9198a1; } .axis { stroke: #656c76; }
    .line { stroke: #6cb0f5; } .dot { fill: #6cb0f5; }
  }
</style>"""


def plot(sizes: Sequence[Size]) -> str:
    """One diagram for each measure. The number of events grows tenfold from mark to mark.

    A figure's axis begins at 0 and ends at the greatest figure.
    """
    rows = math.ceil(len(MEASURES) / COLUMNS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {COLUMNS * WIDTH} {rows * HEIGHT}"'
        ' role="img" font-family="system-ui, sans-serif" font-size="12">',
        f"<title>Each figure from {sizes[0].events:,} to {sizes[-1].events:,} events</title>",
        "<!-- Written by `make bench-full`. -->",
        STYLE,
    ]
    for place, measure in enumerate(MEASURES):
        row, column = divmod(place, COLUMNS)
        parts.append(f'<g transform="translate({column * WIDTH} {row * HEIGHT})">')
        parts += _diagram(measure, sizes)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _diagram(measure: Measure, sizes: Sequence[Size]) -> Iterator[str]:
    most = max(size.figures[measure] for size in sizes)
    points = [(_x(size.events, sizes), _y(size.figures[measure], most)) for size in sizes]
    yield f'<text x="{LEFT}" y="18" font-weight="600">{measure.name}</text>'
    yield f'<text class="quiet" x="{LEFT}" y="33">{measure.unit}</text>'
    yield f'<path class="axis" d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}" fill="none"/>'
    for figure in (0.0, most):
        text = shown(figure) if figure else "0"
        yield _text(LEFT - 6, _y(figure, most) + 4, text, "end")
    for size, (x, _) in zip(sizes, points, strict=True):
        yield _text(x, BOTTOM + 16, _short(size.events), "middle")
    yield _text((LEFT + RIGHT) / 2, BOTTOM + 32, "events", "middle")
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline class="line" stroke-width="2" points="{line}"/>'
    for size, (x, y) in zip(sizes, points, strict=True):
        told = f"{size.events:,} events: {shown(size.figures[measure])} {measure.unit}"
        yield f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{told}</title></circle>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text class="quiet" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _x(events: int, sizes: Sequence[Size]) -> float:
    """By the logarithm of the number, from the first size to the last."""
    first, last = math.log(sizes[0].events), math.log(sizes[-1].events)
    share = (math.log(events) - first) / (last - first) if last > first else 0.5
    return LEFT + 12 + share * (RIGHT - LEFT - 24)


def _y(figure: float, most: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * figure / most


def _short(events: int) -> str:
    """Such as ``10k`` or ``1M``: about how many."""
    if events >= 1_000_000:
        return f"{events / 1_000_000:.2g}M"
    return f"{events / 1_000:.3g}k"
