"""The namespace travels only with the keys; older archives hold it, and still become ledgers."""

from __future__ import annotations

import gzip
import json
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.errors import Refused
from ledger.archive import layout
from ledger.archive.namespace import AnotherLedger, NamespaceKnown, bring_namespace
from ledger.archive.refusals import ArchiveRefused, PassphraseRefused
from ledger.data_layout import settings_of
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from ledger.stores.sqlite.verification.ledgers import verify_ledger
from ledger.verification.trust import Trust
from tests.ledger.archive.archives import (
    NAME,
    PASSPHRASE,
    Shop,
    changed,
    checked,
    exported_from,
    imported,
    members,
    resummed,
    shop,
    written,
)
from tests.ledger.archive.forger import Forger, rows_of
from tests.ledger.given import HandClock
from tests.ledger.verification.test_ledgers import QUIET

OLD = Path(__file__).parents[2] / "golden" / "archives"
OLD_NAMESPACE = UUID("c4b68fab-26f8-498a-8239-ad05f5c82fb4")
"""Of the ledger in the two archives of layout 1, which are never to be made anew."""


def old(name: str) -> bytes:
    return gzip.decompress((OLD / name).read_bytes())


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return shop(tmp_path_factory.mktemp("small") / "data", HandClock(), events=40)


@pytest.fixture(scope="session")
def locked(small: Shop) -> bytes:
    return exported_from(small.folder, HandClock(), passphrase=PASSPHRASE)[1]


def namespace_of(data: Path) -> UUID | None:
    return settings_of(SqliteStore(data).ledger(NAME)).namespace


def holds(content: bytes, namespace: UUID) -> bool:
    """Whether the namespace stands there in any of the forms in which it is written."""
    forms = (namespace.bytes, namespace.bytes_le, str(namespace).encode(), namespace.hex.encode())
    return any(form in content or form.upper() in content for form in forms)


def bring(data: Path, archive: Path, passphrase: str | None = PASSPHRASE) -> None:
    with closing(DataFolder.open(data, SqliteStore, clock=HandClock(), make_main=False)) as folder:
        bring_namespace(folder, NAME, archive, passphrase)


def test_no_byte_of_it_is_in_an_export_without_keys(small: Shop, locked: bytes) -> None:
    namespace = namespace_of(small.folder)
    assert namespace is not None
    for archive in (small.archive, locked):
        assert [name for name, content in members(archive) if holds(content, namespace)] == []
    assert holds(b"x" + namespace.bytes, namespace)
    assert holds(old("layout-1.tar.gz"), OLD_NAMESPACE), "the search finds it where it is"


def test_with_the_keys_it_comes_along(
    small: Shop, locked: bytes, path: Path, tmp_path: Path
) -> None:
    verified = imported(path, locked, tmp_path / "new", HandClock(), PASSPHRASE)
    assert verified.identity.namespace == namespace_of(small.folder)
    assert namespace_of(tmp_path / "new") == namespace_of(small.folder)


def test_without_them_it_answers_uuids_alone(small: Shop, path: Path, tmp_path: Path) -> None:
    imported(path, small.archive, tmp_path / "new", HandClock())
    document = (tmp_path / "new" / "ledgers" / NAME / "ledger.json").read_bytes()
    assert "namespace" not in json.loads(document)
    with closing(DataFolder.open(tmp_path / "new", SqliteStore, clock=HandClock())) as folder:
        ledger = folder.ledger(NAME)
        known = uuid4()
        assert ledger.contact_id(str(known)) == known
        with pytest.raises(ValueError, match=r"source:ref"):
            ledger.contact_id("no such form")
        for ask in (ledger.contact_id, ledger.id_of):
            with pytest.raises(Refused) as raised:
                ask("pos:1")
            assert raised.value.reason == "namespace-missing"
            assert "rapport import --keys" in str(raised.value)
    report = verify_ledger(tmp_path / "new" / "ledgers" / NAME, Trust(), QUIET)
    assert report.sound, report.faults
    assert any(line.startswith("companion ids") for line in report.skipped)


def test_the_keys_bring_it_and_nothing_else(
    small: Shop, locked: bytes, path: Path, tmp_path: Path
) -> None:
    imported(path, small.archive, tmp_path / "new", HandClock())
    path.write_bytes(locked)
    bring(tmp_path / "new", path)
    assert namespace_of(tmp_path / "new") == namespace_of(small.folder)
    with closing(DataFolder.open(tmp_path / "new", SqliteStore, clock=HandClock())) as folder:
        assert folder.ledger(NAME).for_audit
        with closing(DataFolder.open(small.folder, SqliteStore, clock=HandClock())) as there:
            assert folder.ledger(NAME).contact_id("pos:1") == there.ledger(NAME).contact_id("pos:1")
        assert folder.ledger(NAME).log(after=1, limit=1)[0].event.show()["name"] is None
    report = verify_ledger(tmp_path / "new" / "ledgers" / NAME, Trust(), QUIET)
    assert report.sound, report.faults
    assert not any(line.startswith("companion ids") for line in report.skipped)
    again = exported_from(tmp_path / "new", HandClock())[1]
    assert again == small.archive, "it does not leave with an export of that one either"
    with pytest.raises(NamespaceKnown):
        bring(tmp_path / "new", path)


def test_a_namespace_that_was_changed_afterwards_is_found(
    small: Shop, locked: bytes, path: Path, tmp_path: Path
) -> None:
    imported(path, small.archive, tmp_path / "new", HandClock())
    path.write_bytes(locked)
    bring(tmp_path / "new", path)
    folder = tmp_path / "new" / "ledgers" / NAME
    kept = (folder / layout.NAMESPACE_NOTE).read_bytes()
    for content in (None, kept.replace(b'"namespace":"', b'"namespace":"0'), b""):
        (folder / layout.NAMESPACE_NOTE).unlink(missing_ok=True)
        if content is not None:
            (folder / layout.NAMESPACE_NOTE).write_bytes(content)
        faults = verify_ledger(folder, Trust(), QUIET).faults
        assert layout.NAMESPACE_NOTE in {fault.place for fault in faults}


def test_what_does_not_belong_to_the_ledger_brings_nothing(
    small: Shop, locked: bytes, path: Path, tmp_path: Path
) -> None:
    imported(path, small.archive, tmp_path / "new", HandClock())
    other = shop(tmp_path / "other", HandClock(), events=40)
    foreign = exported_from(other.folder, HandClock(), passphrase=PASSPHRASE)[1]
    flipped = changed(locked, layout.NAMESPACE, lambda content: content[:-1] + b"x")
    for archive, passphrase, error in (
        (foreign, PASSPHRASE, AnotherLedger),
        (old("layout-1.tar.gz"), None, AnotherLedger),
        (small.archive, None, AnotherLedger),
        (locked, "another passphrase", PassphraseRefused),
        (flipped, PASSPHRASE, ArchiveRefused),
    ):
        path.write_bytes(archive)
        with pytest.raises(error):
            bring(tmp_path / "new", path, passphrase)
        assert namespace_of(tmp_path / "new") is None


def test_a_namespace_of_another_archive_is_found_out(locked: bytes, path: Path) -> None:
    """By the lock, by the signature, and where it is left out."""
    flipped = changed(locked, layout.NAMESPACE, lambda content: content[:-1] + b"x")
    missing = resummed([one for one in members(locked) if one[0] != layout.NAMESPACE])
    for archive in (flipped, missing):
        with pytest.raises(ArchiveRefused) as raised:
            checked(path, archive, passphrase=PASSPHRASE)
        assert raised.value.member is not None


def test_ids_that_do_not_follow_from_it_are_found_where_it_is_known(
    small: Shop, path: Path
) -> None:
    """The forger signs all of it, with the events of a ledger of another namespace."""
    forged = written(Forger(rows_of(small.archive)), PASSPHRASE)[1]
    assert checked(path, forged).identity.namespace is None
    with pytest.raises(ArchiveRefused, match="does not follow from the namespace") as raised:
        checked(path, forged, passphrase=PASSPHRASE)
    assert raised.value.position is not None


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_an_archive_of_layout_1_becomes_a_ledger_with_its_namespace(
    path: Path, tmp_path: Path, passphrase: str | None
) -> None:
    archive = old("layout-1-with-keys.tar.gz" if passphrase else "layout-1.tar.gz")
    verified = imported(path, archive, tmp_path / "new", HandClock(), passphrase)
    assert verified.identity.namespace == namespace_of(tmp_path / "new") == OLD_NAMESPACE
    report = verify_ledger(tmp_path / "new" / "ledgers" / NAME, Trust(), QUIET)
    assert report.sound, report.faults
    exported, again = exported_from(tmp_path / "new", HandClock())
    assert exported.tells_namespace is (passphrase is None)
    assert holds(again, OLD_NAMESPACE) is (passphrase is None), "there is no key to sign anew"
    assert checked(path, again).last == verified.last


def test_an_archive_of_layout_1_that_was_changed_is_found_out(path: Path) -> None:
    def another(content: bytes) -> bytes:
        assert str(OLD_NAMESPACE).encode() in content
        return content.replace(str(OLD_NAMESPACE).encode(), str(uuid4()).encode())

    for member in (layout.SETTINGS, layout.MANIFEST):
        with pytest.raises(ArchiveRefused) as raised:
            checked(path, changed(old("layout-1.tar.gz"), member, another))
        assert raised.value.member == member


def test_keys_of_layout_1_bring_the_namespace_too(path: Path, tmp_path: Path) -> None:
    data = tmp_path / "going-on"
    imported(path, old("layout-1-with-keys.tar.gz"), data, HandClock(), PASSPHRASE)
    imported(path, exported_from(data, HandClock())[1], tmp_path / "new", HandClock())
    assert namespace_of(tmp_path / "new") is None
    path.write_bytes(old("layout-1-with-keys.tar.gz"))
    bring(tmp_path / "new", path)
    assert namespace_of(tmp_path / "new") == OLD_NAMESPACE
