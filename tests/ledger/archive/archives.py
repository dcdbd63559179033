"""A small ledger with everything in it, its archive, and archives that somebody changed."""

from __future__ import annotations

import io
import random
import tarfile
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from api.service.event_schemas import event_type
from domain.events import CATALOGUE
from ledger.archive import layout
from ledger.archive.checking import verify_archive
from ledger.archive.placing import place
from ledger.archive.source import ledger_source
from ledger.archive.tar import TarWriter
from ledger.archive.writing import export
from ledger.drafts import Append
from ledger.folder import DataFolder
from ledger.stores.sqlite.sorting import SqliteSorting
from ledger.stores.sqlite.store import SqliteStore
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import ANN, SALE, HandClock, draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ledger.archive.checking import VerifiedArchive
    from ledger.archive.writing import ExportResult, Source
    from ledger.ledger import Ledger
    from ledger.transparency.notes import Verifier

PASSPHRASE = "a passphrase of the tests"
NAME = "shop"
PEOPLE = 12
EVENTS = 1500
"""More than one chunk, and more than five tiles."""

SCHEMAS = {topic: event_type(cls) for topic, cls in CATALOGUE.items()}
Members = list[tuple[str, bytes]]


def fill(ledger: Ledger, clock: HandClock, events: int = EVENTS) -> None:
    """Contacts who buy, refer, are corrected; sealed now and then, so that checkpoints pile up."""
    chance = random.Random(7)
    people = [UUID(int=chance.getrandbits(128), version=4) for _ in range(PEOPLE)]
    drafts = [
        draft(one, "contact-registered", {**ANN, "name": f"Ann Example {number}"}, source="pos")
        for number, one in enumerate(people)
    ]
    drafts.append(
        draft(
            people[0],
            "referral-made",
            {"referral_id": "r1", "direction": "inbound", "other": str(people[1]), "level": 3},
            actor="till 7",
        )
    )
    for number in range(events - len(drafts) - 2):
        data = {**SALE, "purchase_id": f"p{number}", "items": [f"bread {number}"]}
        drafts.append(draft(chance.choice(people), "purchase-made", data, actor="Bea Baker"))
    for start in range(0, len(drafts), 300):
        clock.move(60)
        ledger.append(Append(drafts=tuple(drafts[start : start + 300]))).result(timeout=END_SECONDS)
        ledger.transparency.sign_head()


@dataclass(frozen=True)
class Shop:
    """A data folder with a filled ledger, and its archives."""

    folder: Path
    archive: bytes
    exported: ExportResult


def shop(folder: Path, clock: HandClock, events: int = EVENTS) -> Shop:
    """A data folder with such a ledger, sealed and closed."""
    with closing(DataFolder.open(folder, SqliteStore, clock=clock)) as data:
        ledger, _ = data.create(NAME, "Europe/Amsterdam")
        fill(ledger, clock, events)
    exported, archive = exported_from(folder, clock)
    return Shop(folder, archive, exported)


def exported_from(
    folder: Path, clock: HandClock, name: str = NAME, passphrase: str | None = None
) -> tuple[ExportResult, bytes]:
    """An export, and its bytes."""
    with ledger_source(
        folder, name, SqliteStore, clock=clock, keys=passphrase is not None
    ) as source:
        return written(source, passphrase)


def written(source: Source, passphrase: str | None = None) -> tuple[ExportResult, bytes]:
    """What an export of this source writes."""
    out = io.BytesIO()
    exported = export(source, out, schemas=SCHEMAS, passphrase=passphrase)
    return exported, out.getvalue()


def checked(
    path: Path, archive: bytes, *keys: Verifier, passphrase: str | None = None
) -> VerifiedArchive:
    """The archive, written to the path and verified."""
    path.write_bytes(archive)
    return verify_archive(path, SqliteSorting(), keys, passphrase=passphrase)


def imported(
    path: Path, archive: bytes, into: Path, clock: HandClock, passphrase: str | None = None
) -> VerifiedArchive:
    """The archive as a ledger of its own name in another data folder."""
    verified = checked(path, archive, passphrase=passphrase)
    with closing(DataFolder.open(into, SqliteStore, clock=clock, make_main=False)) as data:
        place(path, verified, data, name=verified.head.ledger, passphrase=passphrase)
    return verified


def members(archive: bytes) -> Members:
    """What the archive holds, read by another program than ours."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return [(one.name, _content(tar, one)) for one in tar]


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file is not None
    return file.read()


def packed(held: Iterable[tuple[str, bytes]]) -> bytes:
    """An archive of these members, as they are."""
    out = io.BytesIO()
    tar = TarWriter(out)
    for name, content in held:
        tar.add(name, content)
    tar.end()
    return out.getvalue()


def resummed(held: Members) -> bytes:
    """An archive of these members, by somebody who knows to put the digests right as well."""
    rest = [(name, content) for name, content in held if name != layout.SUMS]
    sums = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in rest)
    return packed([*rest, (layout.SUMS, sums.encode())])


def changed(archive: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The archive with one member changed, and the digests put right."""
    held = members(archive)
    assert name in dict(held), f"{name} is no member"
    return resummed([(n, change(content) if n == name else content) for n, content in held])


def names(archive: bytes) -> Iterator[str]:
    """The names of the members."""
    return (name for name, _ in members(archive))
