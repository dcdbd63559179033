"""The signals that make up a score, in the order in which they are shown.

Source: the domain document, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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
from domain.signals.base import OFF, Change, Evaluation, Reading, Signal
from domain.signals.referral import ReferralSignal
from domain.signals.trouble import ComplaintSignal, PromiseSignal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.events import Event
    from domain.policy import Policy

__all__ = [
    "BLANK_SIGNALS",
    "OFF",
    "READERS",
    "SIGNALS",
    "Change",
    "Evaluation",
    "Reading",
    "Signal",
    "blank_changes",
    "blank_readings",
]

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

READERS: Mapping[type[Event], tuple[int, ...]] = {
    event_class: tuple(place for place, signal in enumerate(SIGNALS) if event_class in signal.reads)
    for signal in SIGNALS
    for event_class in signal.reads
}
"""Which signals, by place, read each class of event."""

BLANK_SIGNALS: tuple[Signal, ...] = tuple(signal.of(Commerce("UTC")) for signal in SIGNALS)
"""Signals that absorbed nothing, and must not: what those of most contacts are."""


class _Blank(NamedTuple):
    """How blank signals read under a policy, in the order of ``SIGNALS``, and what could happen."""

    policy: Policy
    readings: tuple[Reading, ...]
    changes: tuple[tuple[Change, ...], ...]


_KNOWN_POLICIES = 16
_known: list[_Blank] = []


def blank_readings(policy: Policy) -> tuple[Reading, ...]:
    """How signals read that absorbed nothing, in the order of ``SIGNALS``.

    It is the same at any instant, and for everybody: former clients absorbed some commerce.
    """
    return _blank(policy).readings


def blank_changes(policy: Policy) -> tuple[tuple[Change, ...], ...]:
    """What could happen to each blank signal under a policy: the same for everybody at any time."""
    return _blank(policy).changes


def _blank(policy: Policy) -> _Blank:
    for known in _known:
        if known.policy is policy:
            return known
    judged = Evaluation(0, policy, is_client=False, ceased_at=None)
    readings = tuple(one.read(judged) for one in BLANK_SIGNALS)
    pairs = zip(BLANK_SIGNALS, readings, strict=True)
    changes = tuple(tuple(one.changes(reading, judged)) for one, reading in pairs)
    made = _Blank(policy, readings, changes)
    _known[:] = [made, *_known[: _KNOWN_POLICIES - 1]]
    return made
