"""What stands beside the ids of contacts in answers where that was asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Ref:
    """The name that a source, such as a till, has for a contact."""

    source: str
    ref: str
