"""The first screen of the README works when pasted."""

from __future__ import annotations

from tests.docs.readme import README, session
from tests.docs.shell import needs_a_shell, run


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


def test_the_first_screen_shows_two_commands_and_the_session() -> None:
    screen = "\n".join(README.read_text(encoding="utf-8").splitlines()[:50])
    assert screen.index("make run") < screen.index("make test") < screen.index("curl")
    assert "/status/history" in screen
