"""``rapport trail``, where what was recorded is not there any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.cli.acts import order_act
from tests.api.shop import Clock, built
from tests.cli.running import rapport

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_trail_deleted_while_nothing_ran_is_reported_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    assert rapport("policy", "init", "cafe", "--data", data).code == 0
    order_act(data, "main", "rows-imported", ".csv")
    for ledger in ((), ("--ledger", "main")):
        assert rapport("trail", "--data", data, *ledger, "--verify").code == 0
    (data / "ledgers" / "main" / "trail.sqlite").unlink()
    with built(data, Clock()):
        assert "the audit trail of ledger main lacks entries" in caplog.text
    shown = rapport("trail", "--data", data, "--ledger", "main")
    assert (shown.code, "entry 3 was recorded and is gone" in shown.err) == (0, True)
    ended = rapport("trail", "--data", data, "--ledger", "main", "--verify")
    assert ended.code == 3
    assert "put it back from a backup" in ended.err
