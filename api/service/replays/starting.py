"""Begin to answer a question about the whole ledger, in the background of what is served."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from api.service.questions import known_at
from api.service.replays.lines import Lines
from api.service.replays.preview import Preview
from api.service.replays.replay import replay
from domain.errors import Unavailable
from domain.instants import format_instant
from domain.policy import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.service.answers.document import Document
    from api.service.replays.preview import Proposal
    from api.service.server import OpenLedger
    from projections.folding import Moment
    from projections.operations import Operation, Work

REPLAY = "replay"
PREVIEW = "preview"
FIT = "fit"
VALUATION = "valuation"

LONG = (REPLAY, PREVIEW, FIT, VALUATION)
"""The kinds of work that go through the whole log to answer a question."""


def start_replay(
    open_ledger: OpenLedger, owner: str, moment: Moment, version: int | None
) -> Operation:
    """Compute the stage of every contact at the moment; ``version`` is the requested one, if any.

    It belongs to the ``owner``, who asked: nobody else's same question is answered by it.

    Raises:
        TooManyQuestions: enough of them are being answered already.
    """
    ledger = open_ledger.ledger
    judged_by = "those in force" if version is None else f"version {version}"
    subject = f"position {moment.position}, {format_instant(moment.at)}, {judged_by}"

    def answer(lines: Lines, work: Work) -> Document:
        return replay(ledger, moment, known_at(ledger, moment.position), lines, work)

    return _start(open_ledger, owner, REPLAY, subject, answer)


def start_preview(
    open_ledger: OpenLedger, owner: str, moment: Moment, proposal: Proposal
) -> Operation:
    """Work out whose stage would differ under a policy, for the ``owner``.

    Raises:
        TooManyQuestions: enough of them are being answered already.
    """
    preview = Preview(open_ledger.ledger, moment, proposal)
    instants = (proposal.effective_from, proposal.from_at, moment.at)
    shown = [at if at is None else format_instant(at) for at in instants]
    sha256 = digest(proposal.policy.document())
    subject = f"position {moment.position}, {', '.join(map(str, shown))}, {sha256}"
    return _start(open_ledger, owner, PREVIEW, subject, preview.run)


def require_room(open_ledger: OpenLedger) -> None:
    """Let pass one more long question of a ledger.

    Raises:
        TooManyQuestions: enough of them are being answered already.
    """
    most = open_ledger.limits.replays_at_once
    running = open_ledger.projections.operations.running()
    if sum(one.kind in LONG for one in running) >= most:
        raise TooManyQuestions(
            f"{most} replays, previews, fits and valuations are running: wait for one of them"
        )


def _start(
    open_ledger: OpenLedger,
    owner: str,
    kind: str,
    subject: str,
    answer: Callable[[Lines, Work], Document],
) -> Operation:
    operations, operation_id = open_ledger.projections.operations, uuid4()
    require_room(open_ledger)

    def run(work: Work) -> Mapping[str, object]:
        with open_ledger.results.write(operation_id) as file:
            account = answer(Lines(file), work)
        return account.plain()

    return operations.start(kind, subject, run, operation_id, owner)


class TooManyQuestions(Unavailable):
    """No more of these are begun now."""
