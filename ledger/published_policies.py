"""Reading the policies that stand on the policy stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import Corrupt
from domain.events.governance import PolicyPublished
from domain.kept_policies import read_kept_policy
from domain.timeline import PolicyVersion, timeline_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.policy import Policy
    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyTimeline


def policy_version(recorded: RecordedEvent, policy: Policy) -> PolicyVersion:
    """The policy version that a ``policy-published`` event made."""
    event = recorded.event
    assert isinstance(event, PolicyPublished)
    return PolicyVersion(
        version=event.policy_version,
        effective_from=event.effective_from,
        policy=policy,
        sha256=event.sha256,
        position=recorded.position,
        event_id=recorded.id,
        stored=None if "rules" in event.policy else event.policy,
    )


def timeline(events: Iterable[RecordedEvent]) -> PolicyTimeline:
    """The policies that those events of the policy stream published.

    Raises:
        Corrupt: one of them is not a policy.
    """
    return timeline_of([_version(recorded) for recorded in events])


def _version(recorded: RecordedEvent) -> PolicyVersion:
    event = recorded.event
    if not isinstance(event, PolicyPublished):
        raise Corrupt(f"position {recorded.position} is no policy, but stands on its stream")
    return policy_version(recorded, read_kept_policy(event.policy))
