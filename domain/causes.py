"""Why a stage changed or will change, in the words of a shop owner.

A cause is an event, or a breakpoint at which something changes without an event.
"""

from __future__ import annotations

_BREAKPOINTS = {
    "demote_at": "of their long silence",
    "lapse_at": "of their long silence",
    "subscription_end": "a subscription ends",
    "dwell": "the minimum stay of a new client is over",
    "override": "the stage that was set by hand expires",
    "policy": "another version of the policy takes effect",
    "client": "they are a client now",
    "engagement": "our last engagement for them no longer counts",
    "regularity": "they no longer count as buying regularly",
    "renewal": "a subscription ends",
    "wallet": "the report on our share of wallet is too old",
    "referral": "one of their referrals is too old",
    "advice": "their answer to our advice is too long ago",
    "self_directed": "what they did on their own initiative is too long ago",
    "guests": "a visit with guests is too long ago",
    "known": "it is too long ago that we showed that we know them",
    "testimonial": "their testimonial is too old",
    "two_way": "some of our messages and visits are too long ago",
    "complaint": "a complaint passes its deadline",
    "promise": "the broken promise is too long ago",
    "custom": "an event of this trade is too long ago",
}
"""The end of "because", by the name of the breakpoint: a signal, or one of the stage machine."""

_EVENTS = {
    "advice-accepted": "advice was accepted",
    "advice-declined": "advice was declined",
    "advice-given": "advice was given",
    "consent-changed": "a consent was changed",
    "contact-linked": "the contact was linked to another",
    "contact-merged": "another contact was merged into this one",
    "contact-registered": "the contact was registered",
    "contacts-distinguished": "the contact was distinguished from another",
    "custom-recorded": "an event of this trade was recorded",
    "merge-reversed": "a merge of contacts was reversed",
    "personal-data-erased": "personal data was erased",
    "recognition-given": "they were recognised",
    "referral-asked": "a referral was asked for",
    "referral-received": "somebody referred them",
    "registration-amended": "the registration was amended",
    "relationship-ended": "the relationship was ended",
    "stage-overridden": "the stage was set by hand",
    "thanks-given": "thanks were given",
    "thanks-received": "thanks were received",
    "touch-made": "we were in touch with them",
    "wallet-rank-reported": "our rank in a wallet was reported",
    "wallet-share-reported": "a share of wallet was reported",
}
"""The event types whose clause does not follow the pattern of ``a purchase was made``."""


def because_of_breakpoint(name: str) -> str:
    """The breakpoint that changed something, as a clause."""
    return f"because {_BREAKPOINTS[name]}"


def because_of_event(event_type: str) -> str:
    """The event that changed something, as a clause.

    >>> because_of_event("engagement-opened")
    'because an engagement was opened'
    """
    clause = _EVENTS.get(event_type)
    if clause is None:
        thing, _, done = event_type.replace("-", " ").rpartition(" ")
        clause = f"{'an' if thing[0] in 'aeiou' else 'a'} {thing} was {done}"
    return f"because {clause}"
