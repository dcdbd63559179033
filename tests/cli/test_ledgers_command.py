from __future__ import annotations

import json
from typing import TYPE_CHECKING

from api.cli.ending import DONE, UNUSABLE, USAGE
from ledger.access.opening import open_access_keys
from ledger.data_layout import LOCK_FILE
from ledger.files import FolderLock
from ledger.stores.sqlite.store import SqliteStore
from tests.api.shop import Clock
from tests.cli.running import rapport
from tests.trail_entries import done

if TYPE_CHECKING:
    from pathlib import Path


def states(folder: Path) -> dict[str, str]:
    listed = rapport("ledgers", "list", "--data", folder, "--json").json()
    return {one["name"]: one["state"] for one in listed}


def acts(folder: Path) -> list[tuple[str, str]]:
    return done(rapport("trail", "--data", folder, "--json").json())


def test_a_ledger_is_made_archived_and_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for _ in range(2):
        assert rapport("ledgers", "create", "shop", "--data", folder).code == DONE
    assert states(folder) == {"main": "open", "shop": "open"}
    assert rapport("ledgers", "archive", "shop", "--data", folder).code == DONE
    assert states(folder)["shop"] == "archived"
    assert rapport("ledgers", "archive", "shop", "--end", "--data", folder).code == DONE
    assert states(folder)["shop"] == "open"
    for confirm in ((), ("--confirm", "main")):
        refused = rapport("ledgers", "delete", "shop", *confirm, "--data", folder)
        assert refused.code == USAGE
        assert "--confirm shop" in refused.err
    assert states(folder)["shop"] == "open"
    deleted = rapport("ledgers", "delete", "shop", "--confirm", "shop", "--data", folder)
    assert deleted.code == DONE
    assert states(folder) == {"main": "open"}
    assert acts(folder) == [
        (act, "shop")
        for act in ("ledger-made", "ledger-archived", "ledger-unarchived", "ledger-deleted")
    ]


def test_a_key_of_a_deleted_ledger_opens_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert rapport("ledgers", "create", "shop", "--data", folder).code == DONE
    for ledger in ("shop", "main"):
        made = ("keys", "create", ledger, "--scope", "read", "--ledger", ledger)
        assert rapport(*made, "--data", folder).code == DONE
    assert rapport("ledgers", "delete", "shop", "--confirm", "shop", "--data", folder).code == DONE
    keys = open_access_keys(SqliteStore(folder), Clock())
    revoked = {key.name: key.revoked_at is not None for key in keys.all()}
    keys.close()
    assert revoked == {"shop": True, "main": False}


def test_beside_a_server_ledgers_are_only_listed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert rapport("ledgers", "create", "shop", "--data", folder).code == DONE
    server = FolderLock(folder / LOCK_FILE)
    try:
        assert set(states(folder)) == {"main", "shop"}
        for arguments in (
            ("create", "another"),
            ("archive", "shop"),
            ("delete", "shop", "--confirm", "shop"),
        ):
            refused = rapport("ledgers", *arguments, "--data", folder)
            assert refused.code == UNUSABLE
            assert "in use" in refused.err
    finally:
        server.release()
    assert states(folder) == {"main": "open", "shop": "open"}


def test_a_damaged_ledger_is_listed_and_can_be_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert rapport("ledgers", "create", "shop", "--data", folder).code == DONE
    (folder / "ledgers" / "shop" / "ledger.json").write_text(json.dumps({}))
    assert states(folder) == {"main": "open", "shop": "damaged"}
    assert rapport("ledgers", "delete", "shop", "--confirm", "shop", "--data", folder).code == DONE
    assert states(folder) == {"main": "open"}


def test_what_is_not_there_is_neither_archived_nor_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert rapport("ledgers", "create", "shop", "--data", folder).code == DONE
    for arguments in (("archive", "none"), ("delete", "none", "--confirm", "none")):
        refused = rapport("ledgers", *arguments, "--data", folder)
        assert (refused.code, "no ledger" in refused.err) == (USAGE, True)
    assert acts(folder) == [("ledger-made", "shop")]
