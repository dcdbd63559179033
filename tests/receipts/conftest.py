from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.shop import Clock, built
from tests.receipts.given import Json, receipt_of, tell_story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.service.server import OpenLedger
    from ledger.transparency.notes import Verifier


@pytest.fixture(scope="package")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLedger]:
    """A ledger that tests only read."""
    with built(tmp_path_factory.mktemp("receipts") / "data", Clock()) as server:
        open_ledger = server.ledger("main")
        tell_story(open_ledger.ledger)
        yield open_ledger


@pytest.fixture(scope="package")
def keys(story: OpenLedger) -> list[Verifier]:
    return story.ledger.transparency.verifiers()


@pytest.fixture(scope="package")
def receipt(story: OpenLedger) -> Json:
    """Not to be changed: tests copy it."""
    return receipt_of(story)
