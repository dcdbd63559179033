"""The signals that make up a score, in the order in which they are shown.

Source: the domain document, section 4.
"""

from __future__ import annotations

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

__all__ = ["SIGNALS", "Change", "Judged", "Reading", "Signal"]

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
