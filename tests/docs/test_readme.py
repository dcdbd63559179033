"""What the README shows is so, and works when pasted."""

from __future__ import annotations

import re

from docs.generating.first_minute import NOW, anna
from domain.instants import format_instant
from tests.docs.readme import README, session, shown
from tests.docs.shell import needs_a_shell, run

TEXT = README.read_text(encoding="utf-8")


@needs_a_shell
def test_the_session_ends_with_a_stage_its_evidence_and_its_history(port: int) -> None:
    status, history = run(session(port))[-2:]
    assert status["stage"] == "client"
    on = {signal["name"]: signal for signal in status["signals"] if signal["on"]}
    assert set(on) == {"regularity", "referral", "testimonial"}
    assert sum(signal["points"] for signal in on.values()) == status["score"] == 60
    assert len(on["regularity"]["events"]) == 6
    assert len(on["referral"]["events"]) == len(on["testimonial"]["events"]) == 1
    stages = [interval["stage"] for interval in history["intervals"]]
    assert stages == ["contact", "customer", "client"]
    assert history["intervals"][-1]["cause"]["event"] == on["referral"]["events"][0]


@needs_a_shell
def test_pasting_the_session_again_doubles_nothing(port: int) -> None:
    first, pasted = run(session(port))[-2:], run(session(port))
    again = pasted[-2:]
    assert [one["reason"] for one in pasted if one.get("status") == 409] == ["id-in-use"] * 7
    assert again[0]["signals"] == first[0]["signals"]
    assert again[1] == first[1]


@needs_a_shell
def test_the_sentence_that_is_shown_is_the_one_that_is_answered(port: int) -> None:
    status = run(session(port))[-2]
    (quoted,) = re.findall(r'^"explanation": "(.*?)"$', TEXT, re.MULTILINE | re.DOTALL)
    assert " ".join(quoted.split()) == status["explanation"]


@needs_a_shell
def test_the_picture_shows_what_is_answered(port: int) -> None:
    history = run(session(port))[-1]
    answered = [(one["from"], one["stage"]) for one in history["intervals"]]
    drawn = [(format_instant(one.from_at), one.stage) for one in anna(NOW).intervals]
    assert drawn == answered


def test_the_first_screen_says_what_it_is_and_two_commands_follow() -> None:
    screen = "\n".join(TEXT.splitlines()[:25])
    assert screen.index("relationship ledger") < screen.index("![") < screen.index("**For the shop")
    assert TEXT.index("![") < TEXT.index("make run") < TEXT.index("make test") < TEXT.index("curl")
    assert "explain=text" in shown("sh")
