"""Lines of the results of replays and previews, one for each contact.

The digest of a result is that of its lines, so each kind of line has one form only: fields stand in
alphabetical order, those of its parts too.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import AliasChoices, Field, PlainSerializer, WithJsonSchema

from api.service.answers.document import Document, Flags, Instant, Stage, optional
from api.service.answers.status import shown_values


class SortedDocument(Document):
    """A document whose fields stand in the alphabetical order of their names on the wire.

    Raises:
        TypeError: a class is declared in another order.
    """

    @classmethod
    def __pydantic_init_subclass__(cls, **_more: Any) -> None:
        names = [field.alias or name for name, field in cls.model_fields.items()]
        if names != sorted(names):
            raise TypeError(f"the fields of {cls.__name__} are not in alphabetical order: {names}")


def _sorted_values(values: dict[str, object]) -> dict[str, object]:
    return dict(sorted(shown_values(values).items()))


SortedValues = Annotated[
    dict[str, object],
    PlainSerializer(_sorted_values, return_type=dict[str, object]),
    WithJsonSchema({"type": "object"}),
]
"""What a signal measures, in the alphabetical order of the names; instants end in ``_at``."""


class ReplayedStatus(SortedDocument):
    """The stage of one contact at the instant that was asked about: a line of a replay."""

    contact_id: UUID
    evidence_erased: bool
    flags: Flags
    policy_version: int
    score: int
    since: Instant | None
    stage: Stage


class ScoreBeforeAndAfter(SortedDocument):
    """A score under the policies in force, and under the proposed one."""

    after: int
    before: int


class InstantBeforeAndAfter(SortedDocument):
    """An instant under the policies in force and the proposed one, null where there is none."""

    after: Instant | None
    before: Instant | None


class SignalReading(SortedDocument):
    """The reading of a signal, without the events behind it, which a status has."""

    on: bool
    points: int
    threshold: SortedValues
    value: SortedValues


class SignalBeforeAndAfter(SortedDocument):
    """A signal that differs; null under a policy that knows nothing to measure."""

    after: SignalReading | None
    before: SignalReading | None
    name: str


class Silence(SortedDocument):
    """When the contact was last heard of and was due again, and when silence means what."""

    demote_at: Instant
    due_at: Instant
    lapse_at: Instant
    last_at: Instant
    quiet_at: Instant


class SilenceBeforeAndAfter(SortedDocument):
    """The silence under the policies in force, and under the proposed one."""

    after: Silence | None
    before: Silence | None


class Stretch(SortedDocument):
    """A time over which the stages differ, up to, not including, ``to``, which may be null."""

    after: Stage
    before: Stage
    from_: Instant = Field(alias="from", validation_alias=AliasChoices("from_at", "from"))
    to: Instant | None = Field(validation_alias=AliasChoices("to_at", "to"))


class PreviewedChange(SortedDocument):
    """A contact that the proposed policy would move to another stage: a line of a preview.

    ``signals`` has those that differ, ``silence`` is null if it is the same, and ``stretches`` are
    there if the preview was over a window of time.
    """

    at: Instant
    contact_id: UUID
    first_client_at: InstantBeforeAndAfter
    from_: Stage = Field(alias="from")
    score: ScoreBeforeAndAfter
    signals: tuple[SignalBeforeAndAfter, ...]
    silence: SilenceBeforeAndAfter | None
    since: InstantBeforeAndAfter
    stretches: tuple[Stretch, ...] | None = optional()
    to: Stage
