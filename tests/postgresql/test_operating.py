"""What operators of a database see and may not set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg
import pytest

from api.bootstrap import read_settings
from api.service.settings import SettingsRefused
from tests.postgresql.serving import shop_at

if TYPE_CHECKING:
    from pathlib import Path


def sample(text: str, name: str) -> float:
    (value,) = re.findall(rf"^rapport_database_oldest_snapshot_{name} (\S+)$", text, re.MULTILINE)
    return float(value)


def test_the_metrics_show_the_oldest_snapshot(tmp_path: Path, url: str) -> None:
    with shop_at(tmp_path / "data", url) as shop, psycopg.connect(url) as holding:
        holding.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        holding.execute("SELECT 1 FROM pg_catalog.pg_class LIMIT 1")
        for _ in range(3):
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_current_xact_id()")
        held = shop.client.get("/metrics").text
        assert sample(held, "transactions") >= 3
        assert sample(held, "seconds") > 0
        holding.rollback()
        assert sample(shop.client.get("/metrics").text, "transactions") < 3
    with shop_at(tmp_path / "files", None) as shop:
        assert "rapport_database_oldest_snapshot_seconds " not in re.sub(
            "^#.*$", "", shop.client.get("/metrics").text, flags=re.MULTILINE
        )


def test_functions_in_the_database_are_refused_with_the_reason() -> None:
    with pytest.raises(SettingsRefused, match="the one writer of a ledger"):
        read_settings({"POSTGRES_ENABLE_DB_FUNCTIONS": "y"})
    assert read_settings({"POSTGRES_ENABLE_DB_FUNCTIONS": ""}).port == 8400
