"""Figures of several processes: added up, and none is lost with a process.

Locks belong to open files, so that several places can be taken in one process.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.http.edge import figures
from api.http.edge.figures import KeptFigures, SharedFigures
from api.http.edge.metrics import Metrics
from ledger.data_layout import METRICS_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REQUESTS = "rapport_http_request_seconds"


class Process:
    """What one process counts."""

    def __init__(self, folder: Path, *, first: bool = True) -> None:
        self.metrics = Metrics({})
        self.shared = SharedFigures(folder, first=first)
        self.metrics.share(self.shared)
        self.shared.start()

    def answer(self, seconds: float, status: int = 200) -> None:
        self.metrics.began()
        self.metrics.count_answer("GET", "/livez", status, seconds)

    def told(self, name: str, **labels: str) -> float | None:
        """A figure of the whole, as this process tells it."""
        for family in text_string_to_metric_families(self.metrics.text().decode()):
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    return float(sample.value)
        return None

    def count(self, status: int = 200) -> float | None:
        return self.told(f"{REQUESTS}_count", status=str(status))

    def close(self) -> None:
        self.shared.close()


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_each_process_tells_what_all_of_them_counted(tmp_path: Path, opened: ExitStack) -> None:
    one, two, three = (opened.enter_context(closing(Process(tmp_path))) for _ in range(3))
    one.answer(0.002)
    two.answer(0.002)
    two.answer(0.2)
    three.answer(20, status=503)
    three.metrics.began()
    for process in (one, two, three):
        assert (process.count(200), process.count(503)) == (3, 1)
        assert process.told(f"{REQUESTS}_sum", status="200") == pytest.approx(0.204)
        buckets = [
            process.told(f"{REQUESTS}_bucket", status="200", le=at) for at in ("0.0025", "5.0")
        ]
        assert buckets == [2, 3]
        assert process.told("rapport_http_requests_in_progress") == 1
        assert process.told("rapport_processes") == 3


def test_what_a_process_counted_stays_when_it_has_ended(tmp_path: Path, opened: ExitStack) -> None:
    one = opened.enter_context(closing(Process(tmp_path)))
    for ended in range(3):
        with closing(Process(tmp_path)) as two:
            two.answer(0.1)
            two.metrics.began()
            assert one.told("rapport_http_requests_in_progress") == 1
        assert one.count() == ended + 1
        assert one.told("rapport_http_requests_in_progress") == 0
        assert one.told("rapport_processes") == 1
    files = sorted(file.name for file in (tmp_path / METRICS_FOLDER).glob("*.json"))
    assert files == ["0.json", "1.json"], "a process takes the place of one that ended"


def test_all_begin_at_nothing_unless_somebody_watches_them(tmp_path: Path) -> None:
    kept = KeptFigures(tmp_path)
    kept.hold()
    told: list[float | None] = []
    for _ in range(3):
        with closing(Process(tmp_path)) as one:
            one.answer(0.1)
            told.append(one.count())
        kept.hold()
    kept.release()
    with closing(Process(tmp_path)) as one:
        assert (told, one.count()) == ([1, 2, 3], None)


def test_a_process_that_serves_alone_leaves_no_files(tmp_path: Path) -> None:
    with closing(Process(tmp_path, first=False)) as alone:
        alone.answer(0.1)
        assert alone.count() == 1
        assert list(tmp_path.iterdir()) == []
        with closing(Process(tmp_path)) as joined:
            joined.answer(0.1)
            assert (joined.count(), alone.count()) == (1, 2)
            assert joined.count() == 2


def test_a_file_that_is_damaged_counts_for_nothing(tmp_path: Path, opened: ExitStack) -> None:
    one = opened.enter_context(closing(Process(tmp_path)))
    with closing(Process(tmp_path)) as two:
        two.answer(0.1)
    one.answer(0.1)
    for damage in ("", "{", json.dumps({"counts": [[1]], "gauges": {}, "seen": 0})):
        (tmp_path / METRICS_FOLDER / "1.json").write_text(damage, encoding="utf-8")
        assert one.count() == 1


def test_a_process_that_does_not_write_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: ExitStack
) -> None:
    monkeypatch.setattr(figures, "ANSWER_SECONDS", 0.05)
    one, two = (opened.enter_context(closing(Process(tmp_path))) for _ in range(2))
    two.answer(0.1)
    assert one.count() == 1
    two.shared._ended.set()
    two.shared._thread.join()
    two.answer(0.1)
    one.answer(0.1)
    assert one.count() == 2, "its last figures, and ours"
