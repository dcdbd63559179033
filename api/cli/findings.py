"""The findings of an examination: one line for each check, done or skipped."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARNING, PROBLEM, SKIPPED = "ok", "warning", "problem", "skipped"


@dataclass(frozen=True)
class Finding:
    """One thing: ok, warning, problem or skipped, and why.

    ``skipped`` was not looked at; the detail says what does.
    """

    verdict: str
    what: str
    detail: str
