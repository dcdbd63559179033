"""Problems: why a request was not answered as asked. Source: RFC 9457."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import WithJsonSchema

from api.service.answers.document import Document, Instant, Position, optional
from domain.decisions.reasons import REASONS

Reason = Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(REASONS)})]
"""Why a decision refused a request."""


class InvalidField(Document):
    """An error in what was sent; ``pointer`` is an RFC 6901 JSON Pointer to the place."""

    pointer: str
    code: str
    detail: str


class Problem(Document):
    """Why a request was not answered as asked.

    ``code`` is for programs and ``detail`` is for people. ``instance`` names this answer, also in
    the server's log. The fields from ``reason`` on are there for the code or the
    reason that their description names.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    reason: Reason | None = optional("Of `refused`: the decision's own code.")
    index: int | None = optional("Of `refused` in a batch: the place of the event, from 0.")
    level: int | None = optional("Of `level-lower`: what was stated before.")
    event: UUID | None = optional("Of `id-in-use`: the event that uses the id.")
    fields: tuple[str, ...] | None = optional(
        "Of `contact-erased` and `contact-key-lost`: the personal fields that were sent."
    )
    into: UUID | None = optional("Of `contact-merged`: the contact that stands for it.")
    policy: str | None = optional("Of `cash-reward-forbidden`: the name of the policy.")
    left_minor: int | None = optional("Of `beyond-...`: what can be given or taken back.")
    reversed_minor: int | None = optional("Of `beyond-...`: what was given or taken back.")
    currency: str | None = optional("Of `currency-differs` and `beyond-what-was-paid`.")
    currencies: tuple[str, ...] | None = optional(
        "Of `currency-differs`: those in which a reward was earned."
    )
    version: int | None = optional("Of `version-mismatch`: the present version.")
    event_id: UUID | None = optional("Of `event-id-reused`: the id.")
    position: Position | None = optional(
        "Of `event-id-reused`: where the event with the id stands."
    )
    token: str | None = optional("Of `confirmation-needed`: what `confirm` must be.")
    expires_at: Instant | None = optional("Of `confirmation-needed`: the token's end.")
    stopped: dict[str, int] | None = optional("Of `/readyz`: as in `Readiness`.")
    clock_behind_seconds: int | None = optional("Of `/readyz`: as in `Readiness`.")
    recording: bool | None = optional("Of `/readyz`: as in `Readiness`.")
    errors: tuple[InvalidField, ...] | None = optional("Of requests that are not valid.")
