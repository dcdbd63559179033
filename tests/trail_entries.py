"""Reading an audit trail in tests: every order beside what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Entry = tuple[str, str, str]
"""Act, subject and outcome, which is ``ordered`` where none was recorded."""


def outcomes(items: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """Each order with its outcome, in the order of the orders; at most one outcome is of each."""
    found: dict[int, Entry] = {}
    for item in items:
        if item["of"] is None:
            assert item["outcome"] == "ordered"
            found[item["number"]] = (item["act"], item["subject"], "ordered")
            continue
        act, subject, before = found[item["of"]]
        assert (act, subject, before) == (item["act"], item["subject"], "ordered")
        assert ("reason" in item["detail"]) == (item["outcome"] != "done")
        found[item["of"]] = (act, subject, item["outcome"])
    return list(found.values())


def done(items: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Act and subject of each order, all of which must be done."""
    found = outcomes(items)
    assert {outcome for _, _, outcome in found} <= {"done"}
    return [(act, subject) for act, subject, _ in found]
