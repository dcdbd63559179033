"""Imports of files: sent, tried, followed, and taken back."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.http.access import allow
from api.http.dependencies import (
    CurrentAudit,
    CurrentExchange,
    LedgerInPath,
    ledger_of,
)
from api.http.exchange import Exchange, exchange_in
from api.http.openapi import import_examples
from api.http.openapi.import_examples import CSV
from api.http.openapi.responses import problems, response_of
from api.http.routers.replays import answer_with_location
from api.http.routing import BareRoute, LedgerRoute
from api.http.streams.spooled import FileAnswer
from api.http.uploads import receive_file
from api.http.wire.path_types import ImportId
from api.http.wire.query_types import DryRun, MappingName, MappingSettings
from api.service.answers.document import Page
from api.service.answers.imports import Import, ListedImport, UndoOperation
from api.service.answers.projections import Operation, Progress
from api.service.importing.kept_imports import REJECTS, ImportRecord, Upload
from api.service.importing.mapping import FileMapping
from api.service.ordered_work import begin_import, begin_undo
from api.service.server import OpenLedger
from domain.errors import ImportNotFound, NotFinished, OperationNotFound
from ledger.access.scopes import APPEND

_PREFIX = "/v1/ledgers/{ledger}"
router = APIRouter(
    prefix=_PREFIX, tags=["Imports"], dependencies=[allow(APPEND)], route_class=LedgerRoute
)
sending = APIRouter(
    prefix=_PREFIX, tags=["Imports"], dependencies=[allow(APPEND)], route_class=BareRoute
)


class CsvText(Response):
    """Rows as text."""

    media_type = CSV


async def options(
    mapping: MappingName = None,
    said: MappingSettings = None,
    dry_run: DryRun = None,
) -> None:
    """What the query says of an import."""


@sending.post(
    "/imports",
    dependencies=[Depends(ledger_of), Depends(options)],
    summary="Import a file: each row becomes events by a mapping",
    status_code=202,
    response_model=Import,
    responses={
        202: response_of(
            "The import has begun, or is running already.",
            import_examples.IMPORTING,
            "Location",
        ),
        **problems("refused", "unavailable"),
    },
    openapi_extra=import_examples.SENT,
)
async def import_file(request: Request) -> Import:
    """Send the file as `text/csv`, of at most 64 MiB, with the name of a ready mapping; or JSON of
    at most 16 MiB with a mapping of your own in TOML, as `mapping_toml`, and the file as `csv`.

    The id of an import follows from the file and the mapping: the same request continues an import
    that did not come to its end, and appends nothing twice. Its operation has the same id. A
    dry run has an id of its own, appends nothing, and accounts for each row as the import would.
    Each event has `;import=` and the id at the end of its `source`.
    """
    exchange = exchange_in(request)
    served = exchange.served
    upload = await run_in_threadpool(served.imports.kept.upload)
    try:
        mapping = await receive_file(exchange, upload)
    except BaseException:
        upload.remove()
        raise
    dry_run = bool(exchange.query.get("dry_run"))
    return await run_in_threadpool(_begin, exchange, upload, mapping, dry_run=dry_run)


def _begin(exchange: Exchange, upload: Upload, mapping: FileMapping, *, dry_run: bool) -> Import:
    served = exchange.served
    try:
        record = served.imports.look_at(upload, mapping, dry_run=dry_run)
    except BaseException:
        upload.remove()
        raise
    begin_import(exchange.server, served, exchange.principal, upload, mapping, record)
    exchange.reply.headers["Location"] = f"{exchange.base}/imports/{record.id}"
    return _answer(served, served.imports.get(record.id))


@router.get(
    "/imports",
    summary="List imports, the newest first",
    responses={
        200: response_of(
            "The newest 1,000.",
            Page[ListedImport](items=(import_examples.LISTED_IMPORT,), next_cursor=None),
        )
    },
)
def list_imports(served: LedgerInPath) -> Page[ListedImport]:
    """It lists the imports and dry runs that were sent to this server."""
    found = [served.imports.get(record.id) for record in served.imports.kept.all()]
    items = tuple(
        ListedImport(**ListedImport.fields_of(one, _progress(served, one))) for one in found
    )
    return Page[ListedImport](items=items, next_cursor=None)


@router.get(
    "/imports/{import}",
    summary="Get an import: its state, and what became of its rows",
    responses={
        200: response_of("The import as it is now.", import_examples.IMPORTED),
        **problems("import-not-found"),
    },
)
def read_import(served: LedgerInPath, import_id: ImportId) -> Import:
    """The columns of the file come once it was looked through. Like the rejected rows they are
    encrypted, kept for seven days, and dropped at an erasure.
    """
    return _answer(served, served.imports.get(_id(import_id)))


@router.get(
    "/imports/{import}/rejects",
    summary="Get the rejected rows of an import as CSV, with the reasons",
    response_model=None,
    response_class=CsvText,
    responses={
        200: response_of(
            "A header, and a line for each rejected row: its line in the file, the reason as a "
            "code and in words, and the row as it was sent.",
            import_examples.REJECTED_ROWS,
            media_type=CSV,
            schema={"type": "string"},
        ),
        **problems("import-not-found", "not-found", "not-finished"),
    },
)
def read_rejects(
    exchange: CurrentExchange, served: LedgerInPath, import_id: ImportId, audit: CurrentAudit
) -> Any:
    """A dry run lists the same rows as the import. A cell that a spreadsheet would run as a formula
    begins with an apostrophe, which an import of these rows takes away.
    """
    record = served.imports.get(_id(import_id))
    if record.state == "running":
        raise NotFinished("the import is still running: its rejected rows are not all there yet")
    with audit.order("rejects-read", str(record.id)):
        file = served.imports.kept.open(record, REJECTS)
    return FileAnswer(file, exchange.streams, f"{CSV}; charset=utf-8", str(record.ended_at))


@router.post(
    "/imports/{import}/undo",
    summary="Undo an import: retract what it appended",
    response_model=UndoOperation,
    status_code=202,
    responses={
        202: response_of(
            "The undo has begun, or is running already.", import_examples.UNDOING, "Location"
        ),
        **problems("import-not-found", "refused", "unavailable"),
    },
)
def undo_import(exchange: CurrentExchange, served: LedgerInPath, import_id: ImportId) -> Operation:
    """Each event of the import is retracted by an event of its own. Registrations and merges stay.
    The result lists the contacts that have only their registration, and standing events that rest
    on what was retracted.

    It works for imports of the command line, too. The same request completes an undo that did not
    come to its end. Afterwards the rows of the file are new, and it can be imported again.
    """
    work = begin_undo(exchange.server, served, exchange.principal, _id(import_id))
    return answer_with_location(exchange, work)


def _answer(served: OpenLedger, record: ImportRecord) -> Import:
    columns = served.imports.columns(record)
    tally, undone_at = served.imports.tally(record.id)
    return Import.of(record, _progress(served, record), columns, tally, undone_at)


def _progress(served: OpenLedger, record: ImportRecord) -> Progress | None:
    with suppress(OperationNotFound):
        progress = served.projections.operation(record.id).progress
        return Progress.model_validate(progress)
    return None


def _id(text: str) -> UUID:
    """The import that a path names.

    Raises:
        ImportNotFound: it names none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise ImportNotFound("imports have UUIDs") from None
