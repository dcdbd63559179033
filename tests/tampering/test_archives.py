"""An archive with bytes turned over, cleared, dropped and cut off: none of it passes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from api.cli.verifying.archive import verify_archived
from api.cli.verifying.folder import VerifyOptions
from tests.cli.running import rapport
from tests.tampering.test_bytes import changed
from tests.tampering.town import QUIET

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tampering.conftest import Town

CHANGES = 60


def test_any_changed_byte_of_an_archive_is_found(town: Town, tmp_path: Path) -> None:
    archive = tmp_path / "town.tar"
    assert rapport("export", "--data", town.copy(), archive).code == 0
    content = archive.read_bytes()
    assert verify_archived(archive, VerifyOptions(progress=QUIET)).sound
    chance = random.Random("archives")
    missed = []
    for number in range(CHANGES):
        at = chance.randrange(len(content))
        what, other = changed(content, at, number, chance)
        if other == content:
            continue
        archive.write_bytes(other)
        if verify_archived(archive, VerifyOptions(progress=QUIET)).sound:
            missed.append(f"{what} at byte {at}")
    assert missed == []
