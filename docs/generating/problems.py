"""Every problem, as a producer or reader sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.http.problems import STATUS, TITLES
from docs.generating.markdown import first_sentence, opening, table
from domain.decisions import REASONS
from domain.errors import Invalid, LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_INTRODUCTION = """\
Every error is an `application/problem+json` document (RFC 9457) with `type`, `title`, `status`,
`detail`, `code` and `instance`; `type` is `urn:rapport:problem:` and the code. Codes and reasons
are stable, details are for people and may change.
"""

_REASONS = """\
A 409 with the code `refused` contains the reason of the decision in `reason`.
"""


_ERRORS = """\
An `invalid-request` lists every error in `errors`, each with a `pointer` (RFC 6901) into the
request, a `code` and a `detail`.
"""

_REJECTS = """\
`rapport import` gives one of the codes above for each row that it rejects, or one of these.
"""

FIELD_CODES: dict[str, str] = {
    "address-refused": "Webhooks are not sent to this address: it is not public, and no setting"
    " allows it.",
    "bad-cursor": "The cursor does not belong to this list.",
    "contradiction": "Two values exclude each other.",
    "duplicate-field": "It may be given only once.",
    "invalid-text": "It contains a character that is not allowed in this kind of text, or no"
    " visible character; see [texts](events.md#texts).",
    "invalid-time": "It is not an RFC 3339 instant with an offset, or not a possible instant.",
    "malformed": "The body is not valid JSON or msgpack, or the query is not a valid query.",
    "missing": "It is required.",
    "not-a-choice": "It is not one of the allowed words.",
    "not-from-clients": "Only the ledger records events of this type.",
    "out-of-range": "It is too small or too large.",
    "takes-a-replay": "The answer is too large for one response: use `POST .../replays`, or, for"
    " standings, the list without `sort`.",
    "too-long": "It has too many characters.",
    "too-short": "It has too few characters.",
    "unknown-currency": "It is not an ISO 4217 code.",
    "unknown-field": "There is no such field.",
    "unknown-time-zone": "It is not an IANA time zone.",
    "unknown-type": "There is no such event type.",
    "wrong-type": "It has another type than the field.",
}
"""The codes of single errors in a request."""

IMPORT_CODES: dict[str, str] = {
    "not-an-amount": "The text is not a decimal amount with the marks that the mapping defines.",
    "too-precise": "The amount has more decimals than its currency.",
    "no-proposal": "The file looks like nothing that `--guess` knows.",
    "no-rule": "No `[[event]]` of the mapping matches the row.",
    "invalid-date": "The text is no day of the calendar in a form that the mapping defines.",
    "scattered-group": "Rows of one group do not stand together in the file.",
    "setting-missing": "The file does not say what the mapping asks for in a setting.",
    "spoiled-ref": "The contact's ref looks as if a spreadsheet changed it.",
    "unreadable-file": "The file is not what the mapping reads: its encoding, or its header.",
    "unknown-column": "The mapping names a column that the file does not have.",
    "unknown-contact": "The ledger does not know the contact, and the mapping registers none.",
    "unknown-mapping": "There is no ready mapping of that name.",
    "unknown-setting": "The mapping asks for no setting of that name.",
    "unmatched-ref": "The contact's ref does not match the mapping's `pattern`.",
    "unpaired": "No purchase was found that the row could refund.",
    "unreadable-mapping": "The mapping is not valid TOML.",
    "unreadable-row": "The row is not valid CSV.",
    "unreadable-text": "The row is not in the mapping's encoding.",
    "wrong-columns": "The row has more or fewer columns than the file.",
    "wrong-kind-of-file": "The mapping is for vCards and the file is not, or the other way round.",
    "wrong-template": "A template of the mapping cannot be filled in.",
}
"""The codes of what an import rejects, besides those of requests."""


def problems_page() -> str:
    """Every problem code with its status, and every reason for a refusal."""
    return "\n".join(
        (
            opening("Problems", "`api/http/problems.py` and `domain/decisions`", _INTRODUCTION),
            "## Codes\n",
            table(("code", "status", "meaning"), sorted(_codes())),
            f"## Codes of single errors\n\n{_ERRORS}",
            _meanings("code", FIELD_CODES),
            f"## Codes of rejected rows\n\n{_REJECTS}",
            _meanings("code", IMPORT_CODES),
            f"## Reasons for a refusal\n\n{_REASONS}",
            table(
                ("reason", "meaning"), ((f"`{name}`", REASONS[name]) for name in sorted(REASONS))
            ),
        )
    )


def _meanings(head: str, meanings: Mapping[str, str]) -> str:
    return table((head, "meaning"), ((f"`{name}`", meanings[name]) for name in sorted(meanings)))


def _codes() -> Iterator[tuple[str, int, str]]:
    """Each code once, described by the class nearest to the root that has it."""
    # An Invalid whose errors are all of instants, or of texts, says so by a code of its own.
    seen = {"invalid-text", "invalid-time"}
    for code in sorted(seen):
        yield f"`{code}`", _status(Invalid), TITLES[code]
    for made in _classes(LedgerError):
        if made.code in TITLES and made.code not in seen:
            seen.add(made.code)
            meaning = "The server failed" if made is LedgerError else first_sentence(made)
            yield f"`{made.code}`", _status(made), meaning.rstrip(".")


def _classes(root: type[LedgerError]) -> Iterator[type[LedgerError]]:
    level = [root]
    while level:
        yield from level
        level = [below for above in level for below in above.__subclasses__()]


def _status(made: type[LedgerError]) -> int:
    return next(STATUS[above] for above in made.__mro__ if above in STATUS)
