"""Which policy was in force when.

In force at an instant is the version with the greatest ``effective_from`` at or before it, of
equals the higher version. Source: the domain document, section 8.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from domain.errors import PolicyNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from domain.policy import Policy


@dataclass(frozen=True, kw_only=True)
class PolicyVersion:
    """A policy as it was published: ``position`` says since when it is known.

    ``stored`` is the document that was published, where it is older than the present rules.
    """

    version: int
    effective_from: int
    policy: Policy
    sha256: str
    position: int
    event_id: UUID
    stored: Mapping[str, object] | None = None

    def document(self) -> Mapping[str, object]:
        """The document as it was published, to which ``sha256`` belongs."""
        return self.policy.document() if self.stored is None else self.stored


@dataclass(frozen=True)
class PolicyTimeline:
    """The versions known at some position."""

    versions: tuple[PolicyVersion, ...]

    @cached_property
    def _by_start(self) -> tuple[PolicyVersion, ...]:
        return tuple(sorted(self.versions, key=lambda v: (v.effective_from, v.version)))

    @cached_property
    def _starts(self) -> list[int]:
        return [version.effective_from for version in self._by_start]

    def in_force(self, at: int) -> PolicyVersion:
        """The version that judges this instant; the first one before any is in force."""
        ordered = self._by_start
        if len(ordered) == 1:
            return ordered[0]
        return ordered[max(bisect_right(self._starts, at) - 1, 0)]

    def next_change(self, after: int) -> int | None:
        """The next instant after ``after`` from which another version may be in force."""
        starts = self._starts
        if not starts or after >= starts[-1]:
            return None
        return starts[bisect_right(starts, after)]

    def last_change(self, at: int) -> int | None:
        """The last instant up to and including ``at`` from which another version was in force."""
        place = bisect_right(self._starts, at)
        return self._starts[place - 1] if place else None

    def is_same_as(self, other: PolicyTimeline) -> bool:
        """Whether both know the same versions."""
        return [v.event_id for v in self.versions] == [v.event_id for v in other.versions]

    def known_at(self, position: int) -> PolicyTimeline:
        """The versions that were known at that position."""
        return PolicyTimeline(tuple(v for v in self.versions if v.position <= position))

    def only(self, version: int) -> PolicyTimeline:
        """All instants judged by one version.

        Raises:
            PolicyNotFound: no such version is known.
        """
        for candidate in self.versions:
            if candidate.version == version:
                return PolicyTimeline((candidate,))
        newest = f": the newest is {self.versions[-1].version}" if self.versions else ""
        raise PolicyNotFound(f"no version {version} of the policy was published{newest}")

    def with_version(self, added: PolicyVersion) -> PolicyTimeline:
        """These versions and one more."""
        return PolicyTimeline((*self.versions, added))


def timeline_of(versions: Iterable[PolicyVersion]) -> PolicyTimeline:
    """A timeline of these versions, in any order."""
    return PolicyTimeline(tuple(sorted(versions, key=lambda version: version.version)))
