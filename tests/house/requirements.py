"""What installed distributions need, and what these need in turn."""

from __future__ import annotations

from importlib.metadata import Distribution, distribution
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def needed_by(requirements: Iterable[str]) -> set[str]:
    """The names of the installed distributions that fulfil these, such as ``a[extra]``, and theirs.

    Raises:
        PackageNotFoundError: one of them is not installed.
    """
    seen: set[tuple[str, frozenset[str]]] = set()
    todo = [_parsed(text) for text in requirements]
    while todo:
        name, extras = todo.pop()
        if (name, extras) not in seen:
            seen.add((name, extras))
            todo.extend(_needed(distribution(name), extras))
    return {name for name, _ in seen}


def _needed(one: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for text in one.requires or ():
        marker = Requirement(text).marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            yield _parsed(text)


def _parsed(text: str) -> tuple[str, frozenset[str]]:
    required = Requirement(text)
    return canonicalize_name(required.name), frozenset(required.extras)
