"""Lines out of the pieces of an answer, in constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Lines:
    """Splits at line feeds alone: names may hold what else ends a line in Unicode, such as U+2028.

    Rejected: ``httpx2.Response.iter_lines``, which splits at all of them.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> Iterable[bytes]:
        """The lines that end in this piece, without their ends."""
        *whole, self._rest = (self._rest + piece).split(b"\n")
        return [line.removesuffix(b"\r") for line in whole]
