from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from api.http.streams.lines import LineSplitter
from tests.ledger.inside import reachable

if TYPE_CHECKING:
    from api.http.streams.lines import Line


@given(
    st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b" ", b"longer than eight"])),
    st.lists(st.integers(1, 5)),
)
def test_lines_are_the_same_however_they_arrive(parts: list[bytes], sizes: list[int]) -> None:
    whole = b"".join(parts)
    lines = LineSplitter(most_bytes=8)
    found: list[Line] = []
    rest = whole
    for size in sizes:
        found += lines.feed(rest[:size])
        rest = rest[size:]
    found += lines.feed(rest)
    found += lines.end()
    assert found == [
        (number, line if len(line) <= 8 else None)
        for number, line in enumerate(whole.split(b"\n"), 1)
        if line.strip() or len(line) > 8
    ]


def test_what_is_kept_of_a_line_is_bounded() -> None:
    lines = LineSplitter(most_bytes=8)
    for _ in range(100):
        assert list(lines.feed(b"12345")) == []
        assert all(len(one) <= 8 for one in reachable(lines) if isinstance(one, bytes))
