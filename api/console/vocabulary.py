"""Acts and stages in the words of the people at the counter.

The words stand for the types of events; what a type means is for the rules alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Mapping

ACTS: Mapping[str, str] = {
    "action-deferred": "put off",
    "advice-accepted": "took our advice",
    "advice-declined": "declined our advice",
    "advice-given": "got advice from us",
    "competitor-noted": "competitor heard of",
    "complaint-acknowledged": "complaint acknowledged",
    "complaint-raised": "complained",
    "complaint-reopened": "complaint reopened",
    "complaint-resolved": "complaint resolved",
    "consent-changed": "consent changed",
    "contact-detail-learned": "address or number learned",
    "contact-detail-removed": "address or number removed",
    "contact-linked": "linked to somebody",
    "contact-merged": "merged into another contact",
    "contact-registered": "registered",
    "contacts-distinguished": "found to be another than somebody",
    "custom-recorded": "recorded",
    "detail-updated": "told us of a change",
    "disclosure-acknowledged": "signed the disclosure",
    "engagement-closed": "engagement ended",
    "engagement-opened": "engagement began",
    "event-corrected": "entry corrected",
    "event-retracted": "entry retracted",
    "gesture-made": "got something extra",
    "greeting-sent": "greeted",
    "merge-reversed": "merge undone",
    "need-discovered": "need found",
    "need-met": "need met",
    "occasion-learned": "day to remember learned",
    "personal-data-erased": "personal data erased",
    "policy-published": "policy published",
    "preference-learned": "preference learned",
    "profile-fact-learned": "fact learned",
    "promise-broken": "promise broken",
    "promise-kept": "promise kept",
    "promise-made": "promise made",
    "purchase-made": "bought",
    "purchase-reversed": "purchase returned",
    "recognition-given": "recognised",
    "referral-asked": "asked for a referral",
    "referral-closed": "referral closed",
    "referral-level-raised": "referral became stronger",
    "referral-made": "referral made",
    "referral-qualified": "referral qualified",
    "referral-received": "came by a referral",
    "registration-amended": "registration changed",
    "relationship-ended": "relationship ended",
    "resource-shared": "got something useful from us",
    "reward-approved": "reward approved",
    "reward-declined": "reward declined",
    "reward-paid": "reward paid",
    "reward-reversed": "reward taken back",
    "sale-declined": "sale declined by us",
    "stage-overridden": "stage set by hand",
    "steward-assigned": "steward assigned",
    "subscription-cancelled": "subscription cancelled",
    "subscription-renewed": "subscription renewed",
    "subscription-started": "subscription began",
    "subscription-upgraded": "subscription upgraded",
    "survey-answered": "answered a survey",
    "testimonial-given": "spoke well of us",
    "thanks-given": "thanked",
    "thanks-received": "thanked us",
    "touch-made": "call, letter or message",
    "visit-made": "visited",
    "wallet-rank-reported": "rank among brands reported",
    "wallet-share-reported": "share of wallet reported",
}
"""What a type of event is called on a page."""

QUICK_ACTS = (
    ("t", "thanks-given", "Thanked"),
    ("g", "gesture-made", "Gave something extra"),
    ("c", "touch-made", "Called or wrote"),
    ("b", "purchase-made", "They bought"),
    ("v", "visit-made", "They visited"),
    ("p", "promise-made", "Promised something"),
    ("m", "complaint-raised", "They complained"),
    ("l", "preference-learned", "Learned a preference"),
    ("a", "advice-given", "Gave advice"),
    ("r", "referral-made", "Referral"),
)
"""The acts of every day: the key that chooses each, its type, and what it is called."""

KINDS: Mapping[str, str] = {
    "disclosure": "Disclosure",
    "complaint": "Complaint",
    "promise": "Promise",
    "thanks": "Thanks",
    "thanks-won": "Thanks",
    "reward": "Reward",
    "keep": "Keep",
    "renewal": "Renewal",
    "occasion": "Occasion",
    "need": "Need",
    "competitor": "Competitor",
    "touch": "Get in touch",
    "reciprocity": "Give back",
    "report-back": "Report back",
    "ask": "Ask",
    "gesture": "Gesture",
    "learn": "Get to know",
}
"""What a kind of item of the agenda is called on a page."""

FIELDS: Mapping[str, str] = {
    "about": "About (id of a referral or subscription)",
    "amount_minor": "Amount",
    "attributes": "Details, a line each: name: value",
    "brands": "Brands in all",
    "capacity": "Capacity",
    "cost_minor": "What it cost us",
    "due_on": "Promised for",
    "for_event": "For the entry (id)",
    "how": "How",
    "initiated_by": "Who began it",
    "into": "Into the contact",
    "other": "The other contact",
    "personal": "From a person, by name",
    "planned": "It was planned",
    "public": "In public",
    "refs": "Numbers elsewhere, a line each: source:ref",
    "satisfied": "They are satisfied",
    "score": "Score",
    "severity": "Severity, 1 (small) to 3",
    "until": "Until",
    "year": "Year, if known",
}
"""What a field is called in a form, where its own name does not say it."""

WORDS: Mapping[str, str] = {
    "contact": "they did",
    "business": "we did",
    "inbound": "from them to us",
    "outbound": "from us to them",
}
"""What a word is called that a form proposes, where it does not say by itself what it means."""

_EMPTY = "Left empty, it is all that is owed for this referral: nothing remains."

HINTS: Mapping[tuple[str, str], str] = {
    ("reward-paid", "amount_minor"): _EMPTY,
    ("reward-declined", "amount_minor"): _EMPTY,
    ("reward-reversed", "amount_minor"): "Left empty, it is all that was paid for this referral.",
}
"""What is good to know of a field before one leaves it as it is, by the type of the event."""

LEVERS: Mapping[str, str] = {
    "/stage/promotion_score": "Score to become a client",
    "/stage/stay_score": "Score to stay a client",
    "/rhythm/demote_after_days": "Days of silence after which a client falls",
    "/signals/regularity/points": "Points for coming regularly",
    "/signals/regularity/purchase_days": "Days of purchases that count as regular",
    "/signals/referral/strong_points": "Points for a strong referral",
    "/signals/testimonial/points": "Points for speaking well of us",
    "/signals/guests/points": "Points for bringing guests",
    "/signals/complaint/sla_days": "Days to answer a complaint",
}
"""The numbers of a policy that move stages most, by their JSON Pointers, and what each is."""


def act_named(type_name: str) -> str:
    """What a type of event is called; a type of a later version by its own name."""
    return ACTS.get(type_name, type_name.replace("-", " "))


def said_as(name: str) -> str:
    """What a field of an event is called where it is read, in small letters."""
    return {"refs": "number", "into": "into", "other": "with"}.get(name, name.replace("_", " "))


def field_named(name: str) -> str:
    """What a field of an event is called in a form."""
    found = FIELDS.get(name)
    if found is None:
        words = name.removesuffix("_id").removesuffix("_minor").replace("_", " ")
        found = words[0].upper() + words[1:]
    return found


def place_named(pointer: str) -> str:
    """What the place in a document is called that a JSON Pointer names; empty for the whole one.

    >>> place_named("/0/data/amount_minor"), place_named("/stage/stay_score"), place_named("")
    ('Amount', 'Score to stay a client', '')
    """
    if pointer in LEVERS:
        return LEVERS[pointer]
    parts = [part for part in pointer.strip("/").split("/") if part and not part.isdigit()]
    if len(parts) > 1 and parts[0] == "data":
        parts = parts[1:]
    return ", ".join(field_named(part) for part in parts)


def types_by_name() -> list[tuple[str, str]]:
    """Every type that may be recorded by hand with its name, by name."""
    found = [(act_named(name), name) for name, cls in CATALOGUE.items() if cls.FROM_PRODUCERS]
    return sorted((said[0].upper() + said[1:], name) for said, name in found)
