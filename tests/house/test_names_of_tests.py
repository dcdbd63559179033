"""A test's name is a sentence that can be read at a glance."""

from __future__ import annotations

from tests.house.counts import LONGEST_TEST_NAME, long_test_names


def test_no_test_has_a_long_name() -> None:
    assert long_test_names() == [], f"at most {LONGEST_TEST_NAME} characters"
