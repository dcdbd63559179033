"""``rapport rebuild --on``: where workers may read, and a cluster of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.running import rapport
from tests.cli.sold import sold

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.files_only("where workers may read files is asked")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sold(tmp_path_factory.mktemp("sold"))


@pytest.mark.dask
def test_a_cluster_of_this_machine_rebuilds_the_same(data: Path, tmp_path: Path) -> None:
    segments = f"file://{tmp_path}/segments"
    arguments = ("rebuild", "--all", "--on", "local", "--jobs", 2, "--segments", segments)
    ended = rapport(*arguments, "--data", data, "--json")
    assert ended.code == 0, ended.err
    assert {one["projection"] for one in ended.json()} >= {"status", "standing", "agenda"}
    assert all(one["digest"] == one["live_digest"] for one in ended.json())
    assert list((tmp_path / "segments").glob("main-*/index.parquet"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--segments", "/tmp/x"), "need --on"),
        (("--on", "local", "--segments", "/x", "--replica", "postgresql:///x"), "not from both"),
        (("--on", "tcp://127.0.0.1:1"), "cannot read the files"),
        (("--on", "local", "--replica", "postgresql:///x"), "have no replica"),
    ],
)
def test_a_cluster_that_could_not_read_is_refused(
    data: Path, options: tuple[str, ...], said: str
) -> None:
    ended = rapport("rebuild", "--all", *options, "--data", data)
    assert ended.code in (2, 3)
    assert said in ended.err
