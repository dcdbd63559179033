"""Opening a log, and beginning it: first its key, then everything else in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.stores.transparency_log import StoredCheckpoint
from ledger.transparency import notes
from ledger.transparency.checkpoints import Checkpoint
from ledger.transparency.merkle import EMPTY_ROOT
from ledger.transparency.notes import Signer
from ledger.transparency.signing import LogKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.stores.keys import SigningKeyStore
    from ledger.stores.store import LedgerStore
    from ledger.stores.transparency_log import TransparencyLogStore


def open_log(
    ledger: LedgerStore,
    origin: str,
    signing: SigningKeyStore,
    clock: Callable[[], int],
    *,
    make: bool,
) -> tuple[TransparencyLogStore, LogKeys]:
    """The log of that origin, begun where it is to be made and is not yet.

    Raises:
        Corrupt: it is missing, damaged, or of another origin.
        Unavailable: it cannot be opened or written.
    """
    if make and ledger.log_origin() is None:
        _begin(ledger, origin, signing, clock())
    store = ledger.open_log(origin)
    try:
        return store, LogKeys(store, signing, origin, keys_name=ledger.names.keys)
    except BaseException:
        store.close()
        raise


def _begin(ledger: LedgerStore, origin: str, signing: SigningKeyStore, at: int) -> None:
    # Killed between the two, the key is found again here.
    key = next(iter(signing.keys_of(origin)), None) or signing.make(origin, at)
    text = Checkpoint(origin, 0, EMPTY_ROOT).text()
    note = notes.sign(text, [Signer(origin, key.private)]).to_bytes()
    first = StoredCheckpoint(0, EMPTY_ROOT, note, at)
    ledger.begin_log(origin, (key.public, key.made_at), first)
