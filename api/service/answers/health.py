"""Whether the process lives, and whether it can be given work."""

from __future__ import annotations

from typing import Literal

from pydantic import AliasChoices, Field

from api.service.answers.document import Document


class Health(Document):
    """The process is running."""

    status: Literal["ok"]


class Readiness(Document):
    """Whether there is a ledger that is read and recorded; what is wrong is counted, not named."""

    status: Literal["ok", "degraded"]
    stopped: dict[str, int]
    clock_behind_seconds: int
    recording: bool = Field(validation_alias=AliasChoices("is_recording", "recording"))
