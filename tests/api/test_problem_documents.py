"""A problem says in one model all that errors say, and so does each line of a bulk append."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from api.http.problems import problem, problem_bytes
from api.http.streams.outcomes import outcome_line
from api.service.answers.events import AppendedLine
from api.service.answers.problems import Problem
from api.service.errors import ConfirmationNeeded
from api.service.readiness import NotReady, Readiness
from domain.errors import EventIdReused, Invalid, LedgerError, Refused, VersionMismatch
from domain.recorded import RecordedEvent
from ledger.archive.refusals import ArchiveRefused
from ledger.drafts import AppendedEvent, AppendResult
from tests.house.tree import package_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTANCE = "urn:uuid:4b8f1d3a-52e7-4b0f-8f53-0d6f0b2f9c11"
ID = UUID("0198c1f0-5a52-7c3e-9d7b-3f0d6a1b2c4d")

ERRORS = [
    VersionMismatch(4),
    EventIdReused(ID, 7),
    EventIdReused(ID, None),
    Refused("level-lower", "lower", level=3),
    Refused("id-in-use", "in use", event=str(ID)),
    Refused("contact-erased", "erased", fields=["name"]),
    Refused("currency-differs", "other", currency="EUR", currencies=["EUR", "USD"]),
    ConfirmationNeeded("again", "token", "2026-03-01T09:05:00Z"),
    NotReady(Readiness({"ledger": 1}, 3, is_recording=False, serving=0)),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda one: type(one).__name__)
def test_a_problem_has_every_field_of_its_error(error: LedgerError) -> None:
    told = problem(error, INSTANCE).plain()
    assert told == {**error.fields(), **told}
    assert told["status"] != 500


def test_every_error_with_fields_of_its_own_is_tried() -> None:
    own = {cls for cls in subclasses(LedgerError) if "fields" in vars(cls)} - {LedgerError}
    assert own == {type(one) for one in ERRORS} | {ArchiveRefused}  # which no endpoint raises


def test_every_detail_of_a_refusal_is_a_field_of_problems() -> None:
    trees = [tree for _, tree, _ in package_modules()]
    refusing = {"refusal", "Refused"}
    refusing |= {
        node.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.args.kwarg and list(calls(node, refusing))
    }
    named = {
        keyword.arg for tree in trees for call in calls(tree, refusing) for keyword in call.keywords
    }
    assert {"level", "event", "fields"} <= named
    handed_on = {None}  # as **fields
    assert named - handed_on <= set(Problem.model_fields)


def test_a_problem_that_quotes_what_is_no_text_is_sent_in_ascii() -> None:
    sent = problem_bytes(problem(Invalid.at("/data", "wrong", "is \ud800"), INSTANCE))
    assert sent.isascii()
    assert json.loads(sent)["errors"] == [
        {"pointer": "/data", "code": "wrong", "detail": "is \ud800"}
    ]


@pytest.mark.parametrize("counts_for", [None, ID])
@pytest.mark.parametrize("replayed", [True, False])
def test_the_line_of_an_append_is_its_model_in_bytes(
    counts_for: UUID | None, *, replayed: bool
) -> None:
    event = AppendedEvent(0, RecordedEvent.create(id=ID), replayed)
    result = AppendResult((event,), 41, ID, 2, {ID: counts_for} if counts_for else {})
    line = AppendedLine(line=3, status=200 if replayed else 201, position=41, counts_for=counts_for)
    assert outcome_line(3, result, INSTANCE) == line.json_bytes() + b"\n"


def test_the_line_of_a_refusal_holds_the_problem() -> None:
    error = Refused("level-lower", "a \ud800", level=3)
    line = outcome_line(9, error, INSTANCE)
    told = problem(error, INSTANCE).plain()
    assert json.loads(line) == {"line": 9, "status": 409, "problem": told}
    assert line.isascii()


def subclasses(cls: type[LedgerError]) -> Iterator[type[LedgerError]]:
    yield cls
    for one in cls.__subclasses__():
        yield from subclasses(one)


def calls(tree: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node
