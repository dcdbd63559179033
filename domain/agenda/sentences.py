"""What to do and why, in one sentence that a shop owner would say.

Names come from the caller who may have them: without, it is "them" and "somebody".
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from domain.phrases import count_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.agenda.items import Item

_OUTCOMES = {
    "won": "bought from us",
    "lost": "did not buy from us",
    "unqualified": "was not somebody we can help",
    "duplicate": "was known to us already",
}
FAVOURS = {
    "customer": "for the purchase that made them a customer",
    "client": "for the purchase that made them a client",
    "testimonial": "for speaking well of us",
}
"""What thanks are owed for, by the act that they are for."""


def sentence(item: Item, name_of: Callable[[UUID], str | None] = lambda _: None) -> str:
    """One sentence, such as "Thank Ben for sending Clara."; with the names that there are."""
    who = name_of(item.contact_id) or "them"
    return _SENTENCES[item.kind](item, who, name_of)


def _other(item: Item, name_of: Callable[[UUID], str | None]) -> str:
    other = item.told.get("other")
    return (name_of(UUID(other)) if isinstance(other, str) else None) or "somebody"


def _disclosure(item: Item, who: str, _: object) -> str:
    role = item.told.get("role")
    return f"Have {who} sign the disclosure form before we act for them as {role}."


def _complaint(item: Item, who: str, _: object) -> str:
    again = "once more" if item.told.get("reopened") else "with an answer"
    kind = {1: "a small", 2: "a serious", 3: "a very serious"}[item.told.get("severity", 1)]
    return f"Come back to {who} {again}: {kind} complaint is open."


def _promise(item: Item, who: str, _: object) -> str:
    due_on = item.told.get("due_on")
    by = f" by {_day(due_on)} {str(due_on)[:4]}" if due_on else ""
    return f"Keep what we promised {who}{by}."


def _thanks(item: Item, who: str, name_of: Callable[[UUID], str | None]) -> str:
    what = item.told.get("what", "")
    if what == "referral":
        return f"Thank {who} for sending {_other(item, name_of)}."
    return f"Thank {who} {FAVOURS[what]}."


def _thanks_won(item: Item, who: str, name_of: Callable[[UUID], str | None]) -> str:
    return f"Thank {who} again: {_other(item, name_of)}, whom they sent, bought from us."


def _reward(item: Item, who: str, name_of: Callable[[UUID], str | None]) -> str:
    how = "in kind" if item.cash_forbidden else "their reward"
    verb = "Reward" if item.cash_forbidden else "Pay"
    return f"{verb} {who} {how} for sending {_other(item, name_of)}."


def _keep(item: Item, who: str, _: object) -> str:
    if item.told.get("flag") == "quiet":
        return f"Call {who}: they have been quiet for longer than usual."
    return f"Call {who}: we are about to lose them."


def _renewal(item: Item, who: str, _: object) -> str:
    return f"Ask {who} about the renewal of {item.told.get('plan')}."


def _occasion(item: Item, who: str, _: object) -> str:
    years = item.told.get("years")
    count = f" ({count_of(years, 'year')})" if years else ""
    return f"Greet {who} on {_day(item.told['on'])}: {item.told.get('occasion')}{count}."


def _need(_: Item, who: str, __: object) -> str:
    return f"Meet the need that we found with {who}, or give advice on it."


def _competitor(item: Item, who: str, _: object) -> str:
    return f"Do something for {who}: {item.told.get('competitor')} courts them."


def _touch(item: Item, who: str, _: object) -> str:
    return f"Get in touch with {who}: we meet at least every {item.told.get('days')} days."


def _reciprocity(_: Item, who: str, __: object) -> str:
    return f"Send {who} somebody: they sent us more people than we sent them."


def _report_back(item: Item, who: str, name_of: Callable[[UUID], str | None]) -> str:
    came = _OUTCOMES[item.told["outcome"]]
    return f"Tell {who} what became of their referral: {_other(item, name_of)} {came}."


def _request(_: Item, who: str, __: object) -> str:
    return f"Ask {who} whom they know: a client who is content and was not asked lately."


def _gesture(item: Item, who: str, _: object) -> str:
    return f"Do {who} a small favour: they had nothing extra for {item.told.get('days')} days."


def _learn(item: Item, who: str, _: object) -> str:
    known = item.told.get("known", 0)
    return f"Get to know {who} better: we know {count_of(known, 'thing')} about them."


def _day(text: object) -> str:
    day = date.fromisoformat(str(text))
    return f"{day.day} {day:%B}"


_SENTENCES: Mapping[str, Callable[..., str]] = {
    "disclosure": _disclosure,
    "complaint": _complaint,
    "promise": _promise,
    "thanks": _thanks,
    "thanks-won": _thanks_won,
    "reward": _reward,
    "keep": _keep,
    "renewal": _renewal,
    "occasion": _occasion,
    "need": _need,
    "competitor": _competitor,
    "touch": _touch,
    "reciprocity": _reciprocity,
    "report-back": _report_back,
    "ask": _request,
    "gesture": _gesture,
    "learn": _learn,
}
