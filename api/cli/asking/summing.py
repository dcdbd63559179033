"""What follows from the counts of a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.cli.asking.answers import Document


def with_premature_fraction(summary: Document) -> Document:
    """The summary with the fraction of demotions by silence that were premature, where it is known.

    >>> counts = {"silence_demotions": 8, "premature_demotions": 1}
    >>> with_premature_fraction(counts)["premature_demotion_rate"]
    0.125
    """
    demotions, premature = summary["silence_demotions"], summary["premature_demotions"]
    known = demotions and premature is not None
    return {
        **summary,
        "premature_demotion_rate": round(premature / demotions, 4) if known else None,
    }
