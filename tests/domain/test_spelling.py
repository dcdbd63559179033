"""How names are folded for whoever looks for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.spelling import search_form


@pytest.mark.parametrize(
    ("spellings", "as_looked_for"),
    [
        (("Ren\u00e9", "Rene\u0301", "RENE", " rene "), "rene"),
        (("\u0130pek", "\u0131pek", "Ipek", "ipek"), "ipek"),
        (("\u0141ukasz", "lukasz"), "lukasz"),
        (("Kim  Lee", "kim\u00a0lee", "\uff2b\uff29\uff2d lee", "kim\tlee"), "kim lee"),
        (("Stra\u00dfe", "STRASSE", "Stra\u1e9ee"), "strasse"),
        (("\u00c6r\u00f8", "aero"), "aero"),
        (("\u0110or\u0111e", "dorde"), "dorde"),
        (("\u0152uvre", "oeuvre"), "oeuvre"),
        (("\u00de\u00f3r", "thor"), "thor"),
        (
            ("\u0645\u064f\u062d\u0645\u062f", "\u0645\u062d\u0645\u062f"),
            "\u0645\u062d\u0645\u062f",
        ),
    ],
)
def test_spellings_of_one_name_fold_to_one(spellings: tuple[str, ...], as_looked_for: str) -> None:
    assert {search_form(one) for one in spellings} == {as_looked_for}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u304b", "\u304c"),  # ka, ga: the mark of voicing makes another syllable
        ("\u0915\u093f", "\u0915\u0940"),  # ki, kii: vowels of Devanagari are marks
    ],
)
def test_marks_that_make_another_letter_stay(one: str, other: str) -> None:
    assert search_form(one) != search_form(other)


@given(st.text())
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    assert search_form(search_form(text)) == search_form(text)
