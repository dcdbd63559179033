"""Making ledgers of a backup: all of it is checked before any is placed."""

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from api.service.backups import form
from api.service.text_files import read_given_text
from domain.errors import ContactNotFound, Corrupt, Invalid
from domain.events.governance import PersonalDataErased
from ledger.access.orders import Order
from ledger.access.scopes import COMMAND_LINE
from ledger.access.trail import AuditTrail
from ledger.access.trails import LEDGER_RESTORED
from ledger.archive.checking import is_archive, verify_archive
from ledger.archive.placing import place
from ledger.erasure import Erasure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from api.service.backups.form import TrailCopy
    from ledger.archive.checking import VerifiedArchive
    from ledger.clock import Clock
    from ledger.folder import DataFolder
    from ledger.ledger import Ledger
    from ledger.stores.sorting import Sorting
    from ledger.stores.store import LedgerStore
    from ledger.transparency.notes import Verifier


_ERASED_SINCE = PersonalDataErased(
    requested_by="rapport restore", reason="erased after the backup was made"
)


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A ledger to restore: its archive, and the path of its trail, if that is in the backup."""

    name: str
    archive: Path
    archived: bool = False
    erased_since: frozenset[bytes] = frozenset()
    trail: tuple[Path, TrailCopy] | None = None
    sums: str | None = None


@dataclass(frozen=True, kw_only=True)
class CheckedCopy:
    """A copy of which every byte was checked, with those erased since the backup was made."""

    copy: Copy
    verified: VerifiedArchive
    erased_since: frozenset[bytes]


def copies_in(source: Path, ledger: str | None) -> list[Copy]:
    """What can be restored from an archive, or from the folder of a backup; or one ledger of it.

    Raises:
        Invalid: it is neither, or has no such ledger.
        Corrupt: the backup's list is damaged.
    """
    if source.is_file():
        if not is_archive(source):
            raise Invalid.at("", "malformed", f"{source} is neither a backup nor an archive")
        return [Copy(name=ledger or "", archive=source)]
    copies = [
        Copy(
            name=one.name,
            archive=source / form.ARCHIVE.format(name=one.name),
            archived=one.archived,
            erased_since=frozenset(UUID(contact).bytes for contact in one.erased_since),
            trail=(source / form.TRAIL.format(name=one.name), one.trail),
            sums=one.sums,
        )
        for one in form.Backup.read(source).ledgers
        if ledger in (None, one.name)
    ]
    if not copies:
        raise Invalid.at("", "malformed", f"{source} holds no ledger {ledger or 'at all'}")
    return copies


def check(
    copy: Copy,
    sorting: Sorting,
    *,
    keys: Sequence[Verifier],
    passphrase: str | None,
    erased_since: Callable[[VerifiedArchive], frozenset[bytes]],
    advance: Callable[[int, int], None],
) -> CheckedCopy:
    """Check an archive and its trail whole; nothing is written.

    Raises:
        ArchiveRefused: the archive is not sound.
        PassphraseRefused: the passphrase does not open its keys.
        Corrupt: it is another archive than the backup lists, or the trail was changed.
    """
    verified = verify_archive(copy.archive, sorting, keys, passphrase=passphrase, advance=advance)
    if copy.sums is not None and copy.sums != verified.sums.hex():
        raise Corrupt(f"{copy.archive.name} is another archive than the backup lists")
    if copy.trail is not None:
        path, counted = copy.trail
        if counted.entries:
            for _ in form.read_trail(path, counted):
                pass
    since = erased_since(verified) | (copy.erased_since - verified.erased)
    return CheckedCopy(copy=copy, verified=verified, erased_since=since)


def restore(
    checked: CheckedCopy,
    folder: DataFolder,
    *,
    name: str,
    clock: Clock,
    passphrase: str | None,
    advance: Callable[[int, int], None],
) -> None:
    """Make the ledger of that name, with its trail, at once or not at all.

    No key of a person is placed who was erased in the event log, or since the backup was made. For
    the latter an erasure is recorded, in a ledger that takes events again.

    Raises:
        LedgerExists: there is one of that name with more than its first policy.
        LogForks: a ledger in the folder takes events under this origin already.
        Corrupt: the trail was changed.
        Unavailable: it could not be written.
    """
    copy, verified = checked.copy, checked.verified
    fenced = replace(verified, erased=verified.erased | checked.erased_since)

    stores: list[LedgerStore] = []
    orders: list[Order] = []

    @contextmanager
    def trail() -> Iterator[AuditTrail]:
        with closing(AuditTrail(stores[-1].open_trail(), clock)) as opened:
            yield opened

    def prepare(made: LedgerStore) -> None:
        stores.append(made)
        if copy.trail is not None and copy.trail[1].entries:
            with trail() as opened:
                opened.adopt(form.read_trail(*copy.trail))
        detail = {
            "position": verified.head.position,
            "erased_since": len(checked.erased_since),
        }
        orders.append(Order(trail, COMMAND_LINE, LEDGER_RESTORED, name, **detail))

    place(
        copy.archive,
        fenced,
        folder,
        name=name,
        passphrase=passphrase,
        replace=True,
        archived=copy.archived,
        prepare=prepare,
        advance=advance,
    )
    ledger = folder.ledger(name)
    stores.append(ledger.store)
    with orders[0]:
        _erase_again(ledger, checked.erased_since)


def _erase_again(ledger: Ledger, erased_since: Iterable[bytes]) -> None:
    """Record an erasure for each person who was erased after the backup was made."""
    if ledger.for_audit:
        return
    for raw in sorted(erased_since):
        with suppress(ContactNotFound):  # who came after the backup
            ledger.erase(Erasure(contact_id=UUID(bytes=raw), event=_ERASED_SINCE)).result()


def erased_in(path: Path, verified: VerifiedArchive, sorting: Sorting) -> frozenset[bytes]:
    """Who is erased by a newer archive of the same ledger, or by a list of contacts, one a line.

    Raises:
        ArchiveRefused: the archive is not sound.
        Invalid: it is another ledger's, or older, or a line is no contact's UUID.
    """
    if is_archive(path):
        newer = verify_archive(path, sorting)
        if newer.head.origin != verified.head.origin:
            detail = f"{path} is of {newer.head.origin}, and not of {verified.head.origin}"
            raise Invalid.at("", "contradiction", detail)
        if newer.head.position < verified.head.position:
            raise Invalid.at("", "contradiction", f"{path} is older than what is restored")
        return newer.erased - verified.erased
    found = set()
    for number, line in enumerate(read_given_text(path).splitlines(), 1):
        if not (text := line.partition("#")[0].strip()):
            continue
        try:
            found.add(UUID(text).bytes)
        except ValueError:
            detail = f"{path}, line {number}: must be the UUID of a contact"
            raise Invalid.at("", "malformed", detail) from None
    return frozenset(found) - verified.erased
