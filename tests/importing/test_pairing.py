"""Which purchase a cancellation gives back."""

from __future__ import annotations

from uuid import UUID

import pytest

from api.service.importing.pairing import Pairing
from domain.errors import Invalid

ANN, BEN = UUID(int=1), UUID(int=2)


def pairing(*bought: tuple[int, str, int]) -> Pairing:
    made = Pairing()
    for occurred_at, purchase_id, amount_minor in bought:
        made.add_purchase(ANN, occurred_at, purchase_id, amount_minor, "GBP")
    return made


def test_exactly_the_amount_wins_over_a_newer_purchase_with_more() -> None:
    assert pairing((1, "exact", 500), (2, "more", 900)).take(ANN, 3, 500, "GBP") == "exact"


def test_of_several_exact_ones_the_newest_wins() -> None:
    assert pairing((2, "newer", 500), (1, "older", 500)).take(ANN, 3, 500, "GBP") == "newer"


@pytest.mark.parametrize("names", [("one", "two"), ("two", "one")])
def test_of_two_at_the_same_instant_the_lower_in_the_file_wins(names: tuple[str, str]) -> None:
    upper, lower = names
    assert pairing((1, upper, 500), (1, lower, 500)).take(ANN, 3, 500, "GBP") == lower


def test_without_an_exact_one_the_newest_with_more_wins() -> None:
    assert pairing((1, "older", 900), (2, "newer", 700)).take(ANN, 3, 500, "GBP") == "newer"


def test_what_was_given_back_is_not_left_any_more() -> None:
    paired = pairing((1, "a", 900))
    assert paired.take(ANN, 2, 500, "GBP") == "a"
    assert paired.take(ANN, 3, 400, "GBP") == "a"
    with pytest.raises(Invalid, match="at most 0"):
        paired.take(ANN, 4, 1, "GBP")


def test_a_purchase_later_in_time_cannot_be_given_back_yet() -> None:
    with pytest.raises(Invalid, match="no earlier purchase"):
        pairing((5, "later", 500)).take(ANN, 4, 500, "GBP")


def test_currencies_and_contacts_do_not_mix() -> None:
    paired = pairing((1, "a", 500))
    for contact_id, currency in ((BEN, "GBP"), (ANN, "EUR")):
        with pytest.raises(Invalid) as refused:
            paired.take(contact_id, 2, 500, currency)
        assert refused.value.errors[0].code == "unpaired"


def test_more_than_any_purchase_has_left_is_said_with_the_figures() -> None:
    with pytest.raises(
        Invalid, match="800 is more than is left of any earlier purchase, at most 700"
    ):
        pairing((1, "a", 700), (2, "b", 600)).take(ANN, 3, 800, "GBP")
