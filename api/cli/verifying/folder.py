"""The ledgers of a folder verified, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from api.bootstrap import STORE_OF, ledger_store_at
from api.cli.verifying.drift import check_drift
from domain.errors import LedgerNotFound
from ledger.data_layout import LEDGERS
from ledger.master_keys import MASTER_KEY_BYTES, MASTER_KEY_FILE, next_of
from ledger.verification.faults import Fault, Report
from ledger.verification.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from api.service.stores import ServedLedgerStore
    from ledger.transparency.notes import Verifier
    from ledger.verification.trust import KeptCheckpoint, Progress


@dataclass(frozen=True)
class VerifyOptions:
    """The keys and checkpoints of the reader, and the extent of the check."""

    progress: Progress
    master_key: bytes | None = None
    verifiers: Sequence[Verifier] = ()
    kept: Sequence[KeptCheckpoint] = ()
    drift: bool = False


@dataclass
class Outcome:
    """The outcome for each ledger, and the faults of the folder itself."""

    reports: list[Report] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Nothing wrong was found."""
        return not self.faults and all(report.sound for report in self.reports)


def verify_folder(path: Path, ledger_name: str | None, asked: VerifyOptions) -> Outcome:
    """Check every ledger of a data folder, or one of them.

    Raises:
        LedgerNotFound: there is none of that name, or none at all.
        Unavailable: a file cannot be read.
    """
    store = STORE_OF(path)
    names = store.ledger_names()
    if ledger_name is not None and ledger_name not in names:
        raise LedgerNotFound(f"no ledger is named {ledger_name!r}")
    if not names:
        raise LedgerNotFound(f"{path} holds no ledgers")
    outcome = Outcome()
    master_key = asked.master_key or _master_key(path / MASTER_KEY_FILE, outcome)
    for name in names if ledger_name is None else [ledger_name]:
        _verify(store.ledger(name), master_key, asked, outcome)
    look_for_origins(asked, outcome)
    return outcome


def verify_one(path: Path, asked: VerifyOptions) -> Outcome:
    """Check the folder of one ledger; its data folder's master key is used where it is there.

    Raises:
        Unavailable: a file cannot be read.
    """
    outcome = Outcome()
    master_key = asked.master_key
    if master_key is None and path.resolve().parent.name == LEDGERS:
        master_key = _master_key(path.resolve().parents[1] / MASTER_KEY_FILE, outcome)
    _verify(ledger_store_at(path), master_key, asked, outcome)
    look_for_origins(asked, outcome)
    return outcome


def _verify(
    store: ServedLedgerStore, master_key: bytes | None, asked: VerifyOptions, outcome: Outcome
) -> None:
    trust = Trust(master_key, asked.verifiers, asked.kept)
    report = store.verify(trust, asked.progress)
    if asked.drift:
        check_drift(store, report, asked.progress)
    outcome.reports.append(report)


def _master_key(file: Path, outcome: Outcome) -> bytes | None:
    if not file.exists():
        return None
    if next_of(file).exists():
        detail = "its rotation was cut off: rapport master-key rotate finishes it"
        outcome.faults.append(Fault(MASTER_KEY_FILE, None, detail))
        return None
    key = file.read_bytes()
    if len(key) != MASTER_KEY_BYTES:
        detail = f"it has {len(key)} bytes, not {MASTER_KEY_BYTES}"
        outcome.faults.append(Fault(MASTER_KEY_FILE, None, detail))
        return None
    return key


def look_for_origins(asked: VerifyOptions, outcome: Outcome) -> None:
    """A key or a checkpoint of a log that is not here means that its ledger is gone.

    Also where one ledger was named, or is all there is: one that was made up has another origin.
    """
    origins = {report.origin for report in outcome.reports}
    for verifier in asked.verifiers:
        if verifier.name not in origins:
            detail = f"no ledger here has the origin {verifier.name}, whose key was given"
            outcome.faults.append(Fault("ledgers", None, detail))
    for kept in asked.kept:
        if kept.origin not in origins:
            detail = f"no ledger here has the origin {kept.origin}, of which {kept.name} is"
            outcome.faults.append(Fault("ledgers", None, detail))
