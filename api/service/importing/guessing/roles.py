"""What each column of a file seems to be, by its heading and by the form of its values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.service.importing.guessing.forms import amount_form, moment_form, time_form
from domain.currencies import MINOR_DIGITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from api.service.importing.guessing.layout import Layout

SURE, LIKELY, GUESSED = "sure", "likely", "guessed"
"""How sure a proposal is."""

_HEADINGS = {
    "moment": "date|datum|day|tag|zeit|time|when|created|placed|fecha|data|jour|gebucht|bought",
    "time": "time|uhrzeit|zeit|heure|hora|tijd",
    "amount": "amount|total|sum|betrag|brutto|umsatz|price|preis|paid|revenue|montant|importe"
    "|bedrag|gross|net|turnover|wert|value",
    "currency": "currency|währung|waehrung|devise|moneda|valuta",
    "ref": "customer|client|kunde|kunden|kundennr|member|mitglied|klant|cliente|account|contact"
    "|guest|debitor|buyer|käufer",
    "number": "order|invoice|receipt|bon|beleg|rechnung|bestellung|transaction|transaktion|number"
    "|nummer|nr|id|no|ticket|factuur|commande|pedido|auftrag|sale",
    "name": "name|customer|kunde|client|klant|company|firma|nom|nombre",
    "first_name": "first|vorname|given|prénom|prenom|voornaam",
    "last_name": "last|nachname|surname|family|achternaam|apellido",
    "email": "e-mail|email|mail|courriel|correo",
    "phone": "phone|telefon|tel|mobile|mobil|handy|teléfono|telefoon|téléphone",
    "birthday": "birthday|birth|geburtstag|geburtsdatum|verjaardag|anniversaire|cumpleaños",
}
"""Words of headings, in the languages of owners who asked."""

_NUMBER_WORDS = re.compile(
    r"(?:nr|no|id|num|number|nummer|code|kennung|#)$|^(?:id|nr)\b", re.IGNORECASE
)

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"(?=(?:.*[0-9]){5})[+()0-9 ./-]+")


@dataclass(frozen=True)
class Role:
    """What one column seems to be. ``why`` in words."""

    column: str
    sure: str
    why: str


def find_roles(layout: Layout, *, comma_likely: bool) -> dict[str, Role]:
    """The column of each role that one was found for. A column has at most one role."""
    roles: dict[str, Role] = {}
    for role, fits in _forms(comma_likely=comma_likely).items():
        taken = {one.column for one in roles.values()}
        found = [
            (points, -place, column)
            for place, (column, values) in enumerate(layout.values.items())
            if column not in taken and (points := _points(role, column, values, fits)) > 0
        ]
        if found:
            points, _, column = max(found)
            roles[role] = _role(column, points)
    return roles


def _role(column: str, points: int) -> Role:
    says = {3: "by its heading and its values", 2: "by its values", 1: "by its heading"}
    sure = {3: SURE, 2: LIKELY, 1: GUESSED}
    return Role(column, sure[points], says[points])


def _points(
    role: str, column: str, values: Sequence[str], fits: Callable[[Sequence[str]], bool]
) -> int:
    """3 for a column of the right heading and form, 2 for one of the form; 0 for none."""
    filled = [value for value in values if value]
    if not filled or not fits(filled):
        return 0
    named = is_named(role, column)
    if role in _BY_HEADING_ALONE:
        return 3 if named else 0
    return 3 if named else 2


def is_named(role: str, column: str) -> bool:
    """Whether a heading has a word of the role."""
    words = _HEADINGS[role]
    if role == "number":
        return bool(re.search(f"(?:{words})", column, re.IGNORECASE))
    if role == "ref" and re.search(r"name|mail|phone|tel|type|group|note", column, re.IGNORECASE):
        return False
    if role == "name" and _NUMBER_WORDS.search(column):
        return False
    return bool(re.search(rf"(?:^|[^\w])(?:{words})|(?:{words})(?:$|[^\w])", column, re.IGNORECASE))


_BY_HEADING_ALONE = (
    "ref",
    "number",
    "name",
    "first_name",
    "last_name",
    "phone",
    "birthday",
    "amount",
)
"""Roles whose values could be anything, so that only the heading tells."""


def _forms(*, comma_likely: bool) -> Mapping[str, Callable[[Sequence[str]], bool]]:
    """Which values each role can have, the most telling role first."""

    def all_of(pattern: re.Pattern[str]) -> Callable[[Sequence[str]], bool]:
        return lambda values: all(map(pattern.fullmatch, values))

    return {
        "email": all_of(_EMAIL),
        "currency": lambda values: all(value.upper() in MINOR_DIGITS for value in values),
        "birthday": lambda values: any(map(str.isdigit, "".join(values))),
        "moment": lambda values: (
            moment_form(values, month_first=False) is not None and len(set(values)) > 0
        ),
        "time": lambda values: time_form(values) is not None,
        "first_name": _are_words,
        "last_name": _are_words,
        "name": _are_words,
        "phone": all_of(_PHONE),
        "ref": _are_ids,
        "amount": lambda values: amount_form(values, comma_likely=comma_likely) is not None,
        "number": _are_ids,
    }


def _are_words(values: Sequence[str]) -> bool:
    return sum(bool(re.search(r"[^\W\d_]{2}", value)) for value in values) * 2 > len(values)


def _are_ids(values: Sequence[str]) -> bool:
    return sum(len(value) <= 40 and " " not in value for value in values) * 10 > len(values) * 9
