"""The methods of the HTTP library that have another name in coroutines.

The generated client calls the plain function where the asynchronous one awaits its pair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx2


def close(opened: httpx2.Response | httpx2.Client) -> None:
    """Close a response or a client."""
    opened.close()


async def close_async(opened: httpx2.Response | httpx2.AsyncClient) -> None:
    """Close a response or a client."""
    await opened.aclose()


def read(response: httpx2.Response) -> bytes:
    """The whole body."""
    return response.read()


async def read_async(response: httpx2.Response) -> bytes:
    """The whole body."""
    return await response.aread()


def pieces(response: httpx2.Response) -> Iterator[bytes]:
    """The body in pieces, as they arrive."""
    return response.iter_bytes()


def pieces_async(response: httpx2.Response) -> AsyncIterator[bytes]:
    """The body in pieces, as they arrive."""
    return response.aiter_bytes()
