"""How fast a subscription follows its log, and how it makes room for those who append."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Pacing:
    """The pace of one subscription. The defaults never rest, and look only when they are woken.

    Rests leave the interpreter to those who append while events pour in. A rest ends at once when
    somebody waits for a position.
    """

    poll_seconds: float | None = None
    """How often it looks without being woken, because other processes may write to the log."""

    turn_seconds: float = 0.0
    """From the beginning of a turn that leaves nothing to take in to the next turn, at least."""

    retry_seconds: float = 1.0
    """After how long it tries again when a file could not be read or written."""

    last_seconds: float = 0.0
    """How long it continues at most after it was stopped, while there is more to take in."""

    step_events: int | None = None
    """How many events a step takes in at most; None where the subscriber knows better."""

    part_events: int | None = None
    """How many events of a step are taken in between two breaths; None likewise."""

    breath_seconds: float = 0.0
    """How long a breath is at most; it is as long as the part before it took."""

    quiet_seconds: float = 0.0
    """Events are said to pour in until nothing has been appended for this time."""

    most_rest_seconds: float = 0.0
    """How long it rests at most after a step, while events pour in or when the step was long.

    It rests as long as the step took, so that appends have half of the interpreter's time.
    """

    rest_seconds: float = 0.0
    """A last step that took at least this long is followed by a rest as long. A shorter one that
    took in ``many_events`` or more is followed by a rest of ``rest_seconds``: fewer and larger
    steps cost less, and events that nobody waits for are still taken in soon.
    """

    many_events: int = 1
    """See ``rest_seconds``."""

    flood_events: int = 1
    """Commits with at least this number of events on average are a flood, and it waits until the
    flood ends. Single appends rarely make such commits, and bulk requests rarely make others.
    """

    far_behind_events: int = 0
    """How far it may be behind in a flood before it takes half of the interpreter's time: a number
    of events that take some seconds to append, and some seconds to take in.
    """

    starved_seconds: float = 0.0
    """How long a subscriber that gives way waits at most while events pour in."""

    dear_times: int = 0
    """A subscriber that gives way rests this many times as long as its steps took, if they cost far
    more than their events are worth. So a contact whose long history is folded for each of its late
    events takes a tenth of a core, and the events that come meanwhile are folded together.
    """

    most_dear_seconds: float = 0.0
    """How long it rests at most after such steps."""

    def rest_between(self, took_seconds: float) -> float:
        """How long to rest after a step while there is more to take in, and events pour in."""
        return min(took_seconds, self.most_rest_seconds)

    def rest_after(self, took_seconds: float, event_count: int) -> float:
        """How long to rest after a turn that left nothing to take in."""
        rest_seconds = self.turn_seconds - took_seconds
        if took_seconds >= self.rest_seconds:
            return max(rest_seconds, self.rest_between(took_seconds))
        return max(rest_seconds, self.rest_seconds if event_count >= self.many_events else 0.0)

    def rest_of_the_dear(self, spent_seconds: float) -> float:
        """How long a subscriber that gives way rests after dear steps that used this much time."""
        return min(spent_seconds * self.dear_times, self.most_dear_seconds)


PROJECTIONS = Pacing(
    poll_seconds=1.0,
    retry_seconds=1.0,
    quiet_seconds=0.1,
    rest_seconds=0.04,
    most_rest_seconds=0.25,
    many_events=16,
    flood_events=100,
    far_behind_events=100_000,
    starved_seconds=1.0,
    dear_times=9,
    most_dear_seconds=60.0,
)
"""Soon for requests that wait for a position, and cheap for appends."""

PROJECTIONS_BESIDE = replace(PROJECTIONS, quiet_seconds=0.4, rest_seconds=0.01)
"""In a process of their own. It waits out a flood too: what takes a whole core, and what is folded
again after every few of a contact's events, delays those who append where cores are few. Commits
of a bulk request are some tenths of a second apart there.
"""

SIGNER = Pacing(
    turn_seconds=0.8,
    retry_seconds=1.0,
    last_seconds=10.0,
    step_events=16_384,
    part_events=256,
    breath_seconds=0.01,
)
"""A checkpoint every second while there is something new, and one of all at the end."""

TAILS = Pacing()
"""At once, because somebody listens."""
