"""Whether projections say what the events say: what the newest rebuild of each came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from projections.rebuilds import REBUILD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from uuid import UUID

    from projections.answers import ProjectionState
    from projections.operations import Operation
    from projections.queries import ProjectionQueries


@dataclass(frozen=True)
class Comparison:
    """A projection as it is, and how it compared with one that was made again from the events.

    ``same`` is None where nothing was compared since the server started, or where there was nothing
    to compare with; ``differences`` are as ``projections.digest.drift`` gives them. ``operation``
    is the rebuild that compared.
    """

    state: ProjectionState
    same: bool | None = None
    position: int = 0
    differences: tuple[Mapping[str, Any], ...] = ()
    operation: UUID | None = None


def comparisons_of(projections: ProjectionQueries) -> list[Comparison]:
    """Each projection with the newest comparison that is remembered."""
    newest: dict[str, Comparison] = {}
    states = {one.name: one for one in projections.states()}
    for operation in projections.operations.history():
        for name, result in _results(operation):
            if name in states:
                newest[name] = _comparison(states[name], operation, result)
    return [newest.get(name, Comparison(state)) for name, state in states.items()]


def _results(operation: Operation) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What an operation came to for each projection that it rebuilt."""
    if operation.kind != REBUILD or operation.result is None:
        return
    result: Mapping[str, Any] = operation.result
    for one in result.get("rebuilds", (result,)):
        yield one["projection"], one


def _comparison(
    state: ProjectionState, operation: Operation, result: Mapping[str, Any]
) -> Comparison:
    was_compared = result["live_digest"] is not None
    return Comparison(
        state,
        result["live_digest"] == result["digest"] if was_compared else None,
        result["position"],
        tuple(result["drift"]),
        operation.id,
    )
