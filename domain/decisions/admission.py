"""What every request must pass, whatever its type."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import normalize

from domain.dealings import opening_of
from domain.decisions.reasons import refusal
from domain.errors import FieldError, Invalid, Refused
from domain.events import CATALOGUE
from domain.events.contacts import ContactMerged, ContactRegistered, MergeReversed
from domain.text import IDENTIFIER, OUTER

if TYPE_CHECKING:
    from domain.contact import ContactState
    from domain.decisions.request import Request
    from domain.events import Event

_UNKNOWN = {
    "advice_id": "advice-unknown",
    "complaint_id": "complaint-unknown",
    "engagement_id": "engagement-unknown",
    "need_id": "need-unknown",
    "promise_id": "promise-unknown",
    "purchase_id": "purchase-unknown",
    "referral_id": "referral-unknown",
    "subscription_id": "subscription-unknown",
}
_KNOWN_IDS = {
    cls.TYPE: tuple(
        (declared.name, _UNKNOWN[declared.name])
        for declared in cls.FIELDS
        if declared.name in _UNKNOWN and not declared.opens
    )
    for cls in CATALOGUE.values()
}
"""By type, the fields that speak of something opened before, and how they are refused."""


def admit(state: ContactState, request: Request) -> None:
    """Refuse what this contact cannot take at all.

    A merged contact takes what any other takes: its events count for its survivor. So does a name
    that nobody registered, while it is an address of a contact by such a merge.

    Raises:
        Invalid: only the ledger itself writes events of this type.
        Refused: ``contact-unregistered``, ``contact-erased`` or ``contact-key-lost``.
    """
    event = request.event
    if not event.FROM_PRODUCERS:
        raise Invalid.at("/type", "not-from-clients", f"the ledger itself writes {event.TYPE}")
    if not (state.is_registered or state.is_address or _makes_a_name_known(state, event)):
        raise refusal("contact-unregistered")
    if state.unreadable and request.actor is not None:
        raise _refused_personal(state, "an actor would be personal data of it")
    hold_to_erasure(state, event)


def _makes_a_name_known(state: ContactState, event: Event) -> bool:
    """Whether a name that nobody registered takes this: it ends or has ended being unknown."""
    if isinstance(event, MergeReversed):
        return state.separated_from is not None  # which is already so, or refused by its decision
    return isinstance(event, ContactRegistered | ContactMerged)


def hold_to_erasure(state: ContactState, event: Event, pointer: str = "/data") -> None:
    """Refuse personal data of the erased; of all others ask what only those may leave out.

    A contact whose key is lost is treated as erased.

    Raises:
        Refused: ``contact-erased`` or ``contact-key-lost``, with the personal ``fields``.
        Invalid: a field is missing that stands below ``pointer``.
    """
    if state.unreadable:
        if personal := list(event.personal_fields()):
            told = f"personal data: {', '.join(personal)}"
            raise _refused_personal(state, told, fields=personal)
    elif event.EXPECTED and (
        missing := [name for name in event.EXPECTED if getattr(event, name) is None]
    ):
        raise Invalid(FieldError(f"{pointer}/{name}", "missing", "is required") for name in missing)


def _refused_personal(state: ContactState, told: str, **fields: object) -> Refused:
    if state.erased:
        return refusal("contact-erased", f"the contact was erased; {told}", **fields)
    return refusal("contact-key-lost", f"the contact's key is lost; {told}", **fields)


def as_opened(state: ContactState, event: Event) -> Event:
    """The event with the ids that it speaks of spelled as they were when they were opened.

    What was opened before texts had a rule can stand under an id that nothing new can have: in
    other bytes (not NFC), or with white space at its ends. It is found by the id without that, or a
    purchase from before could not be given back any more. Such an event is recorded with the old
    spelling, by which the folds know it.
    """
    for name, _ in _KNOWN_IDS[event.TYPE]:
        value = getattr(event, name)
        if value is None or (name, value) in state.dealings.opened:
            continue
        wanted = _plain(value)
        found = [one for field, one in state.dealings.opened if field == name]
        if len(alike := [one for one in found if _plain(one) == wanted]) == 1:
            event = event.with_spelling(name, alike[0])
    return event


def spelled_as(event: Event, earlier: Event) -> Event:
    """A corrected event with the ids of the earlier one in the spelling that these have there."""
    for name in filter(None, (event.OPENS, *(name for name, _ in _KNOWN_IDS[event.TYPE]))):
        new, old = getattr(event, name), getattr(earlier, name)
        if new and old and new != old and _plain(new) == _plain(old):
            event = event.with_spelling(name, old)
    return event


def _plain(value: str) -> str:
    return IDENTIFIER.as_compared(value).strip(OUTER)


def require_unused_id(state: ContactState, event: Event) -> None:
    """Refuse an opening id that is used already, also by an event that was taken back since.

    Raises:
        Refused: ``id-in-use``, with the ``event`` that opened it.
    """
    key = opening_of(event)
    if key is not None and not key[1].isascii():
        apart = (key[0], normalize("NFD", key[1]))  # as it may stand from before ids were in NFC
        key = apart if apart in state.opened_by else key
    if key is not None and key in state.opened_by:
        field, value = key
        by = str(state.opened_by[key])
        raise refusal("id-in-use", f"{field} {value!r} was opened by event {by}", event=by)


def require_known_ids(state: ContactState, event: Event) -> None:
    """Refuse an event about something that was never opened, or whose opening never happened.

    Raises:
        Refused: ``purchase-unknown`` and its like.
    """
    for name, reason in _KNOWN_IDS[event.TYPE]:
        value = getattr(event, name)
        if value is not None and (name, value) not in state.dealings.opened:
            raise refusal(reason, f"{name} {value!r} is unknown on this contact's stream")
