"""A data folder that may only be read: another user's, or mounted so. What reads goes on."""

from __future__ import annotations

import ctypes
import os
from contextlib import closing, suppress
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest

from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.cli.running import Ended, rapport
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import HandClock, append, draft, registered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

    Run = Callable[..., Ended]

CAPABILITY_VERSION = 0x20080522
OVERRIDES = (1, 2)
"""What lets root pass over the modes of files. Source: linux/capability.h."""


def give_up_overrides() -> None:
    """Be bound by modes from now on, as everybody but root is. Source: Linux, capset(2)."""
    libc = ctypes.CDLL(None)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, in two halves
    assert libc.capget(header, sets) == 0
    for capability in OVERRIDES:
        sets[0] &= ~(1 << capability)
        sets[1] &= ~(1 << capability)  # what access(2) asks
    assert libc.capset(header, sets) == 0


def run_as_anybody(asked: Connection) -> None:
    """What a process of its own does: it runs what it is asked to, until nobody asks any more."""
    if os.geteuid() == 0:
        give_up_overrides()
    with suppress(EOFError):
        while True:
            asked.send(rapport(*asked.recv()))


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs ``rapport`` with these arguments, as somebody whom modes bind."""
    context = get_context("forkserver")
    here, there = context.Pipe()
    process = context.Process(target=run_as_anybody, args=(there,))
    process.start()
    there.close()

    def ask(*arguments: object) -> Ended:
        here.send(arguments)
        ended: Ended = here.recv()
        return ended

    with here:
        yield ask
    process.join(END_SECONDS)
    assert process.exitcode == 0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose contents can be taken away again in the end."""
    made = tmp_path_factory.mktemp("read-only")
    yield made
    for path in [made, *made.rglob("*")]:
        if path.is_dir():
            path.chmod(0o700)


def closed(folder: Path) -> Path:
    """The same folder, in which nobody may change anything."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    return folder


@pytest.fixture(scope="module")
def contents(place: Path) -> Path:
    """A folder with a contact, all of whose events are sealed."""
    with closing(
        DataFolder.open(place / "data", SqliteStore, clock=HandClock(), signing=True)
    ) as folder:
        ledger = folder.ledger("main")
        contact = registered(ledger)
        append(ledger, draft(contact, "visit-made", {"guests": 2}))
        (place / "contact").write_text(str(contact))
    return closed(place / "data")


@pytest.fixture
def untouched(contents: Path) -> Iterator[Path]:
    def state() -> list[tuple[Path, bytes | None]]:
        return [(p, p.read_bytes() if p.is_file() else None) for p in sorted(contents.rglob("*"))]

    before = state()
    yield contents
    assert state() == before


def test_proofs_receipts_statuses_and_replays_are_given(
    run: Run, untouched: Path, place: Path
) -> None:
    contact = (place / "contact").read_text()
    assert run("proof", "inclusion", untouched, 3).code == 0
    assert "rapport.invalid/main-" in run("proof", "checkpoint", untouched).out
    receipt = run("receipt", untouched, contact)
    assert receipt.code == 0, receipt.err
    (place / "receipt.json").write_text(receipt.out)
    assert run("verify", place / "receipt.json").code == 0
    assert run("status", contact, "--data", untouched).code == 0
    assert run("replay", "--data", untouched).code == 0


def test_it_is_verified_and_exported_and_no_trail_can_tell(
    run: Run, untouched: Path, place: Path
) -> None:
    verified = run("verify", untouched)
    assert verified.code == 0, verified.err
    ended = run("export", place / "main.tar", "--data", untouched)
    assert ended.code == 0, ended.err
    assert "cannot be written: the audit trail has no entry of this export" in ended.err
    assert run("verify", place / "main.tar").code == 0


def test_its_keys_are_not_taken_without_a_trace(run: Run, untouched: Path, place: Path) -> None:
    (place / "passphrase").write_text("correct horse battery")
    ended = run(
        "export", place / "keys.tar", "--data", untouched,
        "--with-keys", "--passphrase-file", place / "passphrase",
    )  # fmt: skip  # one argument a line would bury the call
    assert ended.code == 3
    assert "its audit trail must say that its keys were taken: copy the folder" in ended.err
    assert not (place / "keys.tar").exists()


def test_what_is_not_sealed_yet_gets_no_receipt(run: Run, place: Path) -> None:
    with closing(DataFolder.open(place / "busy", SqliteStore, clock=HandClock())) as folder:
        ledger = folder.ledger("main")
        ledger.transparency.sign_head()
        contact = registered(ledger)
    ended = run("receipt", closed(place / "busy"), contact)
    assert ended.code == 1
    assert "1 events are under a checkpoint" in ended.err
    assert run("proof", "inclusion", place / "busy", 1).code == 0


def test_files_that_may_not_even_be_read_are_named_with_what_to_do(run: Run, place: Path) -> None:
    with closing(DataFolder.open(place / "private", SqliteStore, clock=HandClock())):
        pass
    master_key = closed(place / "private") / "master.key"
    master_key.chmod(0)
    ended = run("proof", "checkpoint", place / "private")
    assert ended.code == 3
    assert f"{master_key} may not be read: ask as the user who keeps the data folder" in ended.err
    exporting = ("export", place / "x.tar", "--data", place / "private")
    for command in (("verify", place / "private"), exporting):
        ended = run(*command)
        assert (ended.code, f"{master_key}: Permission denied" in ended.err) == (3, True)
