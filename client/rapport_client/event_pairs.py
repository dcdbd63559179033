"""Reads the events that ``bulk`` is given, from an iterable of either kind."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING

from rapport_client.events import pair_of

if TYPE_CHECKING:
    from rapport_client.events import AsyncEventPairs, ContactName, EventPairs, NewEvent


def each(pairs: EventPairs) -> EventPairs:
    """The pairs, for the client without an event loop."""
    return map(pair_of, pairs)


async def each_async(pairs: AsyncEventPairs) -> AsyncIterator[tuple[ContactName, NewEvent]]:
    """The pairs, whichever kind of iterable holds them."""
    if isinstance(pairs, AsyncIterable):
        async for pair in pairs:
            yield pair_of(pair)
    else:
        for pair in pairs:
            yield pair_of(pair)
