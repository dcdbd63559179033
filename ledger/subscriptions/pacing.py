"""How fast a subscription follows its log, and how it makes room for those who append."""

from __future__ import annotations

from dataclasses import dataclass


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
    """How long it goes on at most after it was stopped, while there is more to take in."""

    step_events: int | None = None
    """How many events a step takes in at most; None where the subscriber knows better."""

    part_events: int | None = None
    """How many events of a step are taken in between two breaths; None likewise."""

    breath_seconds: float = 0.0
    """How long a breath is at most; it is as long as the part before it took."""

    quiet_seconds: float = 0.0
    """Events pour in until nothing has been appended for so long."""

    most_rest_seconds: float = 0.0
    """How long it rests at most after a step, while events pour in or when the step was long.

    It rests as long as the step took: whoever appends has half of the interpreter's time.
    """

    rest_seconds: float = 0.0
    """A last step that took so long is followed by a rest as long. A shorter one that took in
    ``many_events`` or more is followed by a rest of ``rest_seconds``: fewer and larger steps cost
    less, and what nobody waits for is seen in time all the same.
    """

    many_events: int = 1
    """See ``rest_seconds``."""

    flood_events: int = 1
    """Commits with so many events on average are a flood, which it waits out. Single appends hardly
    ever make such commits, and bulk requests hardly ever make others.
    """

    far_behind_events: int = 0
    """How far a flood may leave it behind before it takes half of the interpreter's time all the
    same: what it takes some seconds to take in, and a flood some seconds to bring.
    """

    starved_seconds: float = 0.0
    """How long what gives way does so at most, however many events pour in."""

    dear_times: int = 0
    """How many times as long as they took what gives way rests after steps that cost far more than
    their events are worth: a contact whose long history is folded for each of its late events
    takes a tenth of a core, and what comes meanwhile is folded together.
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
        """How long what gives way rests after dear steps of so many seconds of the processor."""
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
"""Soon for whoever waits, and cheap for those who append."""

SEALER = Pacing(
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
