"""The metrics of one process, with the figures of all processes in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from prometheus_client import CollectorRegistry

    from api.http.edge.figures import Whole


class Together(Collector):
    """The metrics of a process, with the figures of all processes where they are added up."""

    def __init__(self, own: CollectorRegistry, counted: Collection[str], whole: Whole) -> None:
        """``counted`` names the counters and histograms, of which ``whole`` has the sums."""
        self._own = own
        self._samples: dict[str, list[tuple[str, dict[str, str], float]]]
        self._samples = {name: [] for name in counted}
        for (metric, name, labels), value in whole.counts.items():
            if metric in self._samples:
                self._samples[metric].append((name, dict(labels), value))
        gauges = {**whole.gauges, "rapport_processes": float(whole.processes)}
        self._samples |= {name: [(name, {}, value)] for name, value in gauges.items()}

    def collect(self) -> Iterator[Metric]:
        """Every metric that this process has."""
        for family in self._own.collect():
            if family.name not in self._samples:
                yield family
                continue
            together = Metric(family.name, family.documentation, family.type)
            for name, labels, value in self._samples[family.name]:
                together.add_sample(name, labels, value)
            yield together
