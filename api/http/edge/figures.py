"""What several processes of one data folder count, added up: a scrape of any tells of all.

Each process has a place in the folder ``metrics``: a lock that it holds while it runs, and a file
with what it has counted. A process that takes the place of one that ended continues its file, so
that a sum never falls because a process died. Files are written once a second, and at once when
a scrape asks for it; a process that is killed loses what it counted since.
"""

from __future__ import annotations

import json
import logging
import os
import time
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, NamedTuple

from ledger.data_layout import METRICS_FOLDER
from ledger.files import FolderInUse, FolderLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from prometheus_client import Metric

logger = logging.getLogger("rapport.api")

WRITE_SECONDS = 1.0
"""How often a process writes what it has counted, if it counted anything."""

ANSWER_SECONDS = 1.0
"""How long a scrape waits for the figures of the other processes; then it takes the last ones."""

_LOOK_SECONDS = 0.05
_CHOOSE_SECONDS = 5.0
_CHOOSING, _SERVICE, _WANTED = "choosing.lock", "service.lock", "wanted"
_MOST_PLACES = 1000

Series = tuple[str, str, tuple[tuple[str, str], ...]]
"""The name of a metric, of a sample of it, and the labels of the sample."""

Counts = dict[Series, float]


class Whole(NamedTuple):
    """What all processes counted together, and the gauges of those that run."""

    counts: Counts
    gauges: Mapping[str, float]
    processes: int
    """How many run."""


class _Figures(NamedTuple):
    counts: Counts
    gauges: Mapping[str, float]
    seen: int
    """The scrape that it has heard of, as the time of the file by which it asked."""


class Counting(NamedTuple):
    """What one part of a process counts: counters and histograms, and gauges by name."""

    metrics: Callable[[], Iterable[Metric]]
    gauges: Callable[[], Mapping[str, float]]


class SharedFigures:
    """The figures of this process beside those of the others of its folder. Any thread may call."""

    def __init__(self, folder: Path, *, first: bool = False) -> None:
        """Where there is no folder of figures, one process serves alone, unless it is the ``first``
        of several, which makes it.
        """
        self._path = folder / METRICS_FOLDER
        self._first = first
        self._guard = Lock()
        self._scraping = Lock()
        self._place: FolderLock | None = None
        self._number = 0
        self._before: Counts = {}
        self._counting: list[Counting] = []
        self._written: Counts = {}
        self._ended = Event()
        self._thread = Thread(target=self._run, name="figures", daemon=True)

    def start(self) -> None:
        """Take a place, where there are others, and write from now on."""
        with suppress(OSError):
            if self._first:
                self._path.mkdir(mode=0o700, exist_ok=True)
            self._join()
        self._thread.start()

    def add(self, counting: Counting) -> None:
        """Tell of what this one counts too."""
        with self._guard:
            self._counting.append(counting)

    def whole(self) -> Whole | None:
        """What was counted in all processes; None where this one serves alone, or cannot tell."""
        try:
            if not self._join():
                return None
            asked = time.time_ns()
            wanted = self._path / _WANTED
            wanted.touch(mode=0o600)
            os.utime(wanted, ns=(asked, asked))
            self._write(asked)
            with self._scraping:
                return self._total(asked)
        except OSError as error:
            logger.warning("the figures of other processes cannot be read: %s", error.strerror)
            return None

    def close(self) -> None:
        """Write a last time, and free the place."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        with suppress(OSError):
            self._write(0, with_gauges=False)
        with self._guard:
            if self._place is not None:
                self._place.release()
                self._place = None

    def _join(self) -> bool:
        """Have a place, where there are others.

        Raises:
            OSError: none can be taken.
        """
        with self._guard:
            if self._place is None and not self._ended.is_set() and self._path.is_dir():
                self._take_place()
            return self._place is not None

    def _take_place(self) -> None:
        try:
            choosing = FolderLock(self._path / _CHOOSING, wait_seconds=_CHOOSE_SECONDS)
        except FolderInUse:
            return
        try:
            for number in range(_MOST_PLACES):
                if (place := _try_lock(self._lock_of(number))) is not None:
                    break
            else:
                return
            if self._live_numbers(but=number) or _is_held(self._path / _SERVICE):
                self._before = _read(self._file(number)).counts
            else:  # the first one of several: they begin at 0 together
                for file in self._path.glob("*.json"):
                    file.unlink(missing_ok=True)
            self._place, self._number = place, number
        finally:
            choosing.release()

    def _lock_of(self, number: int) -> Path:
        return self._path / f"{number}.lock"

    def _file(self, number: int) -> Path:
        return self._path / f"{number}.json"

    def _live_numbers(self, but: int) -> list[int]:
        """The places that processes hold, without that one."""
        numbers = [int(file.stem) for file in self._path.glob("*.lock") if file.stem.isdecimal()]
        others = [number for number in sorted(numbers) if number != but]
        return [number for number in others if _is_held(self._lock_of(number))]

    def _run(self) -> None:
        seen, next_write = 0, 0.0
        # One that serves alone looks seldom whether others have come.
        while not self._ended.wait(WRITE_SECONDS if self._place is None else _LOOK_SECONDS):
            try:
                if not self._join():
                    continue
                asked = _time_of(self._path / _WANTED)
                if asked > seen or time.monotonic() >= next_write:
                    next_write = time.monotonic() + WRITE_SECONDS
                    self._write(asked, always=asked > seen)
                    seen = asked
            except OSError as error:  # a full disk, say: the figures are not worth more
                logger.debug("figures cannot be written: %s", error.strerror)

    def _write(self, seen: int, *, always: bool = True, with_gauges: bool = True) -> None:
        """Write what was counted here, with what the place had before.

        Raises:
            OSError: it cannot be written; the file is as it was.
        """
        with self._guard:
            if self._place is None:
                return
            counts, gauges = dict(self._before), dict[str, float]()
            for counting in self._counting:
                _add(counts, _counts_of(counting.metrics()))
                for name, value in counting.gauges().items():
                    gauges[name] = gauges.get(name, 0.0) + value
            if not always and counts == self._written:
                return
            document = {
                "seen": seen,
                "gauges": gauges if with_gauges else {},
                "counts": [[*series, value] for series, value in counts.items()],
            }
            unfinished = self._path / f"{self._number}.new"
            unfinished.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
            unfinished.replace(self._file(self._number))
            self._written = counts

    def _total(self, asked: int) -> Whole:
        """The sum of all files, once those of the others are new enough, or that took too long."""
        others = self._live_numbers(but=self._number)
        ends = time.monotonic() + ANSWER_SECONDS
        waiting = list(others)
        while waiting and time.monotonic() < ends:
            waiting = [number for number in waiting if _read(self._file(number)).seen < asked]
            if waiting:
                time.sleep(_LOOK_SECONDS / 2)
        counts: Counts = {}
        gauges: dict[str, float] = {}
        for file in sorted(self._path.glob("*.json")):
            figures = _read(file)
            _add(counts, figures.counts)
            if int(file.stem) in (*others, self._number):
                for name, value in figures.gauges.items():
                    gauges[name] = gauges.get(name, 0.0) + value
        return Whole(counts, gauges, len(others) + 1)


class KeptFigures:
    """Held by who watches several processes: while it lives, they do not begin at 0 again."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / METRICS_FOLDER
        self._held: FolderLock | None = None

    def hold(self) -> None:
        """Hold the figures, once one of the processes has made a place for them."""
        if self._held is None and self._path.is_dir():
            with suppress(OSError):
                self._held = _try_lock(self._path / _SERVICE)

    def release(self) -> None:
        """Let them go."""
        if self._held is not None:
            self._held.release()


def _try_lock(file: Path) -> FolderLock | None:
    """The lock of that file; None where another process has it.

    Raises:
        OSError: it cannot be written.
    """
    try:
        return FolderLock(file)
    except FolderInUse:
        return None


def _is_held(file: Path) -> bool:
    """Whether a process has the lock of that file.

    Raises:
        OSError: it cannot be written.
    """
    if (free := _try_lock(file)) is None:
        return True
    free.release()
    return False


def _counts_of(metrics: Iterable[Metric]) -> Counts:
    return {
        (metric.name, sample.name, tuple(sorted(sample.labels.items()))): float(sample.value)
        for metric in metrics
        for sample in metric.samples
        if not sample.name.endswith("_created")  # a sum of instants says nothing
    }


def _add(counts: Counts, more: Counts) -> None:
    for series, value in more.items():
        counts[series] = counts.get(series, 0.0) + value


def _read(file: Path) -> _Figures:
    """What a process wrote; nothing where there is no file, or it is damaged."""
    try:
        document = json.loads(file.read_bytes())
        counts = {
            (metric, sample, tuple((name, value) for name, value in labels)): float(count)
            for metric, sample, labels, count in document["counts"]
        }
        return _Figures(counts, document["gauges"], document["seen"])
    except FileNotFoundError:
        return _Figures({}, {}, 0)
    except (ValueError, TypeError, LookupError):
        logger.warning("%s is damaged, and counts for nothing", file)
        return _Figures({}, {}, 0)


def _time_of(file: Path) -> int:
    """When a file was written; 0 where there is none."""
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
