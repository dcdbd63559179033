"""Why decisions refuse: every reason code, once."""

from __future__ import annotations

from domain.errors import Refused

REASONS: dict[str, str] = {
    "advice-unknown": "No such advice was given to this contact.",
    "already-retracted": "The event was retracted before, for another reason.",
    "beyond-what-is-left": "More would be given back than is left of the purchase.",
    "beyond-what-was-paid": "More would be taken back than was paid for the referral.",
    "cash-reward-forbidden": "The policy in force then forbids rewards in money.",
    "complaint-already-resolved": "The complaint was resolved otherwise and not reopened since.",
    "complaint-unknown": "No such complaint was raised by this contact.",
    "contact-already-registered": "The contact is registered with other content.",
    "contact-erased": "The contact was erased: it takes no personal data and no merge any more.",
    "contact-key-lost": "The key of this contact's personal data is lost; no more can be added.",
    "contact-merged": "One of the two is merged already, into the contact that `into` names.",
    "contact-unregistered": "The contact was never registered.",
    "currency-differs": "The purchase was made, or the reward earned, in another currency.",
    "engagement-unknown": "No such engagement was opened with this contact.",
    "event-unknown": "No such event stands on this contact's stream.",
    "id-in-use": "An earlier event of this contact opened that id; such an id is used once.",
    "ledger-archived": "The ledger is archived: it is read, and takes no more until that is ended.",
    "ledger-for-audit": "The ledger was imported without its keys: it is read, and never goes on.",
    "level-lower": "A higher level was stated before; effort made is not taken back.",
    "merge-into-itself": "A contact cannot be merged into itself.",
    "merge-unknown": "The contact is not merged into that one.",
    "namespace-missing": "The ledger was imported without its namespace, so it cannot tell whom a "
    "source:ref names: give the UUID, or stop the server and run rapport import --keys FILE.",
    "need-unknown": "No such need of this contact was discovered.",
    "not-correctable": "Events of this type cannot be corrected.",
    "not-retractable": "Events of this type cannot be retracted.",
    "override-already-over": "The override would expire before it begins.",
    "promise-settled": "The promise was kept or broken before; only one of them happened.",
    "promise-unknown": "No such promise was made to this contact.",
    "purchase-unknown": "No such purchase was made by this contact.",
    "referral-already-closed": "The referral was closed with another outcome.",
    "referral-parties-fixed": "A correction cannot change who was referred, nor the direction.",
    "referral-unknown": "No such referral stands on this contact's stream.",
    "self-referral": "A contact cannot refer itself.",
    "subscription-cancelled": "The subscription was cancelled by then; that is final.",
    "subscription-unknown": "No such subscription was started by this contact.",
}
"""Every reason by its stable code, with a sentence that says when it is given."""


def refused(reason: str, detail: str | None = None, **fields: object) -> Refused:
    """The refusal to raise, in the words of the table unless ``detail`` knows better."""
    return Refused(reason, REASONS[reason] if detail is None else detail, **fields)


OF_LEDGERS = frozenset({"ledger-archived", "ledger-for-audit", "namespace-missing"})
"""Those of them that a ledger gives before any decision is asked."""
