"""Making a ledger, with the order and its outcome in the server's audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.stores.access import REFUSED

if TYPE_CHECKING:
    from api.service.server import Server
    from ledger.access.scopes import Principal


def make_ledger(
    server: Server,
    principal: Principal,
    name: str,
    time_zone: str | None = None,
    region: str | None = None,
) -> bool:
    """Make a ledger of that name unless there is one; whether it was made just now.

    Raises:
        Invalid: the name, the time zone or the region cannot be.
        Unavailable: nothing can be made; the log says what is wrong with the folder.
    """
    if name in server.folder.names():
        _, made = server.create(name, time_zone, region)
        return made
    with server.trails.order(None, principal, "ledger-made", name) as order:
        _, made = server.create(name, time_zone, region)
        if not made:  # another request was faster
            order.end(REFUSED, reason="ledger-exists")
    return made
