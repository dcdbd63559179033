"""A ledger with a story in it, the receipts that it gives, and a forger with a log of their own."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.service.questions import Question
from api.service.receipts.evidence import completeness
from api.service.receipts.folding import fold_again
from api.service.receipts.form import read_receipt
from api.service.receipts.making import make_receipt
from domain.instants import DAY
from domain.presets import PRESETS
from ledger.mapper import LedgerMapper, NoKeys
from ledger.transparency import merkle, notes
from ledger.transparency.checkpoints import Checkpoint
from ledger.transparency.entries import entry, read_entry
from ledger.transparency.notes import from_base64, to_base64
from tests.api.shop import START
from tests.ledger.given import append, draft

if TYPE_CHECKING:
    from api.service.server import OpenLedger
    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger

Json = dict[str, Any]

ANN, BEN, CAT, DAN = (UUID(int=10**30 + number) for number in range(4))
"""Ann, into whom Ben was merged; Cat, who sent Ben; Dan, who has nothing to do with them."""


def sale(number: int) -> Json:
    return {
        "purchase_id": f"p{number}",
        "amount_minor": 1250,
        "currency": "EUR",
        "initiated_by": "contact",
    }


def tell_story(ledger: Ledger) -> None:
    """Twenty-odd events in which all that a receipt may have to show occurs."""
    person = {"kind": "person", "name": "Ann Example"}
    for one in (ANN, BEN, CAT, DAN):
        append(ledger, draft(one, "contact-registered", person))
    referral = {"referral_id": "r", "direction": "inbound", "other": str(BEN), "level": 1}
    made = append(ledger, draft(CAT, "referral-made", referral)).events[0]
    other = {**referral, "referral_id": "s", "other": str(DAN)}
    elsewhere = append(ledger, draft(CAT, "referral-made", other)).events[0]
    for number in range(8):
        buyer = (ANN, BEN)[number % 2]
        occurred_at = START - (30 - 3 * number) * DAY
        append(ledger, draft(buyer, "purchase-made", sale(number), occurred_at=occurred_at))
    corrected = {"target": str(made.id), "data": {**referral, "level": 4}}
    append(ledger, draft(CAT, "event-corrected", corrected))
    append(ledger, draft(CAT, "event-retracted", {"target": str(elsewhere.id), "reason": "no"}))
    reversed_ = {"purchase_id": "p1", "amount_minor": 1250, "currency": "EUR"}
    append(ledger, draft(BEN, "purchase-reversed", reversed_))
    ledger.publish_policy(PRESETS["cafe"], 0).result()
    append(ledger, draft(BEN, "contact-merged", {"into": str(ANN)}))
    append(ledger, draft(DAN, "purchase-made", sale(1)))


def question_at(
    open_ledger: OpenLedger,
    *,
    as_of: int = START,
    position: int | None = None,
    policy_version: int | None = None,
) -> Question:
    """The question as a route would read it."""
    ledger = open_ledger.ledger
    position = position or ledger.head()
    policies = ledger.policies(upto=position)
    if policy_version is not None:
        policies = ledger.policies().only(policy_version)
    return Question(ledger, as_of, position, policies, open_ledger.aliases.at(position))


def receipt_of(open_ledger: OpenLedger, contact_id: UUID = BEN, **asked: int) -> Json:
    """A receipt, through JSON and back."""
    signed = open_ledger.ledger.transparency.sign_head()
    question = question_at(open_ledger, **asked)
    _, document = make_receipt(question, contact_id, asked.get("policy_version"), signed)
    shown: Json = json.loads(document.json_bytes())
    return shown


def written(document: object) -> bytes:
    return json.dumps(document).encode()


def with_the_answer_that_follows(document: Json) -> Json:
    """The same receipt with answer and limits told as its events have it."""
    document = copy.deepcopy(document)
    receipt = read_receipt(written(document))
    recorded_at = read_entry(receipt.known_entry).recorded_at
    events, policies = _decoded(document["events"]), _decoded(document["policies"])
    folded = fold_again(receipt, events, policies, recorded_at)
    document["answer"] = folded.answer
    document["completeness"] = completeness(
        folded.events,
        folded.members,
        policies[-1].version,
        in_ledger_time_zone=folded.in_ledger_time_zone,
    ).plain()
    return document


def forged(document: Json) -> Json:
    """The receipt of a log that holds exactly what it shows, signed by the forger."""
    document = copy.deepcopy(document)
    shown = [*document["events"], *document["policies"]]
    known_at = document["question"]["as_known_at"]
    leaves = {one["position"]: _entry(one) for one in shown}
    document["known_at"]["entry"] = to_base64(
        leaves.get(known_at) or from_base64(document["known_at"]["entry"])
    )
    leaves[known_at] = from_base64(document["known_at"]["entry"])
    size = max(leaves)
    tree = [merkle.leaf_hash(leaves.get(position, b"")) for position in range(1, size + 1)]
    for one in (*shown, {"position": known_at, "of": document["known_at"]}):
        proof = merkle.inclusion_proof(_Tree(tree), one["position"] - 1, size)
        one.get("of", one)["hashes"] = [to_base64(node) for node in proof]
    checkpoint = Checkpoint(document["origin"], size, merkle.root(_Tree(tree), size))
    signer = notes.Signer(document["origin"], Ed25519PrivateKey.from_private_bytes(bytes(32)))
    document["checkpoint"] = notes.sign(checkpoint.text(), [signer]).to_bytes().decode()
    document["verifiers"] = [signer.verifier.to_text()]
    return document


class _Tree:
    def __init__(self, leaves: list[bytes]) -> None:
        self._leaves = leaves

    def node(self, level: int, n: int) -> bytes:
        hashes = self._leaves[n << level : (n + 1) << level]
        while len(hashes) > 1:
            hashes = merkle.parent_hashes(hashes)
        return hashes[0]


def _entry(shown: Json) -> bytes:
    state = from_base64(shown["state"])
    try:
        recorded_at = _decoded([shown])[0].recorded_at
        return entry(UUID(shown["stream"]), shown["version"], shown["topic"], recorded_at, state)
    except Exception:  # noqa: BLE001  # a forger may show what is no event
        return state


def _decoded(shown: list[Json]) -> list[RecordedEvent]:
    mapper = LedgerMapper(NoKeys())
    return [
        mapper.to_event(
            one["position"],
            UUID(one["stream"]),
            one["version"],
            one["topic"],
            from_base64(one["state"]),
        )
        for one in shown
    ]
