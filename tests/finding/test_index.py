"""What an index finds: every word in any order, beginnings, then mistakes, the best first."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.service.finding.index import SearchIndex
from api.service.finding.name_words import mistakes_in
from api.service.finding.queries import Query
from api.service.finding.terms import name_words

PEOPLE = {
    1: "n anna de wit\nr pos:17850 \t 17850\np +31612345678 0612345678\ndAnna\x02de\x02Wit\n",
    2: "n annabel jansen\nf annabel de wit\ne bel.jansen@example.org\ndAnnabel\x02Jansen\n",
    3: "n ben okafor\nr shop:1001 \t 1001\nkperson\nb02-29/\nc1015aa\ndBen\x02Okafor\n",
    4: "n maria gonzalez\ndMaria\x02Gonz\u00e1lez\n",
    5: "n anna\ndAnna\n",
    6: "n jansen ben\nf wit anna\ndJansen\x02Ben\n",
}


def index_of(people: dict[int, str]) -> SearchIndex:
    index = SearchIndex()
    for number, record in people.items():
        index.put(UUID(int=number), record.encode())
    return index


def found(index: SearchIndex, typed: str, most: int = 10) -> list[int]:
    query = Query(typed, "NL")
    return [one.contact.int for one in index.find(query, most)] if query.readings else []


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("anna", [5, 1, 6, 2]),
        ("wit anna de", [1, 2]),
        ("WIT, Anna", [6, 1, 2]),
        ("an wi", [1, 6, 2]),
        ("17850", [1]),
        ("pos:17850", [1]),
        ("1785", [1]),
        ("anna 178", [1]),
        ("06 1234 5678", [1]),
        ("+31 (0)6-12345678", [1]),
        ("0612345", [1]),
        ("bel.jansen@EXAMPLE.org", [2]),
        ("jansen", [6, 2]),
        ("okafor ben", [3]),
        ("gonzlaez", [4]),
        ("mara gonzales", [4]),
        ("benn okaffor", [3]),
        ("1016aa", []),
        ("person", []),
        ("02-29", []),
        ("17851", []),
        ("nobody", []),
        ("\u0301", []),
    ],
)
def test_a_query_finds_whom_it_means_the_best_first(typed: str, numbers: list[int]) -> None:
    assert found(index_of(PEOPLE), typed) == numbers


def test_it_says_by_what_somebody_was_found_and_their_name() -> None:
    index = index_of(PEOPLE)
    said = {
        typed: index.find(Query(typed, "NL"), 1)[0]
        for typed in ("annabel wit", "17850", "0612345678", "bel.jansen", "gonzalex", "anna")
    }
    assert {typed: one.matched for typed, one in said.items()} == {
        "annabel wit": "former_name",
        "17850": "ref",
        "0612345678": "phone",
        "bel.jansen": "email",
        "gonzalex": "name",
        "anna": "name",
    }
    assert said["gonzalex"].name == "Maria Gonz\u00e1lez"


def test_a_page_has_the_same_order_as_the_whole() -> None:
    index = index_of(PEOPLE)
    assert [found(index, "anna", most) for most in (1, 2, 3)] == [[5], [5, 1], [5, 1, 6]]


def test_a_part_of_a_name_is_found_oldest_first_and_nowhere_else() -> None:
    index = index_of(PEOPLE)
    assert [one.contact.int for one in index.find_part("ANS", 9)] == [2, 6]
    assert [one.contact.int for one in index.find_part("a de w", 9)] == [1]
    assert index.find_part("17850", 9) == []
    assert index.find_part("\u0301", 9) == []


def test_who_is_forgotten_leaves_no_byte_and_no_word() -> None:
    index = index_of(PEOPLE)
    index.drop(UUID(int=4))
    assert found(index, "maria") == found(index, "gonzlaez") == []
    held = vars(index.records)
    assert not any(b"gonzalez" in bytes(one) for one in held.values() if isinstance(one, bytearray))
    assert index.words.near("gonzalex") == {}
    index.put(UUID(int=4), b"n maria silva\ndMaria\n")
    assert found(index, "silva") == [4]


@pytest.mark.parametrize(
    ("word", "most"), [("an", 0), ("ann", 1), ("jansen", 2), ("1001", 0), ("a1b2c3d4", 0)]
)
def test_long_words_may_have_more_mistakes_and_numbers_none(word: str, most: int) -> None:
    assert mistakes_in(word) == most


NAMES = st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=3)
CHANGES = st.lists(st.tuples(st.integers(0, 12), NAMES | st.none()), max_size=60)


@given(CHANGES, NAMES)
def test_it_finds_what_a_look_at_every_name_finds(
    changes: list[tuple[int, list[str] | None]], typed: list[str]
) -> None:
    index, names = SearchIndex(), dict[int, list[str]]()
    for number, words in changes:
        index.put(UUID(int=number), f"n {' '.join(words)}\n".encode() if words else b"")
        names[number] = words or []
    whole = {
        number
        for number, words in names.items()
        if words and all(any(one.startswith(part) for one in words) for part in typed)
    }
    assert whole == set(found(index, " ".join(typed), 100)[: len(whole)])
    assert {
        number: name_words(index.contact_record(UUID(int=number)))
        for number, words in names.items()
    } == {number: list(dict.fromkeys(words)) for number, words in names.items()}


def test_many_are_found_as_one_is_and_places_are_given_back() -> None:
    index = SearchIndex()
    for again in range(3):
        for number in range(3_000):
            index.put(UUID(int=number), f"n customer {again} n{number}\nf was {number}\n".encode())
    assert found(index, "customer n2999") == [2999]
    assert len(found(index, "cust", 3_000)) == 3_000
    assert found(index, "was 17", 5)[0] == 17
    assert sum(len(one) for one in vars(index.records).values() if isinstance(one, bytearray)) < (
        2 * sum(len(record) for _, record in index.records) + 2**17
    )
