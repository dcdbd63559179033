"""Operations: whether everything works, and a button for each thing that is stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from api.console.twins import Twin
from api.console.visit import Page
from api.service.ordered_work import begin_rebuild, require_more_than_append
from api.service.readiness import readiness_of
from domain.errors import NotFound, OperationNotFound
from ledger.access.scopes import ADMIN, APPEND, AUDIT, READ, REBUILD
from ledger.stores.access import DONE

if TYPE_CHECKING:
    from starlette.responses import Response

    from api.console.visit import Visit
    from projections.operations import Operation


BACKED_UP = "ledger-backed-up"
"""The act in the trail of a ledger that is a backup of it."""

MOST_ACTS = 2_000
"""How many of the newest entries of a trail are looked through for a backup."""


def show(visit: Visit) -> Response:
    """Readiness, projections, what runs, imports, webhooks, keys, and the other ledgers."""
    served, server = visit.served, visit.server
    is_for_server = visit.may(ADMIN) and visit.principal.ledger is None
    states = served.projections.states()
    return visit.page(
        "operations.html" if not visit.is_fragment else "operations_state.html",
        ready=readiness_of(server),
        states=states,
        running=[one for one in served.projections.operations.running() if _may_see(visit, one)],
        imports=[served.imports.get(one.id) for one in served.imports.kept.all()][:10]
        if visit.may(APPEND)
        else [],
        keys=server.keys.all() if is_for_server else [],
        is_open=server.keys.is_open(),
        ledgers=server.all_settings() if is_for_server else [],
        may_rebuild=visit.may(REBUILD),
        backed_up_at=_backed_up_at(visit),
        twins=_twins(visit, is_for_server=is_for_server),
        webhooks=served.webhooks.with_backlogs() if visit.may(ADMIN) else [],
        position=served.ledger.head(),
    )


def _backed_up_at(visit: Visit) -> int | None:
    """When the last backup of the ledger was done, by its trail; None where none is known."""
    newest = visit.server.trails.of(visit.served.ledger.name).newest(MOST_ACTS)
    orders = {one.number for one in newest if one.act == BACKED_UP}
    done = [one.at for one in newest if one.of in orders and one.outcome == DONE]
    return max(done, default=None)


def _twins(visit: Visit, *, is_for_server: bool) -> list[Twin]:
    """What says the same for programs, as far as the key may ask."""
    path, found = visit.api_path, []
    if visit.may(READ, AUDIT, REBUILD):
        found.append(Twin("the projections", f"{path}/projections"))
    found.append(Twin("whether everything works", "/readyz"))
    if visit.may(APPEND):
        found.append(Twin("the imports", f"{path}/imports"))
    if is_for_server:
        found += [Twin("the access keys", "/v1/keys"), Twin("the ledgers", "/v1/ledgers")]
    if visit.may(ADMIN):
        found.append(Twin("the webhooks", f"{path}/webhooks"))
    if visit.may(AUDIT, ADMIN):
        found.append(Twin("the backups, in the trail", f"{path}/trail"))
    return found


def rebuild(visit: Visit) -> Response:
    """Rebuild a projection from the log, and lead to its progress.

    Raises:
        ProjectionNotFound: there is no such projection.
    """
    work = begin_rebuild(visit.server, visit.served, visit.principal, visit.field("projection"))
    return visit.lead_to(f"{visit.ledger_path}/operations/{work.id}")


def show_one(visit: Visit) -> Response:
    """One operation: how far it is, and what it came to.

    Raises:
        OperationNotFound: there is none, or none any more.
        Forbidden: the key only appends, and this does not.
    """
    work = visit.served.projections.operation(_operation_id(visit))
    require_more_than_append(work, visit.principal)
    if not _may_see(visit, work):
        raise OperationNotFound("there is no such operation, or not any more")
    return visit.page(
        "operation.html" if not visit.is_fragment else "operation_state.html",
        work=work,
        may_cancel=work.kind == "rebuild" and visit.may(REBUILD, ADMIN),
        position=visit.served.ledger.head(),
    )


def _may_see(visit: Visit, work: Operation) -> bool:
    """Whether an operation is the caller's own, or nobody's, or everything is the caller's."""
    return work.owner in ("", visit.principal.id) or visit.may(ADMIN)


def cancel(visit: Visit) -> Response:
    """End a rebuild, which leaves the projection as it was.

    Raises:
        OperationNotFound: there is none, or none any more.
        NotFound: it is no rebuild.
    """
    projections = visit.served.projections
    work = projections.operation(_operation_id(visit))
    if work.kind != "rebuild":
        raise NotFound("only a rebuild is ended here")
    if work.state == "running":
        trails, name = visit.server.trails, visit.served.ledger.name
        with trails.order(
            name, visit.principal, "operation-cancelled", work.kind, operation=str(work.id)
        ):
            projections.cancel(work.id)
    return visit.lead_to(f"{visit.ledger_path}/operations/{work.id}")


def _operation_id(visit: Visit) -> UUID:
    try:
        return UUID(visit.request.path_params["operation"])
    except ValueError:
        raise OperationNotFound("operations have UUIDs") from None


_ANY = (READ, AUDIT, REBUILD, ADMIN, APPEND)

PAGES = (
    Page("/ledgers/{ledger}/operations", show, (READ, REBUILD, ADMIN)),
    Page("/ledgers/{ledger}/operations/rebuilds", rebuild, (REBUILD,), method="POST"),
    Page("/ledgers/{ledger}/operations/{operation}", show_one, _ANY),
    Page(
        "/ledgers/{ledger}/operations/{operation}/cancel", cancel, (REBUILD, ADMIN), method="POST"
    ),
)
