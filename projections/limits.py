"""How much one step of a build takes in, and how much a build keeps in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The sizes that bound a build's steps and its memory. Rows do not depend on them."""

    batch_events: int = 2000
    """How many events a step that folds contacts takes in at most, unless the one before met a
    longer stream. A first build of a log beyond this is filled rather than followed.
    """

    most_batch_events: int = 10_000
    """How many it takes in at most then: a stream of thousands would else be folded once for each
    few of its events that come late.
    """

    filled_events: int = 2000
    """After how many events of contacts a pass that fills empty generations writes what it has
    collected: some 2,000 rows of each large table, in one short transaction.
    """

    filled_alone_events: int = 20_000
    """How many events a pass in several processes has for each of them at least: starting one takes
    as long as folding some thousands.
    """

    far_events: int = 20_000
    """How far a build is behind at least before it is filled again rather than followed."""

    first_events: int = 2_000
    """How many events the log has at least before a build that never took in any is filled."""

    pouring_seconds: float = 1.0
    """Events are said to pour in until nothing has been appended for this time. Meanwhile a build
    is filled again only where it is behind by half of the log: all fillings together then go over
    twice the log at most.
    """

    far_pouring_events: int = 100_000
    """How far a build is behind at least before it is filled again while events pour in: as far as
    the follower waits a flood out.
    """

    far_share: int = 10
    """And by at least one part in this number of the log. To follow an event costs about ten times
    as much as to fill it, because a pass over the contacts folds each of them once.
    """

    kept_facts: Callable[[], int] = lambda: 200_000
    """How many facts the histories have that such a build keeps, which bounds their memory. It is
    asked each time, because it may depend on what else is in memory.
    """

    restated_events: int = 500
    """How many events are read at once for restatements, and about how many a step takes in: few,
    because others wait for it. Where long streams are touched, a round of several steps takes in
    more.
    """

    round_events: int = 10_000
    """How many events such a round takes in at most, which bounds what is not written yet."""

    long_events: int = 500
    """From how many events on a stream is long: what comes late on it is better folded together."""

    step_facts: int = 20_000
    """After how many folded facts a step ends, though its round continues: others wait for it."""

    walk_events: int = 2000
    """After how many events of contacts a step of a walk over all of them ends."""

    kept_belief_facts: Callable[[], int] = lambda: 100_000
    """How many facts the beliefs have that are extended, likewise."""


LIMITS = Limits()
