"""What a text may be, for texts of every kind."""

from __future__ import annotations

import re
import sys
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.text import FREE, IDENTIFIER, NAME, OUTER, TextRule, character_name

RULES = {"name": NAME, "identifier": IDENTIFIER, "free": FREE}

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)

hard = st.sampled_from(
    [*OUTER, "\x00", "\x1f", "\x9f", "\u202a", "\u2069", "\ud800", "\u0301", "\u212b", "\ufb2c"]
)
texts = st.one_of(st.text(), st.lists(st.one_of(hard, st.characters()), max_size=12).map("".join))


def taken(rule: TextRule, text: str) -> str | None:
    with suppress(Invalid):
        return rule.apply(text)
    return None


@every_rule
@given(text=texts)
@example(text="\u0344\u200b")
@example(text=" \u0301")
def test_what_passes_once_passes_again_unchanged(rule: TextRule, text: str) -> None:
    kept = taken(rule, text)
    if kept is not None:
        assert rule.apply(kept) == kept
        assert unicodedata.is_normalized("NFC", kept)
        assert rule.as_compared(text) == kept


@every_rule
@given(text=texts)
def test_all_spellings_of_one_text_are_kept_as_one(rule: TextRule, text: str) -> None:
    kept = taken(rule, text)
    assert taken(rule, unicodedata.normalize("NFD", text)) == kept
    assert taken(rule, unicodedata.normalize("NFC", text)) == kept


@every_rule
@given(text=texts)
def test_no_control_and_no_override_is_ever_kept(rule: TextRule, text: str) -> None:
    kept = taken(rule, text) or ""
    assert not [one for one in kept if unicodedata.category(one) in ("Cc", "Cs")] or rule is FREE
    assert {one for one in kept if unicodedata.category(one) == "Cc"} <= {"\n", "\t"}
    assert not [one for one in kept if "\u202a" <= one <= "\u202e" or "\u2066" <= one <= "\u2069"]


@pytest.mark.parametrize("rule", [NAME, IDENTIFIER])
@given(text=texts.filter(bool))
def test_names_and_ids_show_something_and_end_in_no_space(rule: TextRule, text: str) -> None:
    kept = taken(rule, text)
    if kept is not None:
        assert kept.strip(OUTER) == kept
        assert any(unicodedata.category(one)[0] not in "ZC" for one in kept)


def test_outer_white_space_is_that_of_unicode_and_its_spaces_of_no_width() -> None:
    python = {chr(one) for one in range(sys.maxunicode + 1) if chr(one).isspace()}
    assert python - set("\x1c\x1d\x1e\x1f") == set(OUTER) - set("\u200b\u2060\ufeff")


@every_rule
def test_the_pattern_says_what_the_rule_says_of_every_character(rule: TextRule) -> None:
    """But which characters alone can be seen: of a text of such it says too much."""
    pattern = re.compile(rule.pattern())
    for point in (*range(0x3100), 0xFEFF, 0xFFFF, 0x1F600, 0xE0001):
        character = chr(point)
        for text in (f"a{character}", f"{character}a", f"a{character}a"):
            # Python's $ matches before an LF at the end, that of JSON Schema does not.
            said = pattern.fullmatch(text) is not None
            assert said == (taken(rule, text) is not None), ascii(text)
        if taken(rule, character) is not None:
            assert pattern.fullmatch(character), ascii(character)


@pytest.mark.parametrize(
    ("text", "name", "identifier", "free"),
    [
        ("Ann", "Ann", "Ann", "Ann"),
        (" Ann\n", "Ann", None, " Ann\n"),
        ("Rene\u0301", "Ren\u00e9", "Ren\u00e9", "Ren\u00e9"),
        ("\u212b", "\u00c5", "\u00c5", "\u00c5"),
        ("a\r\nb\tc", None, None, "a\nb\tc"),
        ("a\rb", None, None, None),
        (" ", None, None, " "),
        ("\u200b", None, None, "\u200b"),
        ("7\u200b", "7", None, "7\u200b"),
        ("\u00ad", None, None, "\u00ad"),
        ("\u202eab", None, None, None),
        ("a\u2067b", None, None, None),
        ("a\x00b", None, None, None),
        ("a\x85b", None, None, None),
        ("\ud800", None, None, None),
        (
            "\U0001f469\u200d\U0001f466",
            "\U0001f469\u200d\U0001f466",
            "\U0001f469\u200d\U0001f466",
            "\U0001f469\u200d\U0001f466",
        ),
    ],
)
def test_each_kind_keeps_or_refuses(
    text: str, name: str | None, identifier: str | None, free: str | None
) -> None:
    assert (taken(NAME, text), taken(IDENTIFIER, text), taken(FREE, text)) == (
        name,
        identifier,
        free,
    )


@pytest.mark.parametrize(
    ("rule", "text", "said"),
    [
        (NAME, "a\u202eb", "must not hold U+202E (RIGHT-TO-LEFT OVERRIDE): send the text without"),
        (NAME, "\u00a0", "must hold a visible character, and U+00A0 (NO-BREAK SPACE) is none"),
        (IDENTIFIER, "7 ", "must not end with U+0020 (SPACE)"),
        (IDENTIFIER, "\t7", "must not hold U+0009"),
        (FREE, "a\rb", "must not hold U+000D"),
    ],
)
def test_a_refusal_names_the_character_and_says_what_to_do(
    rule: TextRule, text: str, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        rule.apply(text)
    assert refused.value.code == "invalid-text"
    assert refused.value.errors[0].detail.startswith(said)


@given(st.characters())
def test_a_character_is_called_without_being_shown(character: str) -> None:
    assert character_name(character).isascii()
    assert character_name(character).isprintable()
