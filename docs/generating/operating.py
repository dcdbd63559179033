"""What an operator watches: metrics, as the registry names them, log, traces, limits, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.cli.listening import FINISH_SECONDS
from api.http.edge.connections import HEAD_BYTES, HEAD_SECONDS, IDLE_SECONDS, READ_SECONDS
from api.http.edge.frontdoor import MOST_IN_FLIGHT
from api.http.edge.logs import GATHER_SECONDS, MOST_WAITING
from api.http.edge.metrics import Metrics
from docs.generating.markdown import opening, table, words
from ledger.committer import WAITING_EVENTS
from ledger.free_space import LOOK_SECONDS
from ledger.recording import AGAIN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRODUCTION = f"""\
`/livez` says that the process lives and touches nothing. `/readyz` answers 200 while the server
is not stopping and there is a ledger that is read and written: with `"status": "ok"` where nothing
is wrong, else with `"degraded"`. `stopped` says of how many ledgers something has stopped: they
could not be opened (`ledger`), or their `reading`, `committer`, `sealer` or `projections` stopped.
`recording` is false while the last commit of a ledger failed: the disk is full, say, or the file is
locked. Asking tries again, {AGAIN_SECONDS:g} s after the last time at the earliest, so it becomes
true by itself; and every {LOOK_SECONDS:g} s asking looks whether there is room on the disk, also
where nobody appends. `clock_behind_seconds` says how far the clock lies behind the newest event:
until it gets there, events are recorded as of that instant, and everything else goes by the clock.
Where no ledger is read and recorded the answer is 503, with the same fields.

It names no ledger, since anybody may ask: `/metrics` names them, and the log says why. Neither they
nor `/metrics` are turned away in an overload. None of what follows names a contact: no paths,
queries, headers or bodies, and of exceptions only the class and the place.

A ledger that cannot be opened keeps no other from being served: whoever asks for it is answered
503, and once its files are mended the next request opens it. Only where no ledger can be opened
the server does not start. So send traffic by `/readyz`, which one damaged ledger among several
leaves at 200, and wake somebody by its `degraded`, or by `rapport_ledger_readable`,
`rapport_recording`, `rapport_clock_behind_seconds`, `rapport_append_stopped`, `rapport_log_stopped`
and `rapport_projection_failed`, which tell ledgers apart.
"""

_METRICS = """\
## Metrics

`GET /metrics` answers in the Prometheus text format (`text/plain; version=0.0.4`). Counters begin
at 0 with each start. `route` is the template of the path, `-` where none matched; the outcome of an
append is `appended`, `replayed`, `unchanged`, `published` (a policy), `erased`, `turned-away` (the
queue was full) or the code of its [problem](problems.md).
"""

_LOG = f"""\
## Log

Lines go to standard error, as logfmt or, with `RAPPORT_LOG_FORMAT=json`, as one JSON object each.
A request:

```text
at=2026-03-01T12:00:00.153201Z level=info logger=rapport.http event=request id=till-7.42 \
ledger=main method=POST route=/v1/ledgers/{{ledger}}/contacts/{{contact}}/events status=201 ms=3.1 \
trace=4bf92f3577b34da6a3ce929d0e0e4736
```

`id` is the client's `X-Request-Id` where that is 1 to 64 of `A-Z a-z 0-9 . _ -`, else made here;
the answer bears it, and a problem's `instance` ends with it. Clients must put no personal data in
it. Status 0: the client left before there was an answer. A thread writes the lines, every
{GATHER_SECONDS * 1000:.0f} ms and warnings at once; if nobody reads them, {MOST_WAITING:,} wait,
and further ones are dropped and counted in a line `event=lines-lost`.
"""

_TRACES = """\
## Traces

A W3C `traceparent` is continued: its trace stands in the log as `trace`. Where an OpenTelemetry SDK
is configured, FastAPI's own support makes a span of each request, named by method and template,
under the caller's span; `url.path` and `url.query` are `REDACTED` in it. To export without code of
your own, install it beside Rapport, with
`.venv/bin/pip install --constraint constraints.txt 'fastapi[opentelemetry]'`, and set
`FASTAPI_OTEL_AUTO_CONFIGURE=true` and `OTEL_EXPORTER_OTLP_ENDPOINT`.
"""

_END = f"""\
## The end

At SIGTERM or SIGINT no more connections are accepted, tails end, and requests under way have
{FINISH_SECONDS} s to be answered; `/readyz` answers 503 meanwhile. What does not finish is told
503, and sending it again with the same ids is safe. Everything accepted is recorded, also what
could no longer be answered. The exit code is 0. A second signal ends the process at once, which
loses nothing that was answered.
"""


def operating_page() -> str:
    """Health, metrics, log, traces, limits and the end of the server."""
    parts = [
        opening(
            "Operating",
            "`api/http/edge/metrics.py` and `docs/generating/operating.py`",
            _INTRODUCTION,
        ),
        _METRICS,
        table(("metric", "kind", "labels", "meaning"), _rows()),
        "`process_*` are memory, processor time and open files of the process.\n",
        _LOG,
        _TRACES,
        _limits(),
    ]
    return "\n".join(parts)


def _rows() -> Iterator[tuple[str, str, str, str]]:
    metrics = Metrics({})
    labels = metrics.labels()
    for family in metrics.registry.collect():
        if family.name.startswith("rapport_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            yield f"`{name}`", family.type, words(labels[family.name]), family.documentation


def _limits() -> str:
    rows = [
        ("requests at once", f"{MOST_IN_FLIGHT:,}", "503 with `Retry-After`"),
        ("events waiting to be recorded, per ledger", f"{WAITING_EVENTS:,}", "the same"),
        ("request line and headers", f"{HEAD_BYTES // 1024} KiB", "431"),
        ("time for the whole head", f"{HEAD_SECONDS:.0f} s", "the connection is cut"),
        ("time between two requests", f"{IDLE_SECONDS} s", "the connection is closed"),
        ("time to read the last answer", f"{READ_SECONDS:.0f} s", "the connection is cut"),
    ]
    head = "## Limits\n\nThose of bodies and streams stand with their routes.\n"
    return f"{head}\n{table(('limit', 'value', 'beyond'), rows)}\n{_END}"
