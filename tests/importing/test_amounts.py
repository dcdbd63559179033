"""Amounts as people write them: read exactly, or refused with a word on what to do."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.service.importing.amounts import group_marks, minor_units
from domain.currencies import MINOR_DIGITS
from domain.errors import Invalid

MARKS = [(".", ","), (",", "."), (",", " "), (".", "'"), (".", ""), (",", "")]


def code_of(text: str, currency: str = "EUR", decimal: str = ".", group: str = "") -> str:
    with pytest.raises(Invalid) as refused:
        minor_units(text, currency, decimal, group)
    return refused.value.errors[0].code


@pytest.mark.parametrize("text", ["12.50", "0.99", "1.2.3,4", "0.990,5", "1.234.56", "1234.567"])
def test_a_group_mark_that_groups_nothing_makes_no_amount(text: str) -> None:
    """The case of ``decimal-comma.csv``: 12.50 was read as 1250.00."""
    assert code_of(text, decimal=",", group=".") == "not-an-amount"


@pytest.mark.parametrize("currency", [c for c, digits in MINOR_DIGITS.items() if digits == 0])
def test_three_decimals_of_a_currency_without_any_are_thousands(currency: str) -> None:
    """1.000 yen was read as 1."""
    assert code_of("1.000", currency) == "not-an-amount"
    assert minor_units("1000.00", currency) == 1000


def test_the_refusal_says_which_marks_the_mapping_has() -> None:
    with pytest.raises(Invalid, match=r"'12\.50'.*says that ',' stands before the decimals, and "):
        minor_units("12.50", "EUR", ",", ".")


def test_group_marks_never_stand_after_the_decimals() -> None:
    assert code_of("1.234,567.890", decimal=",", group=".") == "not-an-amount"


def test_marks_of_groups_are_not_mixed() -> None:
    assert code_of("1 234\u00a0567", decimal=",", group=" ") == "not-an-amount"


@given(st.integers(0, 10**15), st.sampled_from(sorted(MINOR_DIGITS)), st.sampled_from(MARKS))
def test_an_amount_written_with_proper_groups_is_read_exactly(
    minor: int, currency: str, marks: tuple[str, str]
) -> None:
    digits, (decimal, group) = MINOR_DIGITS[currency], marks
    written = format(Decimal(f"{minor}e-{digits}"), f",.{digits}f")
    spelled = written.replace(",", "!").replace(".", decimal).replace("!", group)
    assert minor_units(spelled, currency, decimal, group) == minor
    for mark in group_marks(group):
        assert minor_units(spelled.replace(group, mark), currency, decimal, group) == minor


@given(
    st.text("0123456789.,' -", min_size=1, max_size=12),
    st.sampled_from(MARKS),
)
def test_what_is_read_as_an_amount_has_every_mark_where_it_belongs(
    text: str, marks: tuple[str, str]
) -> None:
    """The number that was read, written out again, is the text but for zeros at the end."""
    decimal, group = marks
    try:
        minor = minor_units(text, "KWD", decimal, group)
    except Invalid:
        return
    number = text.strip("-").strip()
    whole, _, fraction = number.partition(decimal)
    assert re.fullmatch("[0-9]*", fraction)
    assert Decimal(abs(minor)) / 1000 == Decimal(re.sub("[^0-9]", "", whole) + "." + fraction + "0")
    grouped = f"{int(re.sub('[^0-9]', '', whole)):,}".replace(",", group)
    assert re.fullmatch("[0-9]+", whole) or whole == grouped
    assert (minor < 0) == ("-" in text and minor != 0)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("12,50 €", 1250),
        ("€ 12,50", 1250),
        ("EUR 12,50", 1250),
        ("12,50eur", 1250),
        ("(5,00)", -500),
        ("(5,00 €)", -500),
        ("5,00-", -500),
        ("5,00 €-", -500),
        ("-€5,00", -500),
        ("\u22125,00", -500),
        ("1\u202f234,50", 123450),
        ("1\u00a0234,50", 123450),
    ],
)
def test_spellings_that_say_one_thing_are_read(text: str, minor: int) -> None:
    """The kinds of ``amount-spellings.csv``."""
    assert minor_units(text, "EUR", ",", " ") == minor


@pytest.mark.parametrize(
    "text",
    ["(5,00", "5,00)", "(-5,00)", "-5,00-", "+5,00-", "€5,00€", "5,00 EUR €", "5,00 approx",
     "about 5", " 5,00", "5,00 ", "5,00.", "5,-", "€", "()", "5 ,00", "5,00%"],
)  # fmt: skip  # a list of texts reads better in a block
def test_spellings_that_say_nothing_sure_are_refused(text: str) -> None:
    assert code_of(text, decimal=",", group=" ") == "not-an-amount"


@pytest.mark.parametrize("text", ["$5", "5 GBP", "£5.00", "CHF 5"])
def test_an_amount_that_names_another_currency_is_refused(text: str) -> None:
    assert code_of(text) == "contradiction"
