"""What an operator watches: metrics, as the registry names them, log, traces, limits, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.cli.serving import FINISH_SECONDS
from api.http.edge.connections import HEAD_BYTES, HEAD_SECONDS, IDLE_SECONDS, READ_SECONDS
from api.http.edge.figures import ANSWER_SECONDS, WRITE_SECONDS
from api.http.edge.frontdoor import MOST_IN_FLIGHT
from api.http.edge.handing_over import PATIENCE_SECONDS, READY_SECONDS
from api.http.edge.logs import GATHER_SECONDS, MOST_WAITING
from api.http.edge.metrics import Metrics
from api.http.edge.pulse import PULSE_SECONDS
from api.service.followers.elsewhere import END_SECONDS
from docs.generating.markdown import opening, table, words
from ledger.commit_queue import WAITING_EVENTS
from ledger.free_space import LOOK_SECONDS
from ledger.recording import AGAIN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRODUCTION = f"""\
`/livez` shows that the process is running and does nothing else. `/readyz` answers 200 while the
server is not stopping and at least one ledger can be read and written. Its `status` is `"ok"` if
nothing is wrong, and `"degraded"` otherwise. `stopped` counts the ledgers in which something has
stopped: they could not be opened (`ledger`), or their `reading`, `committer`, `sealer` (which signs
the transparency log) or `projections` stopped, or no process keeps their projections current
(`followers`). `recording` is false while the last commit of a
ledger failed, for example because the disk is full or a file is locked. A request to `/readyz`
tries a commit again, at most once in {AGAIN_SECONDS:g} s, so the value becomes true by itself; and
every {LOOK_SECONDS:g} s it checks whether there is room on the disk, also if nobody appends.
`clock_behind_seconds` is how far the clock is behind the newest event: until the clock reaches it,
events get that instant as `recorded_at`, and everything else uses the clock. If no ledger can be
read and written, the answer is 503, with the same fields.

Where [several processes](../how-to/run-the-processes-yourself.md) serve, each gives the same
answer. `stopped` has 1 for every process that was started with `--workers` and does not serve now,
by its number (`worker-2`): it has ended, was stopped, or is not there yet. If the process that
records does not answer within {READY_SECONDS:g} s, the others answer 503, and count the ledgers
under `recorder`. A request that was handed over to it gets 503 if it has waited for
{PATIENCE_SECONDS:g} s and that process then answers nobody for {PULSE_SECONDS:g} s; it is safe to
send it again with the same ids.

The answer names no ledger, because anyone may send this request: `/metrics` names them, and the log
gives the reason. `/livez`, `/readyz` and `/metrics` are answered in an overload too. None of the
following names a contact: there are no paths, queries, headers or bodies, and of exceptions only
the class and the place in the code.

A ledger that cannot be opened does not affect the others. A request for it gets 503, and as soon as
its files are repaired, the next request opens it. The server fails to start only if no ledger can
be opened. Route traffic by `/readyz`, which stays at 200 if one ledger of several is damaged, and
alert an operator by its `degraded`, or by `rapport_ledger_readable`, `rapport_recording`,
`rapport_clock_behind_seconds`, `rapport_append_stopped`, `rapport_log_stopped` and
`rapport_projection_failed`, which are separate for each ledger.
"""

_METRICS = f"""\
## Metrics

`GET /metrics` answers in the Prometheus text format (`text/plain; version=0.0.4`). Counters begin
at 0 with each start. `route` is the template of the path, or `-` if none matched. The outcome of an
append is `appended`, `replayed`, `unchanged`, `published` (a policy), `erased`, `turned-away` (the
queue was full) or the code of its [problem](problems.md).

If several processes serve a data folder, a scrape of any of them tells of all:

- **Counters and histograms** are sums over the processes. A request is counted once, by the process
  that answered it. A process that ends, by whatever cause, leaves its counts in the folder
  `metrics` of the data folder, and the one that takes its place continues them, so no sum falls.
  Counts are written every {WRITE_SECONDS:g} s and at each scrape; what a process counted after that
  is lost if it is killed. Everything begins at 0 when the first of the processes is started, and,
  with `--workers`, when the command is. A scrape waits at most {ANSWER_SECONDS:g} s for the newest
  counts of the others.
- **`rapport_http_requests_in_progress` and `rapport_open_tails`** are sums over the processes that
  run.
- **All other gauges**, and `process_*`, are those of the process that records, which knows the
  ledgers, the queues and the webhooks. The gauge `rapport_webhook_attempts` therefore
  begins at 0 when another process records.
- **`rapport_processes`** is the number of processes that run.
"""

_LOG = f"""\
## Log

The server writes lines to standard error, as logfmt or, with `RAPPORT_LOG_FORMAT=json`, as one JSON
object each. This is the line of a request:

```text
at=2026-03-01T12:00:00.153201Z level=info logger=rapport.http event=request id=till-7.42 \
ledger=main method=POST route=/v1/ledgers/{{ledger}}/contacts/{{contact}}/events status=201 ms=3.1 \
trace=4bf92f3577b34da6a3ce929d0e0e4736
```

`id` is the `X-Request-Id` of the request if that consists of 1 to 64 of `A-Z a-z 0-9 . _ -`;
otherwise the server creates one. The answer contains it, and the `instance` of a problem ends with
it. Do not put personal data into it. Status 0 means that the connection was closed before there was
an answer. A thread writes the lines every {GATHER_SECONDS * 1000:.0f} ms, and warnings at once. If
nobody reads them, up to {MOST_WAITING:,} lines wait, and further lines are dropped and counted in a
line `event=lines-lost`.
"""

_TRACES = """\
## Traces

The server continues a W3C `traceparent`: the log shows its trace as `trace`. If an OpenTelemetry
SDK is configured, FastAPI creates a span for each request, named by method and template, under the
span of the sender; `url.path` and `url.query` are `REDACTED` in it. To export traces without code
of your own, install the SDK beside Rapport, with `.venv/bin/pip install --constraint
constraints.txt 'fastapi[opentelemetry]'`, and set `FASTAPI_OTEL_AUTO_CONFIGURE=true` and
`OTEL_EXPORTER_OTLP_ENDPOINT`.
"""

_END = f"""\
## The end

At SIGTERM or SIGINT the server accepts no more connections and ends the tails. Requests in progress
have {FINISH_SECONDS} s to finish; meanwhile `/readyz` answers 503. A request that does not finish
gets 503, and it is safe to send it again with the same ids. Every accepted event is recorded, also
if its request could no longer be answered. Then the process beside has {END_SECONDS:g} s to sign
what is left, and ends. The exit code is 0. A second signal ends the process at
once; no event that was answered is lost.
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
        "`process_*` are memory, processor time and open files of the server's process.\n",
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
    head = "## Limits\n\nThe limits of bodies and streams are in the HTTP reference.\n"
    return f"{head}\n{table(('limit', 'value', 'beyond'), rows)}\n{_END}"
