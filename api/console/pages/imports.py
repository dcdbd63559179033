"""Imports: a file, a mapping, a dry run; then the run, what was rejected, and the undoing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID

from starlette.responses import Response

from api.console.visit import Page
from api.service.answers.imports import next_step
from api.service.importing.kept_imports import REJECTS
from api.service.importing.ready_mappings import ready_mapping, ready_names
from api.service.ordered_work import begin_import, begin_undo
from domain.errors import ImportNotFound, Invalid, NotFinished, OperationNotFound
from ledger.access.scopes import APPEND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.console.visit import Visit
    from api.service.importing.kept_imports import ImportRecord, Upload
    from api.service.importing.mapping import FileMapping
    from projections.operations import Progress


NO_FILE = (
    "the session is a new one. What you chose is kept, but no page can choose a file: choose it "
    "again, and send the form once more"
)

_BESIDE_THE_FORM = {
    "HX-Retarget": "#tried",
    "HX-Reselect": "#import",
    "HX-Reswap": "innerHTML show:top",
}
"""Where the script on the page puts what became of a file that was tried."""


def show(visit: Visit) -> Response:
    """The form for a file, and the imports before."""
    return _form(visit, "", 200)


def begin(visit: Visit) -> Response:
    """Import the file that was sent, or try it first."""
    upload: Upload | None = visit.file
    imports = visit.served.imports
    if upload is None or visit.is_stale:  # with a session that had ended its file was let go
        if upload is not None:
            upload.remove()
        return _form(visit, NO_FILE, 409)
    is_dry = visit.field("dry_run") == "yes" and visit.field("now") != "yes"
    try:
        mapping = _with_settings(visit, ready_mapping(visit.field("mapping")))
        record = imports.look_at(upload, mapping, dry_run=is_dry)
    except Invalid as error:
        upload.remove()
        return _form(visit, "; ".join(one.detail for one in error.errors), 422)
    except BaseException:
        upload.remove()
        raise
    begin_import(visit.server, visit.served, visit.principal, upload, mapping, record)
    if is_dry and visit.is_scripted:  # the form stays, and with it the file that was chosen
        return _state(visit, record, _BESIDE_THE_FORM)
    return visit.lead_to(f"{visit.ledger_path}/imports/{record.id}")


def show_one(visit: Visit) -> Response:
    """One import: how far it is, and what became of its rows.

    Raises:
        ImportNotFound: there was none.
    """
    return _state(visit, visit.served.imports.get(_import_id(visit)))


def _state(
    visit: Visit, record: ImportRecord, headers: Mapping[str, str] | None = None
) -> Response:
    is_part = visit.is_fragment or headers is not None
    return visit.page(
        "import_state.html" if is_part else "import.html",
        headers=headers,
        record=record,
        path=f"{visit.ledger_path}/imports/{record.id}",
        columns=visit.served.imports.columns(record),
        progress=_progress(visit, record),
        step=next_step(record),
        position=visit.served.ledger.head(),
    )


def rejects(visit: Visit) -> Response:
    """The rejected rows as a file, with the reasons.

    Raises:
        ImportNotFound: there was no such import, or its rows are not kept any more.
        NotFinished: it is still running.
    """
    record = visit.served.imports.get(_import_id(visit))
    if record.state == "running":
        raise NotFinished("the import is still running: its rejected rows are not all there yet")
    trails, name = visit.server.trails, visit.served.ledger.name
    with (
        trails.order(name, visit.principal, "rejects-read", str(record.id)),
        visit.served.imports.kept.open(record, REJECTS) as file,
    ):
        content = file.read()
    headers = {"Content-Disposition": 'attachment; filename="rejects.csv"'}
    return Response(content, headers=headers, media_type="text/csv")


def undo(visit: Visit) -> Response:
    """Retract what an import appended, and lead to the progress.

    Raises:
        ImportNotFound: there was no such import.
        Refused: it is still running.
    """
    work = begin_undo(visit.server, visit.served, visit.principal, _import_id(visit))
    return visit.lead_to(f"{visit.ledger_path}/operations/{work.id}")


def new_upload(visit: Visit) -> Upload:
    """Where the file of a form goes: encrypted on disk, until the import has ended."""
    return visit.served.imports.kept.upload()


def _with_settings(visit: Visit, mapping: FileMapping) -> FileMapping:
    """The mapping with what was typed of what its files do not say."""
    typed = {name: visit.field(f"set.{name}") for name in mapping.settings()}
    return mapping.with_settings({name: text for name, text in typed.items() if text})


def _form(visit: Visit, problem: str, status: int) -> Response:
    imports = visit.served.imports
    return visit.page(
        "imports.html",
        status=status,
        problem=problem,
        mappings=[(name, ready_mapping(name)) for name in ready_names()],
        settings=_settings(),
        typed={name: visit.field(f"set.{name}") for name in _settings()},
        chosen=visit.field("mapping"),
        is_dry=visit.field("dry_run") != "no",
        records=[imports.get(one.id) for one in imports.kept.all()],
        position=visit.served.ledger.head(),
    )


def _settings() -> dict[str, str]:
    """What files of some mapping do not say, by name, and what it means."""
    found: dict[str, str] = {}
    for name in ready_names():
        found |= ready_mapping(name).settings()
    return found


def _progress(visit: Visit, record: ImportRecord) -> Progress | None:
    with suppress(OperationNotFound):
        return visit.served.projections.operation(record.id).progress
    return None


def _import_id(visit: Visit) -> UUID:
    try:
        return UUID(visit.request.path_params["import"])
    except ValueError:
        raise ImportNotFound("imports have UUIDs") from None


PAGES = (
    Page("/ledgers/{ledger}/imports", show, (APPEND,)),
    Page(
        "/ledgers/{ledger}/imports", begin, (APPEND,), "POST", asks_again=True, new_file=new_upload
    ),
    Page("/ledgers/{ledger}/imports/{import}", show_one, (APPEND,)),
    Page("/ledgers/{ledger}/imports/{import}/rejects", rejects, (APPEND,)),
    Page("/ledgers/{ledger}/imports/{import}/undo", undo, (APPEND,), method="POST"),
)
