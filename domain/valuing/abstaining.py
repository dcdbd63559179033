"""Why no expected value is given: every reason by its stable name, with a sentence."""

from __future__ import annotations

from typing import NamedTuple

LEAST_REPEATERS = 200
"""Fewer contacts who bought on a second day say too little. Source: the care document, 7."""

LEAST_GAIN = 3
"""By how much the log-likelihood must exceed that without drop-out. Source: the same."""

_SENTENCES = {
    "nothing-bought": "nobody has bought anything",
    "too-few-repeats": f"fewer than {LEAST_REPEATERS} contacts bought on a second day",
    "no-convergence": "the parameters of {what} were not found",
    "at-bound": "a parameter of {what} lies at the bound of where it is looked for",
    "no-drop-out": "that contacts leave explains their purchases hardly better than that nobody"
    " does: the log-likelihood is not {least} higher",
    "spend-without-mean": "the amounts spent scatter so widely that they have no mean",
    "hold-out-missed": "for the last fifth of the time {expected:,} purchase days were expected,"
    " and there were {actual:,}: more than {percent} % off",
    "no-valuation": "no valuation was made by then",
    "never-bought": "the contact has bought nothing in this currency",
    "by-agreement": "the contact has or had a subscription or an engagement, which does not end in"
    " silence",
    "contact-erased": "the contact was erased",
}

REASONS = tuple(_SENTENCES)
"""The names of the reasons."""


class Abstention(NamedTuple):
    """That no value is given: ``reason`` is for programs, ``because`` for people."""

    reason: str
    because: str


def abstention(reason: str, **figures: object) -> Abstention:
    """The abstention for a reason, with the figures of its sentence."""
    return Abstention(reason, _SENTENCES[reason].format(**figures))
