"""The signals that make up a score, in the order in which they are shown.

Source: the domain document, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    from domain.commerce import Commerce

__all__ = ["Change", "Judged", "Reading", "Signal", "all_signals"]


def all_signals(commerce: Commerce) -> tuple[Signal, ...]:
    """Fresh signals of one contact; the anchors read the commerce given."""
    return (
        EngagementAnchor(commerce),
        RegularityAnchor(commerce),
        RenewalAnchor(commerce),
        WalletSignal(),
        ReferralSignal(),
        AdviceSignal(),
        SelfDirectedSignal(),
        GuestsSignal(),
        KnownSignal(),
        TestimonialSignal(),
        TwoWaySignal(),
        ComplaintSignal(),
        PromiseSignal(),
        CustomSignal(),
    )
