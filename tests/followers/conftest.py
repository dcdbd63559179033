from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second process follows, however many cores there are."""
    monkeypatch.setenv("RAPPORT_FOLLOWERS", "beside")
    monkeypatch.setenv("RAPPORT_LOG_LEVEL", "error")
