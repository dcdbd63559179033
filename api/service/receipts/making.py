"""Writing a receipt: the answer that the status route gives, and everything that it rests on."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from api.service.answers.receipts import (
    FORMAT,
    FORMAT_VERSION,
    ProvenEntry,
    ProvenEvent,
    Receipt,
    ReceiptQuestion,
)
from api.service.answers.status import Status
from api.service.questions import group_of, relationship_of, subject_in
from api.service.receipts.evidence import completeness, rests_on
from api.service.receipts.form import MOST_EVENTS
from domain.errors import Corrupt, Invalid, Unproven
from ledger.transparency import merkle
from ledger.transparency.entries import entry_of_row
from ledger.transparency.tiles import TileHashes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from api.service.questions import Question
    from domain.timeline import PolicyVersion
    from ledger.ledger import Ledger
    from ledger.stores.transparency_log import StoredCheckpoint


def needed_position(question: Question, policy_version: int | None) -> int:
    """The position that a checkpoint must reach before the question can have a receipt."""
    published = [one.position for one in _policies(question, policy_version)]
    return max([question.position, *published])


def make_receipt(
    question: Question, contact_id: UUID, policy_version: int | None, signed: StoredCheckpoint
) -> tuple[UUID, Receipt]:
    """The contact that answers and the receipt, proven against one signed checkpoint.

    ``signed`` covers ``needed_position``. Personal fields stay encrypted.

    Raises:
        ContactNotFound: nobody had registered it by then.
        Invalid: more events than a receipt holds.
        Corrupt: the log does not prove what is stored.
    """
    ledger = question.ledger
    survivor, group = group_of(ledger, question.aliases, question.position, contact_id)
    subject = subject_in(survivor, group)
    members = question.aliases.members(survivor)
    events = rests_on(group, members)
    if len(events) > MOST_EVENTS:
        detail = f"{len(events)} events were known by then; a receipt holds at most {MOST_EVENTS}"
        raise Invalid.at("/as_known_at", "out-of-range", detail)
    found = relationship_of(question, subject)
    log, prover = ledger.transparency, _Prover(ledger, signed)
    known = log.entry(question.position)
    policies = prover.events([one.position for one in _policies(question, policy_version)])
    in_ledger_time_zone = subject.history.time_zone is None
    receipt = Receipt(
        format=FORMAT,
        format_version=FORMAT_VERSION,
        origin=log.origin,
        question=ReceiptQuestion(
            contact_id=contact_id,
            as_of=question.as_of,
            as_known_at=question.position,
            policy_version=policy_version,
        ),
        answer=Status.of_question(question, subject, found),
        tzdata=version("tzdata"),
        ledger_time_zone=ledger.time_zone if in_ledger_time_zone else None,
        known_at=ProvenEntry.of(known, prover.proof(question.position, known)),
        events=prover.events([one.position for one in events]),
        policies=policies,
        checkpoint=signed.note.decode(),
        verifiers=tuple(one.to_text() for one in log.verifiers()),
        completeness=completeness(
            events, members, policies[-1].version, in_ledger_time_zone=in_ledger_time_zone
        ),
    )
    return survivor, receipt


def _policies(question: Question, policy_version: int | None) -> Sequence[PolicyVersion]:
    """Those known by then; where one version was asked for, those up to it, known by then or not.

    The stream is shown from its beginning, so that nothing can be left out within.
    """
    if policy_version is None:
        return question.policies.versions
    (asked,) = question.policies.versions
    return question.ledger.policies(upto=asked.position).versions


class _Prover:
    """Proofs in one signed tree; its tiles are read once for all of them."""

    def __init__(self, ledger: Ledger, signed: StoredCheckpoint) -> None:
        self._ledger = ledger
        self._signed = signed
        self._hashes = TileHashes(ledger.transparency.tile, signed.size)

    def events(self, positions: Sequence[int]) -> tuple[ProvenEvent, ...]:
        """The stored events at these positions, each with its proof.

        Raises:
            Corrupt: the log does not prove what is stored.
        """
        rows = self._ledger.stored_rows(positions)
        return tuple(
            ProvenEvent.of(rows[position], self.proof(position, entry_of_row(rows[position])))
            for position in positions
        )

    def proof(self, position: int, entry: bytes) -> list[bytes]:
        """The proof of the entry at that position, verified as a reader will verify it."""
        index, leaf = position - 1, merkle.leaf_hash(entry)
        size, root = self._signed.size, self._signed.root
        try:
            proof = merkle.inclusion_proof(self._hashes, index, size)
            merkle.verify_inclusion(leaf, index, size, proof, root)
        except Unproven as error:
            raise Corrupt(f"the log does not prove position {position}: {error}") from error
        return proof
