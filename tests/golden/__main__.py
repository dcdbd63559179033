"""``python -m tests.golden`` gives new golden states their bytes, and rewrites none.

A new entry of ``stored_states.json`` has a ``topic``, ``data`` with every field, and no ``state``.
"""

from __future__ import annotations

import json

from ledger.mapper import LedgerMapper
from tests.golden.stored_states import FILE, GoldenKeys, StoredState, golden_entropy


def main() -> None:
    """Add what is missing, and say of which topics."""
    entries = json.loads(FILE.read_text(encoding="utf-8"))
    mapper = LedgerMapper(GoldenKeys(), entropy=golden_entropy)
    for entry in entries:
        if "state" not in entry:
            new = StoredState(entry["topic"], entry["data"], entry.get("target"), b"")
            entry["state"] = mapper.to_stored_event(new.recorded()).state.hex()
            print(f"{entry['topic']} has golden bytes now, which are never changed again")
    FILE.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
