"""Policies: what judges, in words; levers that say who would rise and fall; versions."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from api.console.appending import WAIT_SECONDS
from api.console.errors import sentence_of
from api.console.twins import Twin
from api.console.visit import Page
from api.console.vocabulary import LEVERS, place_named
from api.service.agendas.answering import names_at
from api.service.replays.preview import Proposal
from api.service.replays.starting import PREVIEW, start_preview
from domain.errors import Invalid, LedgerError, OperationNotFound
from domain.presets import read_policy
from ledger.access.scopes import ADMIN, AUDIT, READ

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.responses import Response

    from api.console.visit import Visit
    from domain.policy import Policy
    from domain.timeline import PolicyVersion
    from projections.operations import Operation

MOST_WHY = 200
"""How many characters the reason for a policy may have, which stands in the trail."""

MOST_FACES = 60
"""How many people a preview shows by name in each direction; the count is of all."""


@dataclass(frozen=True)
class Lever:
    """A number of the policy in force, and the one that was typed for it."""

    pointer: str
    label: str
    value: int
    typed: str


@dataclass(frozen=True)
class Face:
    """Somebody whose stage a policy would change."""

    contact_id: UUID
    name: str | None
    before: str
    after: str


@dataclass(frozen=True)
class Column:
    """Those whose stage would change in one direction; ``faces`` are the first of them."""

    count: int
    faces: tuple[Face, ...]

    @property
    def hidden(self) -> int:
        """How many of them are not named."""
        return self.count - len(self.faces)


def show(visit: Visit) -> Response:
    """The policy in force, its levers, and the versions before it."""
    return _page(visit, "", 200)


def _page(visit: Visit, problem: str, status: int) -> Response:
    versions = visit.served.ledger.policies()
    now = versions.in_force(visit.now)
    document = now.policy.document()
    levers = [
        Lever(pointer, label, value, visit.field(pointer) or str(value))
        for pointer, label in LEVERS.items()
        if isinstance(value := value_at(document, pointer), int)
    ]
    return visit.page(
        "policies.html",
        status=status,
        version=now,
        levers=levers,
        versions=list(reversed(versions.versions)),
        differences=_differences_by_version(versions.versions),
        position=visit.served.ledger.head(),
        may_publish=visit.may(ADMIN),
        may_preview=visit.may(READ, AUDIT),
        problem=problem,
    )


def preview(visit: Visit) -> Response:
    """Begin to work out who would rise and fall under what was typed.

    The preview before, if it is still running, ends: its answer is not wanted any more.

    Raises:
        TooManyQuestions: others are being answered already.
    """
    try:
        policy = _policy_with_levers(visit)
    except Invalid as error:
        problem = sentence_of(error)
        if visit.is_fragment:
            return visit.page("preview_problem.html", status=422, problem=problem)
        return _page(visit, problem, 422)
    for earlier in visit.session.proposals:
        with suppress(OperationNotFound):
            visit.served.projections.cancel(UUID(earlier))
    question = visit.question()
    work = start_preview(visit.served, visit.principal.id, question.moment, Proposal(policy))
    visit.session.propose(str(work.id), policy.document())
    if visit.is_fragment:
        return _state(visit, work)
    return visit.lead_to(f"{visit.ledger_path}/policies/previews/{work.id}")


def show_preview(visit: Visit) -> Response:
    """How far a preview is, and once it has ended the people whose stage would change.

    Raises:
        OperationNotFound: there is no such preview, or not any more.
    """
    work_id = _work_id(visit)
    work = visit.served.projections.operation(work_id)
    if work.kind != PREVIEW or work.owner not in ("", visit.principal.id):
        raise OperationNotFound("there is no such preview")
    return _state(visit, work)


def _state(visit: Visit, work: Operation) -> Response:
    work_id = work.id
    names = "?names=true" if visit.may(READ) else ""
    columns = _columns(visit, work) if work.state == "succeeded" else {}
    nobody = Column(0, ())
    document = visit.session.proposals.get(str(work_id))
    return visit.page(
        "preview.html" if not visit.is_fragment else "preview_state.html",
        work=work,
        twins=[
            Twin("who would rise and fall", f"{visit.api_path}/operations/{work.id}/result{names}"),
            Twin("how many of each, and the money", f"{visit.api_path}/operations/{work.id}"),
        ],
        state_path=f"{visit.ledger_path}/policies/previews/{work.id}",
        result=work.result or {},
        rising=columns.get(1, nobody),
        falling=columns.get(-1, nobody),
        others=columns.get(0, nobody),
        position=visit.served.ledger.head(),
        may_publish=visit.may(ADMIN) and document is not None,
    )


def publish(visit: Visit) -> Response:
    """Publish a policy that was previewed; it is in force from now on. Sent twice it is one.

    Raises:
        LedgerError: it was not published, and why.
    """
    document = visit.session.proposals.get(visit.field("preview"))
    if document is None:
        raise Invalid.at("/preview", "missing", "the preview is not remembered: make it again")
    if visit.field("confirmed") != "publish":
        raise Invalid.at("/confirmed", "missing", "type the word publish; nothing was published")
    why = visit.field("why")
    if not 0 < len(why) <= MOST_WHY:
        raise Invalid.at("/why", "missing", "say it in a few words; nothing was published")
    policy = read_policy(document)
    served = visit.served
    with visit.session.publishing:  # the button may be pressed twice
        newest = served.ledger.policies().versions[-1]
        if newest.policy.document() == document:
            return visit.lead_to(f"{visit.ledger_path}/policies")
        with visit.server.trails.order(
            served.ledger.name, visit.principal, "policy-published", policy.name, why=why
        ):
            published = served.ledger.publish_policy(policy, None).result(timeout=WAIT_SECONDS)
        visit.session.announce(f"Version {published.version} is published, and judges from now on.")
    return visit.lead_to(f"{visit.ledger_path}/policies")


def value_at(document: Mapping[str, Any], pointer: str) -> object:
    """The value in a document at a JSON Pointer; None where there is none."""
    found: Any = document
    for name in pointer.strip("/").split("/"):
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found


def _policy_with_levers(visit: Visit) -> Policy:
    document = visit.served.ledger.policies().in_force(visit.now).policy.document()
    for pointer in LEVERS:
        typed = visit.field(pointer)
        is_sent = visit.form is not None and pointer in visit.form
        if not is_sent or value_at(document, pointer) is None:
            continue
        if not typed.isdecimal() or len(typed) > 9:
            raise Invalid.at(pointer, "wrong-type", "must be a whole number")
        *parents, name = pointer.strip("/").split("/")
        place: Any = document
        for parent in parents:
            place = place[parent]
        place[name] = int(typed)
    try:
        return read_policy(document)
    except LedgerError as error:
        raise Invalid.at("", "contradiction", sentence_of(error)) from None


def _columns(visit: Visit, work: Operation) -> dict[int, Column]:
    """Those who would rise (1), fall (-1), or change otherwise (0), by what the preview found."""
    counts: Counter[int] = Counter()
    pairs: Any = (work.result or {}).get("from_to", ())
    for one in pairs:
        counts[_direction(one["from"], one["to"])] += one["count"]
    faces: dict[int, list[Face]] = {direction: [] for direction in counts}
    question = visit.question()
    name_of = names_at(visit.served.ledger, question.moment, wanted=visit.may(READ))
    with visit.served.results.open(work.id) as file:
        for line in file:
            row = json.loads(line)
            found = faces.setdefault(_direction(row["from"], row["to"]), [])
            if len(found) < MOST_FACES:
                contact = UUID(row["contact_id"])
                found.append(Face(contact, name_of(contact), row["from"], row["to"]))
            elif all(len(faces[one]) == min(counts[one], MOST_FACES) for one in counts):
                break
    return {one: Column(counts[one], tuple(found)) for one, found in faces.items()}


def _direction(before: str, after: str) -> int:
    """1 for up, -1 for down, 0 for neither."""
    return (_rank(after) > _rank(before)) - (_rank(after) < _rank(before))


_ORDER = (
    "ended", "lapsed_customer", "contact", "prospect", "lapsed_client", "customer", "client",
)  # fmt: skip  # the order is what it says


def _rank(stage: str) -> int:
    return _ORDER.index(stage) if stage in _ORDER else -1


def _differences_by_version(
    versions: tuple[PolicyVersion, ...],
) -> dict[int, list[tuple[str, object, object]]]:
    """What each version changed in the one before it: what in words, before and after."""
    found: dict[int, list[tuple[str, object, object]]] = {}
    before: dict[str, object] = {}
    for version in versions:
        after = dict(_leaves(version.policy.document()))
        found[version.version] = [
            (place_named(pointer), before.get(pointer), after.get(pointer))
            for pointer in sorted({*before, *after})
            if before and before.get(pointer) != after.get(pointer)
        ]
        before = after
    return found


def _leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for name, content in value.items():
            yield from _leaves(content, f"{pointer}/{name}")
    else:
        yield pointer, json.dumps(value)


def _work_id(visit: Visit) -> UUID:
    try:
        return UUID(visit.request.path_params["operation"])
    except ValueError:
        raise OperationNotFound("previews have UUIDs") from None


PAGES = (
    Page("/ledgers/{ledger}/policies", show, (READ, AUDIT)),
    Page("/ledgers/{ledger}/policies/previews", preview, (READ, AUDIT), method="POST"),
    Page("/ledgers/{ledger}/policies/previews/{operation}", show_preview, (READ, AUDIT)),
    Page("/ledgers/{ledger}/policies", publish, (ADMIN,), method="POST"),
)
