"""The quick parser of JSON takes just what the one with the published refusals takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.service.strict_parsing import JSON, parse
from domain.errors import Invalid
from tests.api.plain_corpus import BODIES

PIECES = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b",", b":", b" ", b"\n", b"\t", b"\x00", b"\x7f", b"\\", b'"'),
        *(b'"a"', b'"b"', b'"a":', b'"b":', b'"\\u0061":', b'"\xc3\xa9"', b'"\xed\xa0\x80"'),
        *(b'"\\ud83d\\ude00"', b'"\\ud83d"', b'"\\ude00\\ud83d"', b'"\\u0000"', b'"\\/\\n"'),
        *(
            b"0",
            b"1",
            b"-",
            b".",
            b"e",
            b"E",
            b"+",
            b"true",
            b"false",
            b"null",
            b"NaN",
            b"Infinity",
        ),
        *(b"1.5", b"-0", b"-0.0", b"1e400", b"9007199254740993", b"1" * 30, b"1" * 31, b"\xff"),
    ]
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=3), inner)),
)


def read_plainly(body: bytes) -> Any:
    """The value, by Python's own parser, told what else to refuse."""

    def refuse(_: object) -> object:
        raise ValueError

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(pairs) if len(dict(pairs)) == len(pairs) else refuse(pairs)  # type: ignore[return-value]  # it raises

    value = json.loads(body.decode(), object_pairs_hook=unique, parse_constant=refuse)
    json.dumps(value, ensure_ascii=False).encode()  # no half of a character
    return value


def depth_of(value: object) -> int:
    """How deeply it is nested."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth_of, parts), default=0) if isinstance(value, dict | list) else 0


def compare(body: bytes) -> None:
    try:
        expected = read_plainly(body)
    except (ValueError, RecursionError):
        with pytest.raises(Invalid):
            parse(body, JSON)
        return
    if depth_of(expected) > 32:
        with pytest.raises(Invalid):
            parse(body, JSON)
    else:
        assert repr(parse(body, JSON)) == repr(expected)


@pytest.mark.parametrize("body", [one for one in BODIES if len(one) < 4000])
def test_the_bodies_of_the_corpus_are_read_alike(body: bytes) -> None:
    compare(body)


@given(st.lists(PIECES, max_size=14).map(b"".join))
@example(b'{"a":1,"\\u0061":2}')
def test_what_is_nearly_json_is_read_alike(body: bytes) -> None:
    compare(body)


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_what_is_json_is_read_alike(value: object, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    compare(text.encode(errors="surrogatepass"))
