from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's log goes to a pipe that nobody reads meanwhile."""
    monkeypatch.setenv("RAPPORT_LOG_LEVEL", "error")


@pytest.fixture(autouse=True)
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second process follows, as it does where there are two cores."""
    monkeypatch.setenv("RAPPORT_FOLLOWERS", "beside")
