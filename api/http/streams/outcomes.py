"""One line of a bulk request: what it asks for, and what became of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from api.http.problems import TooLarge, problem
from api.http.streams.lines import LINE_BYTES
from api.service import strict_parsing
from api.service.answers.events import AppendedLine, RefusedLine
from api.service.envelope import read_one
from domain.errors import FieldError, Invalid, LedgerError, Refused
from ledger.drafts import Append

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from ledger.drafts import AppendResult

MOST_ERRORS = 10
"""How many errors of one line are reported."""

MOST_POINTER = 200
"""How many characters of a pointer are reported; it may quote a name as long as a line."""

# A bulk append is answered so once for each event: filling in the model's own names takes 0.3 us,
# encoding a model 3.1 us.
_FIELDS = [name for name, one in AppendedLine.model_fields.items() if one.is_required()]
_APPENDED = "{%s}\n" % ",".join(f'"{name}":%s' for name in _FIELDS)  # noqa: UP031  # what is left is filled in later


def read_line(
    line: bytes | None, names: Callable[[str], UUID], given_id: UUID | None
) -> Append | LedgerError:
    """The append that a line asks for, or what keeps it from being read."""
    if line is None:
        return TooLarge(f"a line may have at most {LINE_BYTES} bytes")
    try:
        draft = read_one(strict_parsing.parse(line, strict_parsing.JSON), "", None, names, given_id)
    except Invalid as error:
        return _brief(error)
    except Refused as error:
        return error
    if draft.problem is not None:
        draft = draft._replace(problem=_brief(draft.problem))
    return Append(drafts=(draft,))


def outcome_line(number: int, outcome: AppendResult | LedgerError, instance: str) -> bytes:
    """What became of the line with that number, as a line of JSON."""
    if isinstance(outcome, LedgerError):
        found = problem(outcome, instance)
        refused = RefusedLine(line=number, status=found.status, problem=found)
        return json.dumps(refused.plain(), separators=(",", ":")).encode() + b"\n"
    status = 201 if outcome.is_new else 200
    survivor = outcome.counts_for
    if outcome.left_out:
        line = AppendedLine.model_validate(
            {
                "line": number,
                "status": status,
                "position": outcome.position,
                "counts_for": survivor,
                "not_addressed": outcome.left_out,
            }
        )
        return line.json_bytes() + b"\n"
    counts_for = "null" if survivor is None else f'"{survivor}"'
    return (_APPENDED % (number, status, outcome.position, counts_for)).encode()


def _brief(error: Invalid) -> Invalid:
    """The error without more of it than a reader needs: many may wait in memory."""
    return Invalid(
        FieldError(one.pointer[:MOST_POINTER], one.code, one.detail)
        for one in error.errors[:MOST_ERRORS]
    )
