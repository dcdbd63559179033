"""A file of lines as an answer, a piece in memory at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from starlette.concurrency import run_in_threadpool

from api.http.streams.outgoing import PIECE_BYTES, Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import Receive, Scope, Send

    from api.http.streams.streams import Streams


class FileAnswer:
    """Answers with all that is in a file, which is closed at the end."""

    def __init__(self, file: BinaryIO, streams: Streams, media_type: str, digest: str) -> None:
        """``digest`` is that of the file's bytes, in hex."""
        self.file = file
        self.streams = streams
        self.media_type = media_type
        self.digest = digest

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer; where the server stops or the reader does, the connection is cut.

        Raises:
            Unavailable: there are too many exports.
        """
        with self.file as file:
            size = await run_in_threadpool(file.seek, 0, 2)
            await run_in_threadpool(file.seek, 0)
            headers = {
                "content-type": self.media_type,
                "content-length": str(size),
                "etag": f'"{self.digest}"',
                "cache-control": "no-store",
                "vary": "Accept",
            }
            out = Outgoing(scope, send, headers, self.streams.limits.reader_seconds)
            with self.streams.exports.one():
                await out.run(self._write(out))

    async def _write(self, out: Outgoing) -> None:
        while not out.without_body and (piece := await run_in_threadpool(self._piece)):
            if self.streams.stopping.begun:
                await out.cut()
                return
            await out.write(piece)
        await out.finish()

    def _piece(self) -> bytes:
        return self.file.read(PIECE_BYTES)


class LabelledAnswer:
    """Answers with all lines of a file, each changed as it is written; the file is closed then."""

    def __init__(
        self,
        file: BinaryIO,
        streams: Streams,
        media_type: str,
        change: Callable[[list[bytes]], Iterable[bytes]],
    ) -> None:
        """``change`` may read files; it is called in a thread, with some lines at a time."""
        self.file = file
        self.streams = streams
        self.media_type = media_type
        self._change = change

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer; where the server stops or the reader does, the connection is cut.

        Raises:
            Unavailable: there are too many exports.
        """
        headers = {"content-type": self.media_type, "cache-control": "no-store", "vary": "Accept"}
        out = Outgoing(scope, send, headers, self.streams.limits.reader_seconds)
        with self.file, self.streams.exports.one():
            await out.run(self._write(out))

    async def _write(self, out: Outgoing) -> None:
        while not out.without_body and (lines := await run_in_threadpool(self._lines)):
            if self.streams.stopping.begun:
                await out.cut()
                return
            await out.write_all(lines)
        await out.finish()

    def _lines(self) -> list[bytes]:
        return list(self._change(self.file.readlines(PIECE_BYTES)))
