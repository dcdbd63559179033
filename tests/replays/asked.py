"""Questions to a ledger in memory, answered as the server answers them."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, cast

from api.service.answers.status import Standing, Status, StatusHistory
from api.service.known_aliases import KnownAliases
from api.service.questions import (
    At,
    Question,
    known_at,
    moment_of,
    relationship_of,
    standing_of,
    subject_of,
)
from api.service.replays.lines import Lines
from api.service.replays.preview import Preview
from api.service.replays.replay import replay
from domain.errors import ContactNotFound
from projections.operations import Work

if TYPE_CHECKING:
    from uuid import UUID

    from api.service.replays.preview import Proposal
    from ledger.ledger import Ledger
    from projections.folding import Moment
    from tests.projections.memory import MemoryLedger

NOTHING = At()


def moment(ledger: MemoryLedger, now: int, asked: At = NOTHING) -> Moment:
    """The point that a question is about."""
    real = cast("Ledger", ledger)
    return moment_of(real, KnownAliases(real), asked, now)


def replayed(ledger: MemoryLedger, at: Moment) -> tuple[dict[str, Any], bytes]:
    """A replay's account, without how long it took, and its bytes."""
    sink = io.BytesIO()
    known = known_at(cast("Ledger", ledger), at.position)
    account = replay(ledger, at, known, Lines(sink), work())
    return account.model_dump(mode="json", exclude={"seconds"}), sink.getvalue()


def previewed(
    ledger: MemoryLedger, at: Moment, proposal: Proposal
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A preview's account and its lines."""
    sink = io.BytesIO()
    account = Preview(ledger, at, proposal).run(Lines(sink), work())
    return account.plain(), rows(sink.getvalue())


def rows(content: bytes) -> list[dict[str, Any]]:
    """Lines read, each of which is the one form of what it says."""
    found = [json.loads(line) for line in content.splitlines()]
    written = [
        json.dumps(one, ensure_ascii=False, sort_keys=True, separators=(",", ":")) for one in found
    ]
    assert content.decode().splitlines() == written
    return found


def work() -> Work:
    """Work that tells nobody."""
    return Work(lambda _progress: None)


def of_one(ledger: MemoryLedger, at: Moment, contact: UUID) -> list[dict[str, Any]] | None:
    """A contact's status, history and standing as clients read them; None where there is none."""
    question = Question(cast("Any", ledger), at.at, at.position, at.policies, at.aliases)
    try:
        subject = subject_of(question, contact)
    except ContactNotFound:
        return None
    found = relationship_of(question, subject)
    return [
        Status.of_question(question, subject, found).plain(),
        StatusHistory.of(question, subject, found).plain(),
        Standing.of(question, subject, standing_of(question, subject)).plain(),
    ]
