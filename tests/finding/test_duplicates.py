"""Which contacts may be one person, by what they have in common."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.service.finding.duplicates import MOST_TOGETHER, possible_duplicates
from api.service.finding.index import SearchIndex
from domain.aliases import Aliases, Merge

ANN = "n ann lee\ndAnn\x02Lee\nkperson\n"
NOBODY = Aliases()


def index_of(*records: str) -> SearchIndex:
    index = SearchIndex()
    for number, record in enumerate(records, start=1):
        index.put(UUID(int=number), record.encode())
    return index


def pairs(index: SearchIndex, aliases: Aliases = NOBODY) -> list[tuple[int, int]]:
    found = possible_duplicates(index, aliases)
    return [(one.contacts[0].int, one.contacts[1].int) for one in found]


@pytest.mark.parametrize(
    ("one", "other", "speaks_for", "against"),
    [
        ("e a@b.c\n", "e a@b.c\n", ["same email"], []),
        ("p +3161\nq 061\n", "p +3161\nq 061\n", ["same phone"], []),
        ("a\x03ab12\n", "a\x03ab12\n", ["same ref"], []),
        (ANN + "b02-29/\n", ANN + "b02-29/1980\n", ["same name", "same birthday"], []),
        (
            ANN + "r pos:1 \t 1\n", ANN + "r shop:1 \t 1\n",
            ["same name", "same ref in another source"], [],
        ),
        (
            ANN + "c1015aa\n", ANN + "c1015aa\nb02-28/\n", ["same name", "same postal code"], [],
        ),
        (
            ANN + "e a@b.c\nb02-29/\n", "n bo lee\nkhousehold\ne a@b.c\nb02-28/\n",
            ["same email"], ["different birthday", "different kind", "different name"],
        ),
        (ANN + "b02-29/1980\n", ANN + "b02-29/1950\n", None, None),
        (ANN, ANN, None, None),
        ("q 061\n", "q 061\n", None, None),
        ("f ann lee\nc1\n", "f ann lee\nc1\n", None, None),
        (ANN + "r pos:1 \t 1\n", ANN + "r pos:2 \t 2\n", None, None),
    ],
)  # fmt: skip
def test_a_pair_has_what_speaks_for_and_against_it(
    one: str, other: str, speaks_for: list[str] | None, against: list[str] | None
) -> None:
    found = possible_duplicates(index_of(one, "n somebody else\n", other), NOBODY)
    said = [(list(pair.speaks_for), list(pair.speaks_against)) for pair in found]
    assert said == ([] if speaks_for is None else [(speaks_for, against)])


def test_the_likeliest_come_first_with_their_names() -> None:
    index = index_of(
        "e a@b.c\n", ANN + "p +3161\ne x@b.c\n", ANN + "p +3161\ne x@b.c\n", "e a@b.c\nn bo\n"
    )
    assert pairs(index) == [(2, 3), (1, 4)]
    first, second = possible_duplicates(index, NOBODY)
    assert first.names == ("Ann Lee", "Ann Lee")
    assert first.score == 100 > second.score > 0


def test_a_merge_and_a_distinction_end_a_pair() -> None:
    mail = "e a@b.c\n"
    index = index_of(mail, mail, mail)
    assert pairs(index) == [(1, 2), (1, 3), (2, 3)]
    merged = Aliases([Merge(1, UUID(int=3), UUID(int=1))])
    assert pairs(index, merged) == [(1, 2)]
    index.put(UUID(int=3), f"{mail}x{UUID(int=2).hex}\n".encode())
    assert pairs(index) == [(1, 2), (1, 3)]
    assert pairs(index, merged) == [], "what was said of a stream holds for who stands for it"


def test_of_very_many_each_is_paired_with_the_first() -> None:
    index = index_of(*["e info@b.c\n"] * (MOST_TOGETHER + 5))
    assert pairs(index) == [(1, other) for other in range(2, MOST_TOGETHER + 6)]


LINES = st.sets(st.sampled_from(["e a\n", "e b\n", "p +1\n", "p +2\n", "a\x0301\n", "n x\n"]))


@given(st.lists(st.tuples(st.integers(0, 6), LINES), max_size=40))
def test_pairs_are_those_of_a_look_at_every_two(changes: list[tuple[int, set[str]]]) -> None:
    index, held = SearchIndex(), dict[int, set[str]]()
    for number, lines in changes:
        index.put(UUID(int=number), "".join(sorted(lines)).encode())
        held[number] = lines - {"n x\n"}
    assert sorted(pairs(index)) == sorted(
        (one, other) for one in held for other in held if one < other and held[one] & held[other]
    )
