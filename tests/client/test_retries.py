"""When the client asks again, how long it waits, and what it makes of answers that are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from rapport_client import Retries, ServerFault, Unavailable, Unreachable
from rapport_client.problems import problem_answered

LOST = httpx2.ReadError("lost")


def busy(retry_after: str) -> Exception:
    return problem_answered(503, {"retry-after": retry_after}, b"")


def test_pauses_double_up_to_the_longest_and_are_cut_by_chance() -> None:
    attempts = Retries(first_seconds=1, most_seconds=5, chance=lambda: 1.0).begin()
    assert [attempts.pause_after(LOST) for _ in range(5)] == [1, 2, 4, 5, 5]
    shared = Retries(first_seconds=1, most_seconds=5, chance=lambda: 0.25).begin()
    assert [shared.pause_after(LOST) for _ in range(3)] == [0.25, 0.5, 1.0]


def test_the_pause_is_never_shorter_than_retry_after() -> None:
    attempts = Retries(first_seconds=1, chance=lambda: 0.5).begin()
    assert attempts.pause_after(busy("7")) == 7.5


def test_retry_after_may_be_a_date() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    failure = problem_answered(503, {"retry-after": format_datetime(soon, usegmt=True)}, b"")
    assert failure.retry_after_seconds == pytest.approx(30, abs=2)
    assert problem_answered(503, {"retry-after": "soon"}, b"").retry_after_seconds is None


def test_a_server_that_wants_a_long_pause_is_not_asked_again() -> None:
    failure = busy("3600")
    with pytest.raises(Unavailable) as caught:
        Retries(patience_seconds=60).begin().pause_after(failure)
    assert caught.value is failure


def test_after_the_last_try_the_failure_is_told() -> None:
    attempts = Retries(tries=2).begin()
    attempts.pause_after(LOST)
    with pytest.raises(Unreachable, match="lost") as caught:
        attempts.pause_after(LOST)
    assert caught.value.__cause__ is LOST
    with pytest.raises(Unavailable):
        Retries(tries=1).begin().pause_after(busy("1"))


def test_what_never_gives_up_goes_on_at_the_longest_pause() -> None:
    attempts = Retries(tries=1, most_seconds=5, chance=lambda: 1.0).begin()
    assert [attempts.endless_pause_after(LOST) for _ in range(2000)][-1] == 5


def test_an_answer_of_something_on_the_way_has_its_class_too() -> None:
    assert isinstance(problem_answered(502, {}, b"<html>"), Unavailable)
    failed = problem_answered(500, {"content-type": "text/html"}, b"<html>")
    assert isinstance(failed, ServerFault)
    assert (failed.status, failed.code, failed.instance) == (500, "", None)
