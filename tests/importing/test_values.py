"""From text to values: amounts exactly, local times as they were meant."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.service.importing.amounts import minor_units
from api.service.importing.moments import MomentOf
from api.service.importing.values import Constant, Template
from domain.currencies import MINOR_DIGITS
from domain.errors import Invalid
from domain.instants import format_instant


def moment(text: str, form: str, time_zone: str = "UTC", time_of_day: time | None = None) -> str:
    of = MomentOf(Template.parse("{when}"), (form,), Constant(time_zone), time_of_day)
    return format_instant(of.at({"when": text}))


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("11.77", "USD", 1177),
        ("0.1", "USD", 10),
        ("-27.5", "GBP", -2750),
        ("+3", "EUR", 300),
        ("1.500", "EUR", 150),
        ("950", "JPY", 950),
        ("1.234", "KWD", 1234),
        ("90071992547409.91", "EUR", 9007199254740991),
    ],
)
def test_an_amount_becomes_minor_units_of_its_currency(
    text: str, currency: str, minor: int
) -> None:
    assert minor_units(text, currency) == minor


@given(st.integers(-(10**25), 10**25), st.sampled_from(sorted(MINOR_DIGITS)))
def test_no_amount_loses_a_unit_however_large(minor: int, currency: str) -> None:
    written = format(Decimal(f"{minor}e-{MINOR_DIGITS[currency]}"), "f")
    assert minor_units(written, currency) == minor


@pytest.mark.parametrize("text", ["", "1,5", "1e3", "NaN", "١٢", "0x10", "1.", ".5", "12 ", "--1"])
def test_what_is_no_plain_decimal_is_no_amount(text: str) -> None:
    with pytest.raises(Invalid):
        minor_units(text, "EUR")


def test_an_amount_finer_than_its_currency_is_refused_and_not_rounded() -> None:
    with pytest.raises(Invalid, match="more decimals than USD"):
        minor_units("1.005", "USD")


def test_marks_of_decimals_and_groups_may_be_others() -> None:
    assert minor_units("1.234.567,8", "EUR", ",", ".") == 123456780


def test_a_local_time_is_read_in_the_zone_of_the_mapping() -> None:
    form = "%Y-%m-%d %H:%M:%S"
    assert moment("2010-12-01 08:26:00", form, "Europe/London") == "2010-12-01T08:26:00Z"
    assert moment("2011-07-01 08:26:00", form, "Europe/London") == "2011-07-01T07:26:00Z"


def test_a_time_that_the_clocks_showed_twice_means_the_first() -> None:
    assert moment("2025-10-26 02:30", "%Y-%m-%d %H:%M", "Europe/Amsterdam").startswith(
        "2025-10-26T00:30"
    )


def test_a_time_that_the_clocks_skipped_is_refused() -> None:
    with pytest.raises(Invalid, match="skipped"):
        moment("2025-03-30 02:30", "%Y-%m-%d %H:%M", "Europe/Amsterdam")


def test_a_day_without_a_time_gets_the_time_of_the_mapping() -> None:
    assert moment("19970101", "%Y%m%d", "UTC", time(12)) == "1997-01-01T12:00:00Z"


def test_an_offset_in_the_text_wins_over_the_zone() -> None:
    assert moment("2026-03-01T09:30:00+02:00", "rfc3339", "Asia/Tokyo") == "2026-03-01T07:30:00Z"


@pytest.mark.parametrize("text", ["1997111", "199711", "199701 1", "20250102T1000"])
def test_a_date_without_separators_needs_all_its_digits(text: str) -> None:
    """1997111 is the 1st of November or the 11th of January."""
    form = "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d"
    with pytest.raises(Invalid, match=r"must have every digit of|does not match"):
        moment(text, form)


def test_a_date_without_separators_may_have_an_offset() -> None:
    for text in ("20250102T100000Z", "20250102T110000+0100", "20250102T110000+01:00"):
        assert moment(text, "%Y%m%dT%H%M%S%z") == "2025-01-02T10:00:00Z"


@pytest.mark.parametrize("text", ["", "19970132", "today", "1997-01-01"])
def test_what_is_no_such_time_is_refused_with_the_text(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        moment(text, "%Y%m%d")
    assert refused.value.code == "invalid-time"


@pytest.mark.parametrize("text", ["{a", "a}", "{}", "{a!r}", "{a:>3}"])
def test_a_template_holds_names_of_columns_and_nothing_else(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the library words some of these itself
        Template.parse(text)
