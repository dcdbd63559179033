"""What is read of a group, at any position: the history of a slow second reading of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.aliases import Aliases, merge_of
from domain.history import effective_history
from projections.groups import read_group
from tests.domain.amended_logs import CONTACTS, amended_logs
from tests.domain.history_oracle import effective, survivor_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from domain.recorded import RecordedEvent


class Listed:
    """A log in a list, read by contact."""

    def __init__(self, log: Sequence[RecordedEvent]) -> None:
        self._log = log

    def stream(
        self, contact_id: UUID, *, types: Sequence[str] = (), upto: int | None = None
    ) -> list[RecordedEvent]:
        """One contact's events."""
        return [
            one
            for one in self._log[:upto]
            if one.contact_id == contact_id and (not types or one.type in types)
        ]


@settings(max_examples=150)
@given(amended_logs(), st.data())
def test_a_group_is_known_at_any_position_as_a_log_that_ended_there_says(
    log: list[RecordedEvent], data: st.DataObject
) -> None:
    """Corrected before it was merged, while it was, and after it was no more."""
    position = data.draw(st.integers(1, len(log)))
    aliases = Aliases(merge for one in log[:position] if (merge := merge_of(one)) is not None)
    for contact in CONTACTS:
        survivor = survivor_of(log[:position], contact)
        assert aliases.survivor_of(contact) == survivor
        group = read_group(cast("Any", Listed(log)), survivor, aliases, position)
        history = effective_history(group, survivor)
        found = [(one.occurred_at, one.id, one.event) for one in history.facts]
        assert found == [
            (one.occurred_at, one.id, one.event) for one in effective(log[:position], survivor)
        ]
