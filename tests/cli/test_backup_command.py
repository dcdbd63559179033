"""``rapport backup`` beside a server and ``rapport restore``, as a person runs them."""

from __future__ import annotations

import gzip
import json
from contextlib import closing, contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from api.cli.ending import DONE, UNUSABLE, USAGE
from api.service.backups import making
from api.service.backups.form import Backup
from domain.errors import Refused
from domain.events.governance import PersonalDataErased
from domain.presets import PRESETS
from ledger.access.scopes import COMMAND_LINE
from ledger.access.trail import AuditTrail
from ledger.erasure import Erasure
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.api.shop import Clock
from tests.cli.running import Ended, attempts, rapport
from tests.cli.sold import sold
from tests.fixtures.faults import failing
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import ANN, append, draft, folder_of
from tests.ledger.inside import wrapped_keys
from tests.trail_entries import done, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.ledger import Ledger

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

PASSPHRASE = "a passphrase of the tests"
ANNS = UUID(int=77)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAPPORT_ARCHIVE_PASSPHRASE", PASSPHRASE)
    return tmp_path


@pytest.fixture
def data(here: Path) -> Path:
    """A data folder with sales in ``main``, a person with a name in ``shop``, and its trail."""
    folder = sold(here / "data")
    with held(folder) as opened:
        ledger, _ = opened.create("shop")
        append(ledger, draft(ANNS, "contact-registered", ANN))
    trail = AuditTrail(SqliteStore(folder).ledger("shop").open_trail(), Clock())
    trail.record(COMMAND_LINE, "rebuild-started", "status")
    trail.close()
    return folder


@contextmanager
def held(folder: Path) -> Iterator[DataFolder]:
    """What a server does: it holds the folder, seals, and lets go."""
    opened = DataFolder.open(folder, SqliteStore, clock=Clock(), signing=True, make_main=False)
    try:
        yield opened
    finally:
        opened.close()


def backup(data: Path, *more: object) -> Ended:
    return rapport("backup", "--data", data, *more)


def restore(source: object, *more: object) -> Ended:
    return rapport("restore", "--data", "new", source, *more)


def content(ledger: Ledger) -> tuple[object, ...]:
    log = ledger.transparency
    root = log.checkpoint().root
    return ledger.rows(0, ledger.head()), log.origin, root, ledger.namespace, ledger.time_zone


def contents(folder: Path) -> dict[str, tuple[object, ...]]:
    with held(folder) as opened:
        return {name: content(opened.ledger(name)) for name in opened.names()}


def test_a_backup_with_keys_becomes_the_same_ledgers_with_their_trails(
    data: Path, here: Path
) -> None:
    assert backup(data, "--with-keys", "saved").code == DONE
    ended = restore("saved", "--json")
    assert ended.code == DONE, ended.err
    assert [one["ledger"] for one in ended.json()["ledgers"]] == ["main", "shop"]
    assert contents(here / "new") == contents(data)
    with held(here / "new") as opened:
        names = [one.event for one in opened.ledger("shop").log(after=1)]
        assert getattr(names[0], "name", None) == ANN["name"]
        append(opened.ledger("shop"), draft(UUID(int=5), "contact-registered", ANN))
    acts = rapport("trail", "--verify", "--data", "new", "--ledger", "shop", "--json").json()
    assert outcomes(acts) == [
        ("rebuild-started", "status", "ordered"),
        ("ledger-backed-up", "shop", "ordered"),  # the backup was made before it was done
        ("ledger-restored", "shop", "done"),
    ]
    server = rapport("trail", "--verify", "--data", "new", "--json").json()
    assert done(server) == [("ledger-restored", "main"), ("ledger-restored", "shop")]


def test_a_backup_without_keys_has_nothing_personal_and_serves_for_audit(
    data: Path, here: Path
) -> None:
    assert backup(data, "saved").code == DONE
    for file in (here / "saved").rglob("*"):
        if file.is_file():
            raw = file.read_bytes()
            raw = gzip.decompress(raw) if file.suffix == ".gz" else raw
            assert ANN["name"].encode() not in raw
    assert restore("saved").code == DONE
    with held(here / "new") as opened:
        shop = opened.ledger("shop")
        assert shop.for_audit
        with pytest.raises(Refused):
            append(shop, draft(UUID(int=5), "contact-registered", ANN))


def test_beside_a_server_that_goes_on_what_is_backed_up_is_sound(data: Path, here: Path) -> None:
    """The position is chosen first, however much is recorded before the end."""
    stop, failed = Event(), []

    def go_on(ledger: Ledger) -> None:
        number = 0
        try:
            while not stop.is_set():
                number += 1
                append(ledger, draft(UUID(int=9000 + number), "contact-registered", ANN))
        except Exception as error:  # noqa: BLE001  # told below
            failed.append(error)

    with held(data) as opened:
        for name in opened.names():  # as a server does
            log = opened.ledger(name).transparency
            for _ in attempts():
                if log.checkpoint().size:
                    break
        shop = opened.ledger("shop")
        writing = Thread(target=go_on, args=(shop,))
        writing.start()
        try:
            for number in range(3):
                ended = backup(data, "--with-keys", f"saved-{number}")
                assert ended.code == DONE, ended.err
        finally:
            stop.set()
            writing.join()
        before = dict(enumerate(shop.rows(0, shop.head())))
    assert not failed
    positions = []
    for number in range(3):
        (copy,) = (
            one for one in Backup.read(here / f"saved-{number}").ledgers if one.name == "shop"
        )
        positions.append(copy.position)
        target = f"new-{number}"
        assert rapport("restore", "--data", target, f"saved-{number}").code == DONE
        with held(here / target) as restored:
            rows = restored.ledger("shop").rows(0, copy.position)
            assert rows == [before[place] for place in range(copy.position)]
            assert restored.ledger("shop").head() == copy.position
            read = restored.ledger("shop").log(after=1, limit=10_000)
            assert {getattr(one.event, "name", None) for one in read} == {ANN["name"]}
    assert positions == sorted(positions)
    assert positions[-1] > positions[0]


def test_who_is_erased_while_it_is_made_is_erased_after_a_restore(data: Path, here: Path) -> None:
    """The key is gone by then, and the event stands after the checkpoint that bounds the backup."""
    wish = PersonalDataErased(requested_by="the person", reason="asked")
    with closing(DataFolder.open(data, SqliteStore, clock=Clock(), make_main=False)) as opened:
        shop = opened.ledger("shop")
        shop.transparency.sign_head()
        shop.erase(Erasure(contact_id=ANNS, event=wish)).result()
        assert backup(data, "--with-keys", "--ledger", "shop", "saved").code == DONE
    assert restore("saved").code == DONE
    with held(here / "new") as opened:
        shop = opened.ledger("shop")
        (told,) = shop.stream(ANNS, types=[PersonalDataErased.TYPE])
        assert told.event.show()["requested_by"] == "rapport restore"
        with pytest.raises(Refused, match="was erased"):
            append(shop, draft(ANNS, "preference-learned", {"key": "k", "value": "v"}))
    assert rapport("verify", "new").code == DONE


def test_an_archived_ledger_is_archived_after_a_restore(data: Path) -> None:
    assert rapport("ledgers", "archive", "shop", "--data", data).code == DONE
    assert backup(data, "--with-keys", "--ledger", "shop", "saved").code == DONE
    assert restore("saved").code == DONE
    listed = rapport("ledgers", "list", "--data", "new", "--json").json()
    assert {one["name"]: one["state"] for one in listed} == {"main": "open", "shop": "archived"}


def test_of_who_was_erased_since_no_key_is_placed(data: Path, here: Path) -> None:
    assert backup(data, "--with-keys", "--ledger", "shop", "saved").code == DONE
    marked = f"\ufeff# asked for on Monday\n{ANNS}\n\n"  # as an editor of Windows saves it
    (here / "erased.txt").write_text(marked, encoding="utf-8")
    ended = restore("saved", "--erased-since", "erased.txt", "--json")
    assert ended.code == DONE, ended.err
    assert ended.json()["ledgers"][0]["erased_since"] == [str(ANNS)]
    with held(here / "new") as opened:
        shop = opened.ledger("shop")
        assert ANNS not in wrapped_keys(folder_of(shop))
        assert [one.type for one in shop.stream(ANNS)][1:] == ["personal-data-erased"]
        with pytest.raises(Refused):
            append(shop, draft(ANNS, "contact-registered", ANN))
        assert getattr(shop.event(2).event, "name", None) != ANN["name"]


def test_a_newer_log_tells_who_was_erased_since(data: Path, here: Path) -> None:
    assert backup(data, "--with-keys", "--ledger", "shop", "saved").code == DONE
    with held(data) as opened:
        wish = PersonalDataErased(requested_by="the person", reason="asked by letter")
        opened.ledger("shop").erase(Erasure(contact_id=ANNS, event=wish)).result(
            timeout=END_SECONDS
        )
    assert rapport("export", "--data", data, "--ledger", "shop", "newer.tar.gz").code == DONE
    ended = restore("saved", "--erased-since", "newer.tar.gz", "--json")
    assert ended.json()["ledgers"][0]["erased_since"] == [str(ANNS)], ended.err
    with held(here / "new") as opened:
        assert getattr(opened.ledger("shop").event(2).event, "name", None) != ANN["name"]
    older = here / "saved" / "ledgers" / "shop.tar.gz"
    assert backup(data, "--with-keys", "--ledger", "shop", "later").code == DONE
    refused = rapport("restore", "--data", "other", "later", "--erased-since", older)
    assert (refused.code, "is older" in refused.err) == (USAGE, True)
    assert rapport("restore", "--data", "other", "later").code == DONE
    with held(here / "other") as opened:
        assert ANNS not in wrapped_keys(folder_of(opened.ledger("shop")))


def test_a_list_of_the_erased_has_to_be_one(data: Path, here: Path) -> None:
    assert backup(data, "--with-keys", "--ledger", "shop", "saved").code == DONE
    assert backup(data, "--with-keys", "--ledger", "main", "other").code == DONE
    (here / "erased.txt").write_text("pos:17850\n")
    refused = restore("saved", "--erased-since", "erased.txt")
    assert (refused.code, "line 1" in refused.err) == (USAGE, True)
    (here / "erased.txt").write_bytes(b"# caf\xe9\n")
    refused = restore("saved", "--erased-since", "erased.txt")
    assert (refused.code, "save it as UTF-8" in refused.err) == (USAGE, True)
    other = here / "other" / "ledgers" / "main.tar.gz"
    refused = restore("saved", "--erased-since", other)
    assert (refused.code, "and not of" in refused.err) == (USAGE, True)
    assert not (here / "new").exists()


def test_what_was_changed_is_refused_and_nothing_is_placed(data: Path, here: Path) -> None:
    assert backup(data, "--with-keys", "saved").code == DONE
    trail = here / "saved" / "ledgers" / "shop.trail.jsonl"
    lines = trail.read_bytes()
    changed = lines.replace(b"rebuild-started", b"rebuild-stopped")
    first = lines[: lines.index(b"\n") + 1]
    changes = {
        trail: (changed, first, lines + lines, b"{}\n", b""),
        here / "saved" / "backup.json": (b"{}", b"[", b'{"backup": 99}'),
    }
    for file, wrong in changes.items():
        right = file.read_bytes()
        for content in wrong:
            file.write_bytes(content)
            refused = restore("saved")
            assert refused.code == UNUSABLE, content[:80]
            assert not (here / "new").exists()
        file.write_bytes(right)
    archives = [here / "saved" / "ledgers" / f"{name}.tar.gz" for name in ("main", "shop")]
    main, shop = (file.read_bytes() for file in archives)
    archives[0].write_bytes(shop)
    assert restore("saved").code == UNUSABLE
    archives[0].write_bytes(main[:-40])
    assert restore("saved").code == UNUSABLE
    assert not (here / "new").exists()


def test_no_ledger_is_overwritten_and_none_is_placed_beside_one(data: Path, here: Path) -> None:
    assert backup(data, "--with-keys", "saved").code == DONE
    with held(here / "new") as opened:
        opened.create("shop")
        opened.ledger("shop").publish_policy(PRESETS["cafe"], 0).result()
    refused = restore("saved")
    assert (refused.code, "there is a ledger shop" in refused.err) == (USAGE, True)
    listed = rapport("ledgers", "list", "--data", "new", "--json").json()
    assert [one["name"] for one in listed] == ["shop"], "main was taken back"
    assert restore("saved", "--ledger", "shop", "--as", "old-shop").code == DONE


def test_two_that_would_go_on_as_one_are_refused(data: Path) -> None:
    assert backup(data, "--with-keys", "--ledger", "shop", "saved").code == DONE
    refused = rapport("restore", "--data", data, "saved", "--as", "again")
    assert (refused.code, "fork" in refused.err) == (USAGE, True)
    assert rapport("restore", "--data", data, "saved", "--as", "again", "--for-audit").code == DONE


def test_one_archive_is_a_backup_too(data: Path, here: Path) -> None:
    assert backup(data, "--with-keys", "saved").code == DONE
    archive = here / "saved" / "ledgers" / "shop.tar.gz"
    assert restore(archive, "--as", "again").code == DONE
    assert sorted(contents(here / "new")) == ["again", "main"]


def test_a_dry_run_checks_and_writes_nothing(data: Path, here: Path) -> None:
    assert backup(data, "saved", "--json").json()["ledgers"][1]["ledger"] == "shop"
    ended = restore("saved", "--dry-run")
    assert (ended.code, "nothing written" in ended.out) == (DONE, True)
    assert not (here / "new").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("passphrase",), "exists already"),
        (("--ledger", "none", "saved"), "no ledger"),
        (("--passphrase-file", "passphrase", "saved"), "--with-keys"),
    ],
)
def test_a_backup_that_cannot_be_is_refused(
    data: Path, here: Path, arguments: tuple[str, ...], said: str
) -> None:
    refused = backup(data, *arguments)
    assert (refused.code, said in refused.err) == (USAGE, True)
    assert not (here / "saved").exists()


def test_a_short_passphrase_is_refused_and_nothing_is_left(
    data: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAPPORT_ARCHIVE_PASSPHRASE", "short")
    assert backup(data, "--with-keys", "saved").code == USAGE
    assert sorted(one.name for one in here.iterdir()) == ["data", "passphrase"]


def test_a_backup_that_fails_leaves_nothing(data: Path, here: Path) -> None:
    with failing(making, "verify_archive", KeyboardInterrupt):
        assert backup(data, "saved").code != DONE
        assert sorted(one.name for one in here.iterdir()) == ["data", "passphrase"]


def test_what_a_killed_backup_left_goes_with_the_next_one_there(data: Path, here: Path) -> None:
    """Nobody would think of destroying it. What is being written stays, and so does the rest."""
    names = [f".{day}.{UUID(int=day)}.unfinished" for day in (1, 2)]
    left, written = (here / name for name in names)
    for folder in (left, written, here / ".notes.unfinished"):
        (folder / "ledgers").mkdir(parents=True)
    with making.hold(written):
        ended = backup(data, "saved")
    assert f"removed {left.name}" in ended.err
    assert (left.exists(), written.exists(), ended.code) == (False, True, DONE)
    assert (here / ".notes.unfinished").exists()


def test_what_is_no_backup_is_refused(here: Path) -> None:
    (here / "letters").write_text("dear")
    (here / "empty").mkdir()
    for source in ("letters", "empty"):
        refused = restore(source)
        assert refused.code == USAGE
        assert "no backup" in refused.err or "neither" in refused.err


def test_the_list_of_a_backup_names_what_is_in_it(data: Path, here: Path) -> None:
    assert backup(data, "--with-keys", "saved").code == DONE
    shown = json.loads((here / "saved" / "backup.json").read_bytes())
    assert [one["name"] for one in shown["ledgers"]] == ["main", "shop"]
    assert Backup.read(here / "saved").to_bytes() == (here / "saved" / "backup.json").read_bytes()
    assert all(file.stat().st_mode & 0o077 == 0 for file in (here / "saved").rglob("*"))
