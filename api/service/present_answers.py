"""What a contact's status and card say at the head of the log, kept for as long as that holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from api.service.answers.document import ContactQuestion, KnownAt
from api.service.answers.status import Evidence
from api.service.cards import welcome_card
from api.service.questions import (
    At,
    Question,
    Subject,
    moment_of,
    relationship_of,
    short_subject_of,
    subject_of,
)

if TYPE_CHECKING:
    from uuid import UUID

    from api.service.answer_cache import AnswerCache
    from api.service.server import OpenLedger


class PresentAnswer(NamedTuple):
    """What is said of a contact now, in JSON without the question; ``contact_id`` answers for it.

    ``as_of`` is in microseconds of UTC.
    """

    contact_id: UUID
    as_of: int
    known_at: KnownAt
    said: bytes

    @property
    def question(self) -> ContactQuestion:
        """What the answer repeats of its question."""
        return ContactQuestion(
            contact_id=self.contact_id, as_of=self.as_of, as_known_at=self.known_at
        )


def kept_answer(answers: AnswerCache, contact_id: UUID, now: int) -> PresentAnswer | None:
    """What is known without reading anything; None where nothing is."""
    survivor = answers.survivor_of(contact_id)
    found = answers.get(survivor, now)
    if found is None:
        return None
    return PresentAnswer(survivor, now, found.newest.known_at, found.said)


def short_status(served: OpenLedger, contact_id: UUID, now: int) -> PresentAnswer | None:
    """The status of a contact whose past is short; None where that takes longer.

    Raises:
        ContactNotFound: nobody has registered it.
    """
    question = _question(served, now)
    subject = short_subject_of(question, contact_id)
    return None if subject is None else _status(served, question, subject)


def whole_status(served: OpenLedger, contact_id: UUID, now: int) -> PresentAnswer:
    """The status of any contact.

    Raises:
        ContactNotFound: nobody has registered it.
    """
    question = _question(served, now)
    return _status(served, question, subject_of(question, contact_id))


def present_card(served: OpenLedger, contact_id: UUID, now: int) -> PresentAnswer:
    """The card of any contact.

    Raises:
        ContactNotFound: nobody has registered it.
    """
    question = _question(served, now)
    found = welcome_card(question, contact_id)
    said = found.content.json_bytes()
    answer = PresentAnswer(found.contact_id, now, question.as_known_at, said)
    position, until_at = question.position, found.until_at
    served.cards.keep(found.contact_id, position, now, until_at, said, found.aliases, found.others)
    return answer


def _question(served: OpenLedger, now: int) -> Question:
    ledger = served.ledger
    moment = moment_of(ledger, served.aliases, At(), now)
    return Question(ledger, moment.at, moment.position, moment.policies, moment.aliases)


def _status(served: OpenLedger, question: Question, subject: Subject) -> PresentAnswer:
    found = relationship_of(question, subject)
    said = Evidence.of(subject, found).json_bytes()
    contact_id, position, now = subject.contact_id, question.position, question.as_of
    _, *merged = question.aliases.members(contact_id)
    served.statuses.keep(contact_id, position, now, found.holds_until, said, merged)
    newest = served.statuses.newest
    known_at = newest.known_at if newest.position == position else question.as_known_at
    return PresentAnswer(contact_id, now, known_at, said)
