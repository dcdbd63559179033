"""The resources that say the same as a page: each page names them, as lines that can be copied."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode


class Twin(NamedTuple):
    """What of a page a resource says, and its path with its query."""

    of: str
    path: str


def path_with(path: str, **query: object) -> str:
    """A path with a query of what is neither None nor False.

    >>> path_with("/v1/ledgers/shop/agenda", names=True, kind=None, on="2026-03-01")
    '/v1/ledgers/shop/agenda?names=true&on=2026-03-01'
    """
    asked = {
        name.rstrip("_"): "true" if value is True else str(value)
        for name, value in query.items()
        if value is not None and value is not False
    }
    return f"{path}?{urlencode(asked)}" if asked else path
