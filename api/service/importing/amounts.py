"""Amounts of money as files spell them, read exactly or refused.

A mark is looked at before it is left out. A group mark stands before exactly three digits and never
after the decimals, and the first group does not begin with 0, so ``12.50`` is no amount where ``.``
is the group mark. What stands around the number must be one sign, or parentheses for less than
nothing, and the currency that the amount is in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from domain.currencies import MINOR_DIGITS
from domain.errors import Invalid

THOUSANDS_DIGITS = 3
"""How many digits a group mark stands before, and a decimal mark hardly ever."""

SIGNS = ("negative", "zero", "positive")

SPACES = "\u0020\u00a0\u2009\u202f"
"""Spaces that group digits: plain, no-break, thin, narrow no-break. One stands for all."""

APOSTROPHES = "'\u2019"
"""Apostrophes that group digits: typewritten and printed. One stands for both."""

MARKS = ".,\u00b7\u066b\u066c_" + SPACES + APOSTROPHES
"""What can stand between the digits of an amount."""

_MINUS = "-\u2212"
_PARTS = re.compile(r"([^0-9]*)([0-9](?:.*[0-9])?)([^0-9]*)", re.DOTALL)

_DOLLARS = (
    "USD ARS AUD BBD BMD BND BSD BZD CAD CLP COP CVE DOP FJD GYD HKD JMD KYD LRD MXN NAD NIO NZD "
    "SBD SGD SRD TTD TWD UYU XCD"
)
CURRENCY_SIGNS: dict[str, frozenset[str]] = {
    sign: frozenset(currencies.split())
    for sign, currencies in {
        "$": _DOLLARS,
        "us$": "USD",
        "a$": "AUD",
        "c$": "CAD",
        "r$": "BRL",
        "€": "EUR",
        "£": "GBP EGP FKP GIP LBP SDG SHP SSP SYP",
        "¥": "JPY CNY",
        "円": "JPY",
        "元": "CNY",
        "₩": "KRW KPW",
        "₹": "INR",
        "₽": "RUB",
        "₺": "TRY",
        "₴": "UAH",
        "₪": "ILS",
        "₫": "VND",
        "₦": "NGN",
        "₱": "PHP",
        "฿": "THB",
        "₸": "KZT",
        "₾": "GEL",
        "zł": "PLN",
        "kč": "CZK",
        "ft": "HUF",
        "lei": "RON MDL",
        "kr": "SEK NOK DKK ISK",
        "kr.": "SEK NOK DKK ISK",
        "fr.": "CHF",
        "sfr.": "CHF",
    }.items()
}
"""The currencies that a sign, in lower case, can mean. Source: Unicode CLDR 47, narrow symbols."""


def minor_units(text: str, currency: str, decimal_mark: str = ".", group_mark: str = "") -> int:
    """A decimal amount as a whole number of the currency's minor units.

    Raises:
        Invalid: it is no decimal number, has more decimals than the currency, or names another
            currency.

    >>> minor_units("1.234,5", "EUR", ",", ".")
    123450
    >>> minor_units("(1 234,50 €)", "EUR", ",", " ")
    -123450
    """
    amount = _read(text, decimal_mark, group_mark)
    if amount.currency and not _names(amount.currency, currency):
        raise Invalid.at("", "contradiction", f"{text!r} is not in {currency}")
    digits = MINOR_DIGITS[currency]
    if digits == 0 and len(amount.decimals) == THOUSANDS_DIGITS:
        detail = f"{text!r} has three decimals and {currency} has none: {decimal_mark!r} groups"
        raise Invalid.at("", "not-an-amount", detail)
    decimals = amount.decimals.rstrip("0")
    if len(decimals) > digits:
        detail = f"{text!r} has more decimals than {currency}: {digits}"
        raise Invalid.at("", "too-precise", detail)
    minor = int(amount.whole + decimals.ljust(digits, "0"))
    return -minor if amount.negative else minor


def sign_of(text: str, decimal_mark: str = ".", group_mark: str = "") -> str:
    """One of ``SIGNS``, whatever the currency.

    Raises:
        Invalid: it is no decimal number.

    >>> sign_of("5.00-"), sign_of("-0.00")
    ('negative', 'zero')
    """
    amount = _read(text, decimal_mark, group_mark)
    if not (amount.whole + amount.decimals).strip("0"):
        return "zero"
    return "negative" if amount.negative else "positive"


@dataclass(frozen=True)
class _Amount:
    """A number in digits alone, and what stands around it."""

    negative: bool
    whole: str
    decimals: str
    currency: str


def _read(text: str, decimal_mark: str, group_mark: str) -> _Amount:
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise Invalid.at("", "not-an-amount", f"{text!r} is not a decimal amount")
    number = _number(decimal_mark, group_mark).fullmatch(parts[2])
    around = _around(parts[1], parts[3])
    if number is None or around is None:
        groups = f", and {group_mark!r} only before three digits each" if group_mark else ""
        detail = (
            f"{text!r} is not a decimal amount: the mapping says that {decimal_mark!r} stands "
            f"before the decimals{groups}"
        )
        raise Invalid.at("", "not-an-amount", detail)
    whole = re.sub("[^0-9]", "", number["whole"])  # only group marks that were checked are in it
    negative, word = around
    return _Amount(negative, whole, number["decimals"] or "", word)


def group_marks(group_mark: str) -> str:
    """The characters that one group mark of a mapping stands for."""
    for alike in (SPACES, APOSTROPHES):
        if group_mark and group_mark in alike:
            return alike
    return group_mark


def is_grouped(text: str, group_mark: str) -> bool:
    """Whether the text's number is whole, with each group mark where it belongs."""
    parts = _PARTS.fullmatch(text)
    # A decimal mark that stands in no text, so that only groups can be read.
    return parts is not None and _number("\0", group_mark).fullmatch(parts[2]) is not None


@lru_cache(maxsize=64)
def _number(decimal_mark: str, group_mark: str) -> re.Pattern[str]:
    """Digits, grouped or not, in the groups ``whole`` and ``decimals``."""
    whole = "[0-9]{1,30}"
    if group_mark:
        mark = f"[{re.escape(group_marks(group_mark))}]"
        grouped = f"[1-9][0-9]{{0,2}}(?P<mark>{mark})[0-9]{{3}}(?:(?P=mark)[0-9]{{3}}){{0,9}}"
        whole = f"{whole}|{grouped}"
    decimals = f"(?:{re.escape(decimal_mark)}(?P<decimals>[0-9]{{1,30}}))?"
    return re.compile(f"(?P<whole>{whole}){decimals}")


def _around(before: str, after: str) -> tuple[bool, str] | None:
    """Whether what stands around a number makes it negative, and the currency it names."""
    if not before and not after:
        return False, ""
    if before != before.lstrip() or after != after.rstrip():
        return None
    enclosed = before.startswith("(") and after.endswith(")")
    if enclosed:
        before, after = before[1:], after[:-1]
    signs = [sign for sign in before + after if sign in f"+{_MINUS}"]
    if len(signs) + enclosed > 1:
        return None
    words = [
        part.translate(dict.fromkeys(map(ord, f"+{_MINUS}"))).strip() for part in (before, after)
    ]
    word = "".join(words)
    if all(words) or not (
        word == "" or word.lower() in CURRENCY_SIGNS or word.upper() in MINOR_DIGITS
    ):
        return None
    return enclosed or any(sign in _MINUS for sign in signs), word


def _names(word: str, currency: str) -> bool:
    return word.upper() == currency or currency in CURRENCY_SIGNS.get(word.lower(), ())
