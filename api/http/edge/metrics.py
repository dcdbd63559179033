"""What the server counts of itself, as Prometheus reads it at ``/metrics``.

Names of ledgers, projections and routes are labels; nothing of a contact is one. Source: Prometheus
text format 0.0.4.
"""

from __future__ import annotations

from collections import Counter as Tally
from contextlib import suppress
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from api.http.edge import webhook_metrics
from api.http.edge.figures import Counting
from api.http.edge.together import Together
from api.http.problems import code_of
from domain.errors import LedgerError
from ledger.drafts import AppendResult
from ledger.erasure import ErasureResult
from ledger.transparency.checkpoint_signer import STOPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from fastapi import FastAPI
    from prometheus_client import Metric

    from api.http.edge.figures import SharedFigures
    from api.service.server import OpenLedger, Server

    OldestSnapshot = Callable[[], tuple[float, int] | None]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""The methods that are distinguished. A sender may invent others, and each would be a new series.
"""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_EVENTS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)


class Metrics:
    """The counters of one server, in a registry of its own."""

    def __init__(
        self,
        ledgers: Mapping[str, OpenLedger],
        unopened: Collection[str] = (),
        oldest_snapshot: OldestSnapshot = lambda: None,
    ) -> None:
        """All are asked at every scrape, so that what is opened later is seen."""
        self.registry = CollectorRegistry()
        self.in_progress = 0
        self.open_tails: Callable[[], int] | None = None
        """How many tails are open just now, once somebody knows."""
        self._shared: SharedFigures | None = None
        self._requests = Histogram(
            "rapport_http_request_seconds",
            "Requests by route template, method and status, with the time to their last byte.",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._by_kind: dict[tuple[str, str, int], Histogram] = {}
        self._events = Counter(
            "rapport_events_appended", "Events recorded.", ("ledger",), registry=self.registry
        )
        self._appends = Counter(
            "rapport_appends",
            "Appends by what became of them: appended, replayed, unchanged, published (a policy), "
            "erased, turned-away (the queue was full), or the code of the problem.",
            ("ledger", "outcome"),
            registry=self.registry,
        )
        self._commit_events = Histogram(
            "rapport_commit_events",
            "Events per transaction.",
            ("ledger",),
            buckets=_EVENTS,
            registry=self.registry,
        )
        self._commit_seconds = Histogram(
            "rapport_commit_seconds",
            "Seconds until transactions were durable.",
            ("ledger",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.registry.register(_State(self, ledgers, unopened, oldest_snapshot))
        ProcessCollector(registry=self.registry)

    def began(self) -> None:
        """A request arrived."""
        self.in_progress += 1

    def count_answer(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered to its end; status 0 where there was no answer."""
        self.in_progress -= 1
        kind = (method, route, status)
        series = self._by_kind.get(kind)
        if series is None:
            known = method if method in METHODS else "other"
            series = self._by_kind[kind] = self._requests.labels(known, route, status)
        series.observe(seconds)

    def of_ledger(self, name: str) -> LedgerCounts:
        """What counts the commits of the ledger of that name."""
        return LedgerCounts(
            self._events.labels(name),
            self._commit_events.labels(name),
            self._commit_seconds.labels(name),
            lambda outcome: self._appends.labels(name, outcome),
        )

    def labels(self) -> dict[str, tuple[str, ...]]:
        """The labels of each metric of ours."""
        own = self._own_counters()
        counted = {family.name: one._labelnames for one in own for family in one.describe()}
        looked_up = [*_ledger_gauges().values(), *_process_gauges().values()]
        return counted | {family.name: tuple(family._labelnames) for family in looked_up}

    def share(self, shared: SharedFigures) -> None:
        """Have the figures added to those of the other processes of the folder."""
        self._shared = shared
        shared.add(Counting(self._families, self._gauges_of_all))

    def text(self) -> bytes:
        """Everything, as Prometheus reads it. Reads files: not for the event loop.

        Counters and histograms are those of all processes, and so are the gauges that are summed.
        Every other gauge is this process's, which is the one that records.
        """
        whole = None if self._shared is None else self._shared.whole()
        if whole is None:
            return generate_latest(self.registry)
        counted = {family.name for one in self._own_counters() for family in one.describe()}
        return generate_latest(Together(self.registry, counted, whole))

    def _own_counters(self) -> list[Counter | Histogram]:
        return [
            *(self._requests, self._events, self._appends),
            *(self._commit_events, self._commit_seconds),
        ]

    def _families(self) -> Iterator[Metric]:
        for one in self._own_counters():
            yield from one.collect()

    def _gauges_of_all(self) -> dict[str, float]:
        tails = 0 if self.open_tails is None else self.open_tails()
        found, names = {"in_progress": self.in_progress, "tails": tails}, _process_gauges()
        return {names[which].name: float(value) for which, value in found.items()}


def metrics_of(app: FastAPI) -> Metrics:
    """The counters of this application, which ``count`` made."""
    metrics: Metrics = app.state.metrics
    return metrics


def count(app: FastAPI, server: Server) -> None:
    """Have the application count what the server does; all applications of a server share it."""
    if server.metrics is None:
        server.metrics = metrics = Metrics(
            server.ledgers, server.unopened, server.folder.store.oldest_snapshot
        )
        server.observe(metrics.of_ledger)
    app.state.metrics = server.metrics


class LedgerCounts:
    """The committer's observer that counts."""

    def __init__(
        self,
        events: Counter,
        commit_events: Histogram,
        commit_seconds: Histogram,
        appends: Callable[[str], Counter],
    ) -> None:
        self._events = events
        self._commit_events = commit_events
        self._commit_seconds = commit_seconds
        self._appends = appends

    def on_commit(self, events: int, seconds: float) -> None:
        """Count the transaction and its events."""
        self._events.inc(events)
        self._commit_events.observe(events)
        self._commit_seconds.observe(seconds)

    def on_answer(self, outcomes: Sequence[object]) -> None:
        """Count what became of each append."""
        for outcome, count in Tally(_names(outcomes)).items():
            self._appends(outcome).inc(count)

    def turned_away(self) -> None:
        """Count an append that was not taken."""
        self._appends("turned-away").inc()


class _State(Collector):
    """Values that are known already, and are read when the metrics are requested."""

    def __init__(
        self,
        metrics: Metrics,
        ledgers: Mapping[str, OpenLedger],
        unopened: Collection[str],
        oldest_snapshot: OldestSnapshot,
    ) -> None:
        self._oldest_snapshot = oldest_snapshot
        self._metrics = metrics
        self._ledgers = ledgers
        self._unopened = unopened

    def describe(self) -> Iterable[Metric]:
        """Every name, without asking any ledger."""
        return [*_ledger_gauges().values(), *_process_gauges().values()]

    def collect(self) -> Iterator[Metric]:
        """The present figures; a ledger that cannot be read has none, but for ``readable`` 0."""
        gauges = _ledger_gauges()
        for name in sorted(self._unopened):
            gauges["readable"].add_metric([name], 0)
        for name, served in sorted(self._ledgers.items()):
            gauges["queue"].add_metric([name], served.ledger.waiting())
            head, log = served.ledger.head(), served.ledger.transparency
            gauges["position"].add_metric([name], head)
            gauges["log_stopped"].add_metric([name], log.state == STOPPED)
            gauges["append_stopped"].add_metric([name], not served.ledger.recording.goes_on)
            gauges["recording"].add_metric([name], served.ledger.recording.works)
            behind_seconds = served.ledger.recording.clock_behind_seconds()
            gauges["clock_behind"].add_metric([name], behind_seconds)
            try:
                sealed = log.checkpoint().size
                gauges["sealed"].add_metric([name], sealed)
                gauges["unsealed"].add_metric([name], max(0, head - sealed))
                _add_projections(gauges, name, served)
                webhook_metrics.add(gauges, name, served)
            except LedgerError:
                gauges["readable"].add_metric([name], 0)
            else:
                gauges["readable"].add_metric([name], 1)
        yield from gauges.values()
        process = _process_gauges()
        process["processes"].add_metric([], 1)
        process["in_progress"].add_metric([], self._metrics.in_progress)
        if self._metrics.open_tails is not None:
            process["tails"].add_metric([], self._metrics.open_tails())
        with suppress(LedgerError):  # a database that cannot be asked now has no figures
            if (oldest := self._oldest_snapshot()) is not None:
                process["snapshot_seconds"].add_metric([], oldest[0])
                process["snapshot_transactions"].add_metric([], oldest[1])
        yield from process.values()


def _add_projections(gauges: Mapping[str, GaugeMetricFamily], name: str, of: OpenLedger) -> None:
    for state in of.projections.states():
        labels = [name, state.name]
        gauges["projection_position"].add_metric(labels, state.position)
        gauges["lag"].add_metric(labels, state.lag)
        gauges["failed"].add_metric(labels, state.state == "failed")
    for operation in of.projections.operations.running():
        labels = [name, operation.kind, operation.subject]
        gauges["done"].add_metric(labels, operation.progress.done)
        gauges["total"].add_metric(labels, operation.progress.total)


def _ledger_gauges() -> dict[str, GaugeMetricFamily]:
    projection = ("ledger", "projection")
    operation = ("ledger", "kind", "subject")
    return {
        "readable": _gauge("ledger_readable", "1 where the ledger's figures could be read."),
        "position": _gauge("ledger_position", "The newest position of the log."),
        "sealed": _gauge("log_sealed_position", "The newest position under a signed checkpoint."),
        "unsealed": _gauge(
            "log_lag_events", "The number of events that are under no checkpoint yet."
        ),
        "log_stopped": _gauge("log_stopped", "1 where nothing more is signed; the log says why."),
        "append_stopped": _gauge("append_stopped", "1 where nothing more is recorded."),
        "recording": _gauge(
            "recording", "0 where the last commit failed: the disk is full, say, or a file locked."
        ),
        "clock_behind": _gauge(
            "clock_behind_seconds",
            "Seconds by which the clock is behind the newest event; otherwise 0.",
        ),
        "queue": _gauge("append_queue_events", "Events that wait to be recorded."),
        "projection_position": _gauge(
            "projection_position", "The position that a projection reflects.", projection
        ),
        "lag": _gauge(
            "projection_lag_events", "The number of events that a projection is behind.", projection
        ),
        "failed": _gauge("projection_failed", "1 where a projection has stopped.", projection),
        "done": _gauge(
            "operation_done",
            "The number of events that a running operation has processed.",
            operation,
        ),
        "total": _gauge(
            "operation_total", "The number of events that it has to process.", operation
        ),
        **webhook_metrics.gauges(),
    }


def _process_gauges() -> dict[str, GaugeMetricFamily]:
    return {
        "processes": _gauge("processes", "Processes that serve the data folder now.", ()),
        "in_progress": _gauge("http_requests_in_progress", "Requests not answered yet.", ()),
        "tails": _gauge("open_tails", "Tails of a log that are open.", ()),
        "snapshot_seconds": _gauge(
            "database_oldest_snapshot_seconds",
            "Seconds for which a transaction has kept the database from clearing away old rows.",
            (),
        ),
        "snapshot_transactions": _gauge(
            "database_oldest_snapshot_transactions",
            "The same in transactions, replication slots included.",
            (),
        ),
    }


def _gauge(name: str, documentation: str, labels: Sequence[str] = ("ledger",)) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"rapport_{name}", documentation, labels=labels)


def _names(outcomes: Iterable[object]) -> Iterator[str]:
    for outcome in outcomes:
        if isinstance(outcome, AppendResult):
            yield _name(outcome)
        elif isinstance(outcome, list):
            yield from _names(outcome)
        elif isinstance(outcome, LedgerError):
            yield code_of(outcome)
        elif isinstance(outcome, Exception):
            yield "internal"
        elif isinstance(outcome, ErasureResult):
            yield "erased"
        else:
            yield "published"


def _name(appended: AppendResult) -> str:
    if not appended.events:
        return "unchanged"
    return "replayed" if appended.replayed else "appended"
