"""What a page takes for granted besides a server on which the README's session was typed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.house.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.docs.terminal import Terminal

RESTATED = """\
curl -sS -H 'Content-Type: application/json' -d @- "$api/contacts/pos:17850/events" <<'END'
{"type": "purchase-made", "occurred_at": "2025-02-20T10:00:00Z", "data": {"purchase_id": "late",
 "amount_minor": 1450, "currency": "EUR", "initiated_by": "contact"}}
END
position=$(curl -sS "$api/events?limit=1000" | python3 -c '
import json, sys
print(json.load(sys.stdin)["items"][-1]["position"])')
curl -sS "$api/restatements?min_position=$position" >restated
"""


def _restated(terminal: Terminal) -> None:
    """Something comes late, and the list of restatements knows of it."""
    assert terminal.type(RESTATED).failed == []


def _erased_elsewhere(terminal: Terminal) -> None:
    """A list of people who were erased, as an answer to an erasure names them."""
    script = """\
curl -sS "$api/contacts/pos:17850" |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["contact_id"])' >erased.txt
"""
    assert terminal.type(script).failed == []


def _a_town(terminal: Terminal) -> None:
    """The town of ``rapport demo``, beside what the README's session recorded."""
    terminal.with_server(wanted=False)
    terminal.program = "demo"


def _samples(terminal: Terminal) -> None:
    """The made-up exports, as if they had been downloaded."""
    shutil.copytree(ROOT / "examples" / "samples", terminal.folder, dirs_exist_ok=True)


GIVEN: dict[str, Callable[[Terminal], None]] = {
    "docs/how-to/back-up-and-restore.md": _erased_elsewhere,
    "docs/how-to/import-from-tills-and-shops.md": _samples,
    "docs/how-to/run-the-demo-town.md": _a_town,
    "docs/how-to/explain-a-past-status.md": _restated,
}
"""By page."""
