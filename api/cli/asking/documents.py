"""One ledger on a server, asked through the client; what it says is kept as it was said."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2

from api.cli.ending import UsageRefused
from api.cli.log_reading import KeyWanted, NotAnswered, QuestionRefused, Unanswered
from api.service.settings import is_loopback
from domain.errors import LedgerError, LedgerNotFound, NotFound
from rapport_client import problems
from rapport_client.events import encode
from rapport_client.operations import pauses
from rapport_client.requests import (
    DocumentRequest,
    LedgerPaths,
    Request,
    got,
    got_bytes,
    post_request,
)
from rapport_client.retries import Retries
from rapport_client.synchronous.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from api.cli.asking.answers import Document

RETRIES = Retries(tries=2, first_seconds=0.1, most_seconds=1.0)
ANSWER_SECONDS = 15.0
"""Seconds to wait for an answer: a person waits at the terminal."""

_CERTIFICATES = (
    "; name the server by --url as its certificate does, and in SSL_CERT_FILE the certificate of "
    "an authority of your own"
)


class MayNot(QuestionRefused):
    """The access key is not for this question."""


class Documents(Connection):
    """A connection to one ledger that answers with the server's own documents.

    Every method raises

    - ``Unanswered`` if no server answers there, or none of a ledger;
    - ``KeyWanted`` or ``MayNot`` if it wants another access key;
    - ``NotFound``, ``QuestionRefused`` or ``NotAnswered`` if it says no; the text is its own.
    """

    def __init__(self, url: str, ledger: str, key: str | None) -> None:
        """``url`` is the server's, such as ``http://127.0.0.1:8400``.

        Raises:
            UsageRefused: it is no URL.
        """
        try:
            host = urlsplit(url).hostname or ""
            # A proxy of the environment is for other machines.
            direct = httpx2.HTTPTransport() if is_loopback(host) else None
            super().__init__(
                url,
                ledger,
                key=key,
                retries=RETRIES,
                timeout_seconds=ANSWER_SECONDS,
                transport=direct,
            )
        except (ValueError, httpx2.InvalidURL):
            raise UsageRefused(f"{url} is no URL") from None
        self.url = url
        self._has_key = key is not None
        self.base = LedgerPaths(ledger).base

    def get(self, path: str, query: dict[str, str] | None = None) -> Document:
        """The document at a path below the ledger."""
        return self._document(got(self.base + path, _as_document, query))

    def get_of_server(self, path: str, query: dict[str, str] | None = None) -> Document:
        """The document at a path of the server."""
        return self._document(got(path, _as_document, query))

    def get_bytes(self, path: str) -> bytes:
        """The content at a path below the ledger, byte for byte."""
        with self._as_command_errors():
            return self._send(got_bytes(self.base + path))

    def post(self, path: str, body: Document | list[Document]) -> Document:
        """The answer to a document, or to several, sent to a path below the ledger."""
        return self._document(post_request(self.base + path, body, _as_document))

    def patch(self, path: str, body: Document) -> Document:
        """The answer to a document that changes what is at a path below the ledger."""
        request = DocumentRequest(
            method="PATCH",
            path=self.base + path,
            headers={"Content-Type": "application/json"},
            content=encode(body),
            read=_as_document,
        )
        return self._document(request)

    def delete(self, path: str) -> Document:
        """The answer to taking away what is at a path below the ledger."""
        return self._document(
            DocumentRequest(method="DELETE", path=self.base + path, read=_as_document)
        )

    def wait_until_finished(
        self, operation: Document, tell: Callable[[Document], None]
    ) -> Document:
        """The operation once it has ended. ``tell`` is called with each state of it.

        Where it is not waited for any more, the server is asked to end it.
        """
        path = f"/operations/{operation['id']}"
        try:
            for pause in pauses(float("inf")):
                tell(operation)
                if operation["state"] != "running":
                    return operation
                self._sleep(min(pause, 0.25))
                operation = self.get(path)
        except KeyboardInterrupt:
            request = DocumentRequest(method="DELETE", path=self.base + path, read=_as_document)
            with suppress(LedgerError):
                self._document(request)
            raise
        raise AssertionError("there is always another pause")

    def result(self, operation: Document, file: BinaryIO | None, most: int) -> list[Document]:
        """The first lines of an operation's result; all of them go into ``file``, if there is one.

        Raises:
            Unanswered: they are not those whose digest the operation names.
        """
        path = f"{self.base}/operations/{operation['id']}/result"
        request = Request(method="GET", path=path, headers={"Accept": "application/x-ndjson"})
        with self._as_command_errors(), self._lines(request) as (_, lines):
            if file is None:
                return [json.loads(line) for line in islice(lines, most)]
            first: list[Document] = []
            sha = hashlib.sha256()
            for line in lines:
                if len(first) < most:
                    first.append(json.loads(line))
                sha.update(line + b"\n")
                file.write(line + b"\n")
        if sha.hexdigest() != operation["result"]["digest"]:
            raise Unanswered(f"{self.url} sent other lines than those of the result: ask again")
        return first

    def _document(self, request: DocumentRequest[Document]) -> Document:
        with self._as_command_errors():
            return self._send(request)

    @contextmanager
    def _as_command_errors(self) -> Iterator[None]:
        """Raise errors as commands report them."""
        try:
            yield
        except problems.Problem as problem:
            raise self._to_command_error(problem) from None
        except (problems.Unreachable, httpx2.HTTPError, httpx2.InvalidURL) as error:
            hint = _CERTIFICATES if "CERTIFICATE_VERIFY_FAILED" in str(error) else ""
            raise Unanswered(f"{self.url} does not answer: {error}{hint}") from None
        except (ValueError, LookupError, TypeError):
            raise Unanswered(f"{self.url} does not answer as Rapport does") from None

    def _to_command_error(self, problem: problems.Problem) -> Exception:
        if isinstance(problem, problems.Unauthenticated):
            also = ", or name a file with one by --access-key-file"
            return KeyWanted(self.url, str(problem), sent=self._has_key, also=also)
        if isinstance(problem, problems.Forbidden):
            return MayNot(f"{self.url} refuses this to the access key: {problem}")
        if not problem.code:
            return Unanswered(f"{self.url} does not answer as Rapport does: {problem}")
        if problem.code == LedgerNotFound.code:
            return LedgerNotFound(str(problem))
        if isinstance(problem, problems.NotFound):
            return NotFound(str(problem))
        if isinstance(problem, problems.InvalidRequest):
            return QuestionRefused(str(problem))
        if isinstance(problem, problems.Unavailable | problems.ServerFault):
            return Unanswered(f"{self.url} cannot answer now: {problem}")
        return NotAnswered(str(problem))


def _as_document(found: Any) -> Document:
    """The document that a server sent.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(found, dict):
        raise TypeError("this is no document")
    return found
