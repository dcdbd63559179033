"""The signals that make up a score, in the order in which they are shown.

Source: the domain document, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commerce import Commerce
from domain.signals.allegiance import (
    AdviceSignal,
    CustomSignal,
    GuestsSignal,
    KnownSignal,
    SelfDirectedSignal,
    TestimonialSignal,
    TwoWaySignal,
    WalletSignal,
)
from domain.signals.anchors import EngagementAnchor, RegularityAnchor, RenewalAnchor
from domain.signals.base import Change, Judged, Reading, Signal
from domain.signals.referral import ReferralSignal
from domain.signals.trouble import ComplaintSignal, PromiseSignal

if TYPE_CHECKING:
    from domain.policy import Policy

__all__ = ["BLANK_SIGNALS", "SIGNALS", "Change", "Judged", "Reading", "Signal", "blank_changes"]

SIGNALS: tuple[type[Signal], ...] = (
    EngagementAnchor,
    RegularityAnchor,
    RenewalAnchor,
    WalletSignal,
    ReferralSignal,
    AdviceSignal,
    SelfDirectedSignal,
    GuestsSignal,
    KnownSignal,
    TestimonialSignal,
    TwoWaySignal,
    ComplaintSignal,
    PromiseSignal,
    CustomSignal,
)
"""Every signal, in the order in which they are shown."""

BLANK_SIGNALS: tuple[Signal, ...] = tuple(signal.of(Commerce("UTC")) for signal in SIGNALS)
"""Signals that absorbed nothing, and must not: what those of most contacts are."""

_KNOWN_POLICIES = 16
_blank_changes: list[tuple[Policy, tuple[tuple[Change, ...], ...]]] = []


def blank_changes(policy: Policy) -> tuple[tuple[Change, ...], ...]:
    """What could happen to each blank signal under a policy, in the order of ``SIGNALS``.

    It is the same for everybody at any time, so it is worked out once for each policy.
    """
    for known, changes in _blank_changes:
        if known is policy:
            return changes
    judged = Judged(0, policy, is_client=False, was_ever_client=False)
    made = tuple(tuple(one.changes(one.read(judged), judged)) for one in BLANK_SIGNALS)
    _blank_changes[:] = [(policy, made), *_blank_changes[: _KNOWN_POLICIES - 1]]
    return made
