"""To which stage a contact comes next if nothing happens, kept until an event may change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.agendas.kept import Answer, KeptAnswers
from api.service.questions import relationship_of, subject_of

if TYPE_CHECKING:
    from uuid import UUID

    from api.service.questions import Question
    from domain.evidence import WillChange
    from ledger.ledger import Ledger


class ComingChanges:
    """The next change of contacts at the present, of one ledger. Any thread may ask."""

    def __init__(self, ledger: Ledger) -> None:
        """For a ledger that nobody appends to yet."""
        self._kept: KeptAnswers[WillChange | None] = KeptAnswers(ledger)

    def close(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def of(self, contact: UUID, question: Question) -> WillChange | None:
        """The next change of a survivor's stage; None where none follows from time alone.

        Raises:
            ContactNotFound: nobody had registered it by then.
        """
        moment = question.moment
        return self._kept.get(contact, moment, moment.at, lambda: _find(contact, question))


def _find(contact: UUID, question: Question) -> Answer[WillChange | None]:
    found = relationship_of(question, subject_of(question, contact))
    change = found.will_change()
    changes = [one.occurred_at for one in found.history.facts[found.absorbed :]]
    if change is not None:
        changes.append(change.at)
    return Answer(change, min(changes, default=None))
