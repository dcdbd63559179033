"""Audit: whether the ledger is sound, what was restated, who ordered what, and how to check it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.console.freshness import freshness
from api.console.multipart import Memory
from api.console.twins import Twin, path_with
from api.console.visit import Page
from api.service.agendas.answering import names_at
from api.service.comparisons import comparisons_of
from api.service.receipts.checking import check_receipt
from api.service.receipts.form import ReceiptRefused
from ledger.access.scopes import AUDIT, READ, REBUILD

if TYPE_CHECKING:
    from starlette.responses import Response

    from api.console.visit import Visit

MOST_ACTS = 25
MOST_RESTATED = 25

MOST_RECEIPT_BYTES = 16 * 1024 * 1024
"""How long a receipt may be that is checked on the page."""


def show(visit: Visit) -> Response:
    """The newest checkpoint, whether everything works, what was restated, and the trail."""
    return _page(visit)


def check(visit: Visit) -> Response:
    """Check a receipt that is sent as a file, against this ledger's own keys.

    Raises:
        Invalid: no file was sent, or it is longer than is read.
    """
    content = bytes(visit.file.content)
    log = visit.served.ledger.transparency
    try:
        found = check_receipt(content, log.verifiers())
    except ReceiptRefused as error:
        return _page(visit, refused=str(error), status=422)
    return _page(visit, proven=found)


def new_receipt(_visit: Visit) -> Memory:
    """Where a receipt goes that is to be checked: into memory."""
    return Memory(MOST_RECEIPT_BYTES)


def _page(visit: Visit, *, proven: object = None, refused: str = "", status: int = 200) -> Response:
    served, question = visit.served, visit.question()
    ledger, log = served.ledger, served.ledger.transparency
    acts = visit.server.trails.of(ledger.name).newest(MOST_ACTS)
    head = ledger.head()
    since = max(0, head - 100_000)
    fresh = freshness(served, "restatements")
    restated = served.projections.restatements(since_position=since, limit=MOST_RESTATED)
    name_of = names_at(ledger, question.moment, wanted=visit.may(READ))
    return visit.page(
        "audit.html",
        status=status,
        position=head,
        twins=_twins(visit, since, acts[-1].number if acts else 0),
        checkpoint=log.checkpoint(),
        origin=log.origin,
        verifiers=[one.to_text() for one in log.verifiers()],
        log_state=log.state,
        log_problem=log.problem,
        recording=ledger.recording.goes_on,
        behind=ledger.recording.clock_behind_seconds(),
        compared=comparisons_of(served.projections),
        restated=restated.items,
        fresh=fresh,
        name_of=name_of,
        acts=list(reversed(acts)),
        who=_who_is_who(visit),
        proven=proven,
        refused=refused,
        may_read=visit.may(READ),
        may_rebuild=visit.may(REBUILD),
    )


def _twins(visit: Visit, since: int, newest: int) -> list[Twin]:
    """What says the same for programs: the checkpoint, what was restated, and the trail."""
    path = visit.api_path
    restated = {"since_position": since, "limit": MOST_RESTATED, "names": visit.may(READ)}
    after = max(0, newest - MOST_ACTS)
    found = [
        Twin("the checkpoint", f"{path}/log/checkpoint"),
        Twin("what was restated", path_with(f"{path}/restatements", **restated)),
        Twin("who ordered what", path_with(f"{path}/trail", after_number=after, limit=MOST_ACTS)),
    ]
    if visit.may(READ, REBUILD):
        found.append(Twin("the lists", f"{path}/projections"))
    return found


def _who_is_who(visit: Visit) -> dict[str, str]:
    """What the principals in a trail are called, by their ids."""
    named = {one.id: one.name for one in visit.server.keys.all()}
    own = {"open": "this machine", "command-line": "the command line", "server": "the server"}
    return named | own


PAGES = (
    Page("/ledgers/{ledger}/audit", show, (AUDIT,)),
    Page("/ledgers/{ledger}/audit", check, (AUDIT,), method="POST", new_file=new_receipt),
)
