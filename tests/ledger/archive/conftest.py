from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ledger.archive.archives import Shop, shop
from tests.ledger.given import HandClock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop that nobody changes."""
    return shop(tmp_path_factory.mktemp("shop") / "data", HandClock())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where an archive may be written."""
    return tmp_path / "archive.tar"
