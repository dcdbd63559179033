"""A data folder and a database belong together: the one has the keys of the other's ledgers."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from api.bootstrap import store_of
from api.service.settings import Settings, SettingsRefused
from ledger.data_layout import FolderUnusable
from ledger.folder import DataFolder
from tests.fixtures.clock import Clock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.postgresql import Databases


def opened(folder: Path, url: str | None) -> DataFolder:
    settings = Settings(folder=folder, database_url=url)
    return DataFolder.open(folder, store_of(settings), clock=Clock(), master_key=bytes(32))


def test_a_folder_and_a_database_are_opened_together_again(url: str, tmp_path: Path) -> None:
    opened(tmp_path, url).close()
    with closing(opened(tmp_path, url)) as again:
        assert again.names() == ["main"]


def test_a_new_folder_is_refused_by_a_database_with_ledgers(url: str, tmp_path: Path) -> None:
    opened(tmp_path / "first", url).close()
    with pytest.raises(FolderUnusable, match="their keys are there"):
        opened(tmp_path / "other", url)


def test_a_new_database_is_refused_by_a_folder_with_keys(
    postgresql: Databases, url: str, tmp_path: Path
) -> None:
    opened(tmp_path, url).close()
    with postgresql.lent() as take, pytest.raises(FolderUnusable, match="of another database"):
        opened(tmp_path, take())


def test_ledgers_in_files_are_served_without_a_database(url: str, tmp_path: Path) -> None:
    opened(tmp_path, None).close()
    with pytest.raises(FolderUnusable, match="keeps ledgers in files"):
        opened(tmp_path, url)


def test_ledgers_in_a_database_are_not_served_without_it(url: str, tmp_path: Path) -> None:
    opened(tmp_path, url).close()
    with pytest.raises(FolderUnusable, match="RAPPORT_DATABASE_URL"):
        opened(tmp_path, None)


def test_what_is_no_url_is_refused_without_being_quoted() -> None:
    with pytest.raises(SettingsRefused) as refused:
        Settings(database_url="mysql://ann:secret@db/main")
    assert "secret" not in str(refused.value)
