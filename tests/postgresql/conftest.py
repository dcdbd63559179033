from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.postgresql import Databases


@pytest.fixture
def url(postgresql: Databases) -> Iterator[str]:
    """The URL of an empty database."""
    with postgresql.lent() as take:
        yield take()
