"""The bounds of all guards in one place, and what is known to be above them.

When a path becomes shorter, lower its bound; when one has to become longer, raise it and say why in
the commit. ``python -m tests.guards`` prints what is counted now.
"""

from __future__ import annotations

INSTRUCTIONS = {
    "a single append, from its bytes to its commit": 970_000,
    "a line of a bulk append, from its bytes to its commit": 455_000,
    "an event read from the store and decoded": 68_000,
    "an event of a history folded to a status": 66_000,
}
"""At most so many instructions, counted by cachegrind on CPython 3.11.

Each is 12 to 15% above what was counted when it was written.
"""

STATEMENTS = {
    "append to a contact": 11,
    "append to a contact again": 7,
    "50 lines to as many contacts": 15,
    "50 lines to the same contacts": 11,
    "status": 3,
    "status again": 0,
    "contact": 9,
    "card": 14,
    "scorecard": 6,
    "scorecard of the ledger": 12,
    "events of a contact": 12,
    "events of the log": 6,
    "statuses": 5,
    "statuses of a stage": 5,
    "statuses with a flag": 5,
    "statuses of a past day": 65,
    "summary": 5,
    "summary of a past day": 5,
    "standings": 5,
    "restatements": 4,
    "search by name": 5,
    "search by words": 5,
}
"""At most so many statements, the beginning and the end of each transaction included."""

SLOW_PLANS = {
    "statuses of a past day": "every interval is read and sorted",
    "summary": "every contact is counted",
    "summary of a past day": "every interval is read, and counted in a temporary tree",
}
"""The paths that read a whole table or sort one, and what they do there. No other may."""
