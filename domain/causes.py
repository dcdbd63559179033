"""Why a stage changed or is going to, in words that a shop owner uses.

Causes have names: those of events, or of what changes something without one.
"""

from __future__ import annotations

_BREAKPOINTS = {
    "demote_at": "they have been silent for so long",
    "lapse_at": "they have been silent for so long",
    "subscription_end": "a subscription runs out",
    "dwell": "the time of grace for a new client is over",
    "override": "the stage set by hand expires",
    "policy": "another version of the policy takes over",
    "client": "they are a client now",
    "engagement": "our last engagement for them no longer counts",
    "regularity": "they no longer count as buying regularly",
    "renewal": "a subscription runs out",
    "wallet": "the report of their share of wallet is too old",
    "referral": "a referral of theirs is too old",
    "advice": "how they took our advice is too long ago",
    "self_directed": "what they did of their own accord is too long ago",
    "guests": "a visit with guests is too long ago",
    "known": "we last showed that we know them too long ago",
    "testimonial": "their testimonial is too old",
    "two_way": "some of what we had to do with each other is too long ago",
    "complaint": "a complaint passes its deadline",
    "promise": "the promise broken is too long ago",
    "custom": "something noted of them is too long ago",
}
"""By the names of breakpoints: the signals, and what the stage machine adds."""

_EVENTS = {
    "advice-accepted": "advice was accepted",
    "advice-declined": "advice was declined",
    "advice-given": "advice was given",
    "consent-changed": "a consent was changed",
    "contact-linked": "the contact was linked to another",
    "contact-merged": "another contact was merged into this one",
    "contact-registered": "the contact was registered",
    "custom-recorded": "something of this trade was recorded",
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
    "touch-made": "they and we were in touch",
    "wallet-rank-reported": "our rank in a wallet was reported",
    "wallet-share-reported": "a share of wallet was reported",
}
"""The types of event of which ``a purchase was made`` is not the pattern."""


def because_of_breakpoint(name: str) -> str:
    """Why something changes by itself, as a clause."""
    return f"because {_BREAKPOINTS[name]}"


def because_of_event(event_type: str) -> str:
    """The event that changed something, as a clause.

    >>> because_of_event("engagement-opened")
    'because an engagement was opened'
    """
    told = _EVENTS.get(event_type)
    if told is None:
        thing, _, done = event_type.replace("-", " ").rpartition(" ")
        told = f"{'an' if thing[0] in 'aeiou' else 'a'} {thing} was {done}"
    return f"because {told}"
