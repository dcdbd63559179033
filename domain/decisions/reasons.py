"""Why decisions refuse: every reason code, once."""

from __future__ import annotations

from domain.errors import Refused

REASONS: dict[str, str] = {
    "advice-unknown": "No such advice was given to this contact.",
    "already-retracted": "The event was retracted before, for another reason.",
    "beyond-what-is-left": "The refund exceeds what is left of the purchase.",
    "beyond-what-was-paid": "The reversal exceeds what was paid for the referral.",
    "cash-reward-forbidden": "The policy in force then forbids rewards in money.",
    "complaint-already-resolved": "The complaint was resolved with other content.",
    "complaint-unknown": "No such complaint was raised by this contact.",
    "contact-already-registered": "The contact is registered with other content.",
    "contact-erased": "The contact was erased: it accepts neither personal data nor merges.",
    "contact-key-lost": "The data key of this contact is lost, so no personal data can be added.",
    "contact-merged": "One of the contacts is already merged into the one that `into` names.",
    "contact-unregistered": "The contact was never registered.",
    "currency-differs": "The purchase was made, or the reward earned, in another currency.",
    "deferral-too-long": "An item can be put off for 366 days at most; put it off again then.",
    "distinguished-from-itself": "A contact cannot be distinguished from itself or a merged one.",
    "engagement-unknown": "No such engagement was opened with this contact.",
    "event-unknown": "There is no such event on this contact's stream.",
    "id-in-use": "An earlier event of this contact uses that id; it can be used only once.",
    "import-running": "The import is running: wait for its end, or cancel its operation first.",
    "ledger-archived": "The ledger is archived: it can be read, but it accepts no events.",
    "ledger-for-audit": "The ledger was imported without its keys: it accepts no events.",
    "level-lower": "A higher level was stated before, and a level cannot be lowered.",
    "merge-into-itself": "A contact cannot be merged into itself.",
    "merge-unknown": "The contact is not merged into that one.",
    "namespace-missing": "The ledger was imported without its namespace, so it cannot find a "
    "contact by source:ref: give the UUID, or stop the server and run rapport import --keys FILE.",
    "need-unknown": "No such need of this contact was discovered.",
    "not-correctable": "Events of this type cannot be corrected.",
    "not-retractable": "Events of this type cannot be retracted.",
    "override-already-over": "The override would expire before it begins.",
    "promise-settled": "The promise was already settled in the other way.",
    "promise-unknown": "No such promise was made to this contact.",
    "purchase-unknown": "No such purchase was made by this contact.",
    "referral-already-closed": "The referral was closed with another outcome.",
    "referral-parties-fixed": "A correction cannot change who was referred, nor the direction.",
    "referral-unknown": "There is no such referral on this contact's stream.",
    "self-referral": "A contact cannot refer itself.",
    "subscription-cancelled": "The subscription was cancelled before that instant, which is final.",
    "subscription-unknown": "No such subscription was started by this contact.",
    "value-not-installed": "The libraries that fit expected values are not installed: pip install "
    "'rapport-ledger[value]', and start the server again.",
}
"""Every reason by its stable code, with a sentence that says when it is given."""


def refusal(reason: str, detail: str | None = None, **fields: object) -> Refused:
    """The refusal to raise, with the sentence of the table if there is no ``detail``."""
    return Refused(reason, REASONS[reason] if detail is None else detail, **fields)


OF_LEDGERS = frozenset(
    {
        "import-running",
        "ledger-archived",
        "ledger-for-audit",
        "namespace-missing",
        "value-not-installed",
    }
)
"""The reasons that a ledger gives before it calls a decision."""
