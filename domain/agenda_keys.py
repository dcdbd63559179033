"""The keys of agenda items: which kinds there are, and what follows the name of each.

Source: the care document, section 2; the errata, 5. A key that no item ever has is refused, whether
such an item exists now or not: producers may have seen it before it went.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_EVENT = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z"

SUBJECTS: Mapping[str, str | None] = {
    "disclosure": _EVENT,
    "complaint": _EVENT,
    "promise": _EVENT,
    "thanks": _EVENT,
    "thanks-won": _EVENT,
    "reward": _EVENT,
    "keep": f"(quiet|falling)@{_INSTANT}",
    "renewal": f"{_EVENT}@{_INSTANT}",
    "occasion": f"{_EVENT}/[0-9]{{4}}",
    "need": _EVENT,
    "competitor": _EVENT,
    "touch": None,
    "reciprocity": None,
    "report-back": _EVENT,
    "ask": None,
    "gesture": None,
    "learn": None,
}
"""By kind the form of what follows it after a colon; None where a key is the kind alone."""

MOST_CHARACTERS = 200
"""How long a key may be."""


def pattern() -> str:
    """What a key must be, as a regular expression of JSON Schema."""
    by_form: dict[str | None, list[str]] = {}
    for kind, form in SUBJECTS.items():
        by_form.setdefault(form, []).append(kind)
    forms = [
        f"({'|'.join(kinds)})" + ("" if form is None else f":{form}")
        for form, kinds in by_form.items()
    ]
    return f"^({'|'.join(forms)})$"


_KEY = re.compile(pattern())


def why_no_key(text: str) -> str | None:
    """Why no item of an agenda can have that key; None where one can.

    >>> why_no_key("touch")
    >>> why_no_key("touch:1")
    'the key of an item of the kind touch is the kind alone'
    """
    if len(text) <= MOST_CHARACTERS and _KEY.fullmatch(text):
        return None
    kind = text.partition(":")[0]
    if kind not in SUBJECTS:
        return f"must be the key of an agenda item, whose kind is one of {', '.join(SUBJECTS)}"
    if SUBJECTS[kind] is None:
        return f"the key of an item of the kind {kind} is the kind alone"
    return f"is no key of the kind {kind}: take the key that the agenda gives"
