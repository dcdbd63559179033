from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.running import rapport

if TYPE_CHECKING:
    from pathlib import Path


def test_a_ledger_that_owed_nobody_thanks_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert rapport("ledgers", "create", "shop", "--data", folder).code == 0
    ended = rapport("thanks", "--data", folder, "--ledger", "shop")
    assert (ended.code, ended.out) == (0, "Nobody was owed thanks then.\n")
