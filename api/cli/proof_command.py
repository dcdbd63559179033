"""``rapport proof``: checkpoints and proofs, verified before they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from api.cli.ending import UsageRefused
from api.cli.log_reading import entries_of, log_at
from api.cli.options import WholeNumber, json_option, ledger_option
from api.cli.output import print_json, print_message
from api.cli.plain_help import PlainGroup, PlainHelp
from api.cli.streams import write_exactly
from api.service.answers.verification import (
    CheckpointWithNote,
    ProvenLeaf,
    TrustedCheckpoint,
    VerifiedConsistency,
    VerifiedInclusion,
    VerifiedNewest,
)
from api.service.receipts.checking import check_receipt
from api.service.receipts.replaying import require_newest
from domain.errors import LedgerError, Unproven
from ledger.transparency import merkle, notes
from ledger.transparency.checkpoints import Checkpoint
from ledger.transparency.entries import read_entry
from ledger.transparency.notes import Verifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.cli.log_reading import LogReader

F = TypeVar("F", bound="Callable[..., object]")


@dataclass(frozen=True)
class _VerifiedCheckpoint:
    """A checkpoint whose signature was verified, and by which keys."""

    checkpoint: Checkpoint
    note: bytes
    verified_by: tuple[str, ...]
    pinned: bool

    def document(self) -> TrustedCheckpoint:
        return TrustedCheckpoint.of(self.checkpoint, self.verified_by, pinned=self.pinned)

    def document_with_note(self) -> CheckpointWithNote:
        note = self.note.decode()
        return CheckpointWithNote.of(
            self.checkpoint, self.verified_by, pinned=self.pinned, note=note
        )


def keys_option(command: F) -> F:
    """``--key VERIFIER``, as often as there are keys."""
    return click.option(
        "--key",
        "keys",
        multiple=True,
        metavar="VERIFIER",
        help="A verifier key that you trust; else the log's own is believed.",
    )(command)


@click.group("proof", cls=PlainGroup)
def command() -> None:
    """Get a checkpoint or a proof, and verify it.

    TARGET is the URL of a ledger or a server, or a data folder; if a server runs on it, that is
    asked. If a folder cannot be written, the command reads a copy. Get the key from another place
    than the log and give it with --key: a server that serves a false log serves a false key too.

    Example:
      rapport proof checkpoint http://127.0.0.1:8400/v1/ledgers/main

    Exit codes: 0 verified; 1 refused: it proves nothing, or is not signed yet; 2 the command
    cannot be read, or there is no such position; 3 the target cannot be read.
    """


@command.command("checkpoint", cls=PlainHelp)
@click.argument("target")
@ledger_option
@keys_option
@json_option
def checkpoint(target: str, ledger_name: str, keys: tuple[str, ...], as_json: bool) -> None:
    """Show the last signed checkpoint. Keep it: then no event under it can change without
    detection.

    Example:
      rapport proof checkpoint ./rapport-data > kept.checkpoint
      rapport proof checkpoint http://127.0.0.1:8400/v1/ledgers/main --json
    """
    verifiers = read_keys(keys)
    with log_at(target, ledger_name) as log:
        trusted = _trusted_checkpoint(log, log.note(), verifiers)
    if as_json:
        print_json(trusted.document_with_note().plain())
    else:
        write_exactly(trusted.note)
        _say_trust(trusted)


@command.command("inclusion", cls=PlainHelp)
@click.argument("target")
@click.argument("position", type=WholeNumber(1))
@click.option("--tree-size", type=WholeNumber(1), help="[default: the last checkpoint's]")
@ledger_option
@keys_option
@json_option
def inclusion(
    target: str,
    position: int,
    tree_size: int | None,
    ledger_name: str,
    keys: tuple[str, ...],
    as_json: bool,
) -> None:
    """Prove that the event at POSITION is in the log.

    In a smaller tree than that of the last checkpoint it also proves that the log began with it.

    Example:
      rapport proof inclusion http://127.0.0.1:8400/v1/ledgers/main 42
      rapport proof inclusion ./rapport-data 42 --tree-size 100 --json
    """
    verifiers = read_keys(keys)
    if tree_size is not None and tree_size < position:
        raise UsageRefused(f"a tree of {tree_size} leaves has no event at position {position}")
    with log_at(target, ledger_name) as log:
        trusted = _trusted_checkpoint(log, log.note(), verifiers)
        size = tree_size or trusted.checkpoint.size
        # The log itself says whether a position beyond is not signed yet or does not exist.
        proof = log.inclusion(position, max(size, position))
        leaf = merkle.leaf_hash(proof.entry)
        if proof.tree_size != size:
            raise Unproven(f"the log proves a tree of {proof.tree_size} leaves, not of {size}")
        merkle.verify_inclusion(leaf, position - 1, size, proof.hashes, proof.root)
        _require_under(log, trusted.checkpoint, size, proof.root)
    found = read_entry(proof.entry)
    if as_json:
        shown = {
            "leaf_index": position - 1,
            "tree_size": size,
            "leaf_hash": leaf,
            "root_hash": proof.root,
            "hashes": proof.hashes,
            "event": ProvenLeaf.of(found),
            "checkpoint": trusted.document(),
        }
        print_json(VerifiedInclusion.model_validate(shown).plain())
        return
    click.echo(
        f"position {position} is {found.topic}, version {found.version} of {found.stream}, "
        f"in a log of {size:,} events"
    )
    _say_trust(trusted)


@command.command("consistency", cls=PlainHelp)
@click.argument("target")
@click.argument("first")
@ledger_option
@keys_option
@json_option
def consistency(
    target: str, first: str, ledger_name: str, keys: tuple[str, ...], as_json: bool
) -> None:
    """Prove that nothing was changed or removed in the log since FIRST.

    FIRST is a file with a checkpoint that you kept, or a size. For a size the log itself gives the
    root, so that only a checkpoint that you kept reveals a rewritten history.

    Example:
      rapport proof checkpoint ./rapport-data > kept.checkpoint
      rapport proof consistency ./rapport-data kept.checkpoint
    """
    verifiers = read_keys(keys)
    with log_at(target, ledger_name) as log:
        trusted = _trusted_checkpoint(log, log.note(), verifiers)
        now = trusted.checkpoint
        earlier = _earlier(log, first, verifiers, now.origin)
        if earlier.origin != now.origin:
            raise Unproven(f"the kept checkpoint is of another log, {earlier.origin}")
        if earlier.size > now.size:
            raise Unproven(
                f"the log has {now.size} events under its last checkpoint where it had "
                f"{earlier.size}: it was cut off, or is of an older backup"
            )
        hashes = _require_under(log, now, earlier.size, earlier.root)
    if as_json:
        proven = {
            "first": earlier.size,
            "second": now.size,
            "first_root_hash": earlier.root,
            "hashes": hashes,
            "checkpoint": trusted.document(),
        }
        print_json(VerifiedConsistency.model_validate(proven).plain())
        return
    click.echo(f"the log of {earlier.size:,} events is how that of {now.size:,} begins")
    _say_trust(trusted)


@command.command("newest", cls=PlainHelp)
@click.argument("target")
@click.argument("receipt", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@ledger_option
@keys_option
@json_option
def newest(
    target: str, receipt: Path, ledger_name: str, keys: tuple[str, ...], as_json: bool
) -> None:
    """Prove that a RECEIPT shows the newest events that were known by then.

    Every entry of the log is read, up to the receipt's checkpoint, and has to give the root that
    was signed in it. The receipt is checked first, as rapport verify does.

    Example:
      rapport proof newest http://127.0.0.1:8400/v1/ledgers/main receipt.json
    """
    with log_at(target, ledger_name) as log:
        verifiers = read_keys(keys)
        checked = check_receipt(receipt.read_bytes(), verifiers or log.verifiers())
        require_newest(checked, entries_of(log, checked.tree_size))
    if as_json:
        print_json(VerifiedNewest.model_validate(checked).plain())
    else:
        click.echo(
            f"nothing newer was known at position {checked.position:,}: {checked.tree_size:,} "
            "entries give the root that was signed"
        )
    if not verifiers:
        print_message(
            "checked with the log's own key: NO KEY WAS PINNED. Give one you kept with --key"
        )


def read_keys(keys: tuple[str, ...]) -> list[Verifier]:
    """The verifier keys given on the command line.

    Raises:
        UsageRefused: one is none.
    """
    try:
        return [Verifier.read(key.strip()) for key in keys]
    except LedgerError as error:
        raise UsageRefused(f"--key: {error}") from None


def _trusted_checkpoint(
    log: LogReader, content: bytes, pinned: list[Verifier]
) -> _VerifiedCheckpoint:
    known = pinned or log.verifiers()
    note = notes.verify(content, known)
    checkpoint = Checkpoint.read(note.text)
    signed = {(one.name, one.key_id) for one in note.signatures if one.name == checkpoint.origin}
    if not signed:
        raise Unproven("no key with the name of the log signed the checkpoint")
    by = tuple(one.to_text() for one in known if (one.name, one.key_id) in signed)
    return _VerifiedCheckpoint(checkpoint, content, by, bool(pinned))


def _earlier(log: LogReader, first: str, pinned: list[Verifier], origin: str) -> Checkpoint:
    """The earlier log: by a checkpoint that was kept, or as the log says for a size."""
    if not (first.isascii() and first.isdigit()):
        kept = Path(first)
        if not kept.is_file():
            raise UsageRefused(f"{first} is neither a file with a checkpoint nor a size")
        return _trusted_checkpoint(log, kept.read_bytes(), pinned).checkpoint
    size = int(first)
    if not size:
        return Checkpoint(origin, 0, merkle.EMPTY_ROOT)
    last = log.inclusion(size, size)
    leaf = merkle.leaf_hash(last.entry)
    merkle.verify_inclusion(leaf, size - 1, size, last.hashes, last.root)
    return Checkpoint(origin, size, last.root)


def _require_under(log: LogReader, now: Checkpoint, size: int, root: bytes) -> list[bytes]:
    """The proof that a tree is how the one under the checkpoint begins.

    Raises:
        ProofRefused: it is not.
    """
    hashes = [] if size == now.size else log.consistency(size, now.size)
    merkle.verify_consistency(size, now.size, root, now.root, hashes)
    return hashes


def _say_trust(trusted: _VerifiedCheckpoint) -> None:
    if trusted.pinned:
        print_message(f"verified with the key that was given, {trusted.verified_by[0]}")
    else:
        print_message(
            f"verified with the log's own key, {trusted.verified_by[0]}: NO KEY WAS PINNED. "
            "A forged log has a key of its own; keep this key and give it with --key"
        )
