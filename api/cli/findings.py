"""What an examination finds: one line for each thing it looked at, or did not."""

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
