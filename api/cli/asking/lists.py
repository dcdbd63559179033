"""Lists of a server, asked over HTTP: ledgers, access keys, audit trails and verifier keys."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from api.cli.asking.documents import Documents
from api.cli.asking.target import access_key_of, require_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.cli.asking.answers import Document

_PAGE = "500"


def served_ledgers(url: str, folder: Path | None, access_key_file: Path | None) -> list[Document]:
    """The ledgers that the server there has, as far as the access key may know of them.

    Raises:
        LedgerError: it cannot be asked, or says no.
    """
    with _documents_of(url, folder, access_key_file) as documents:
        return list(documents.get_of_server("/v1/ledgers")["items"])


def served_verifiers(url: str, access_key_file: Path | None, ledger: str) -> list[str]:
    """The verifier keys of the log of a ledger there, newest first.

    Raises:
        LedgerError: it cannot be asked, or says no.
    """
    with _documents_of(url, None, access_key_file, ledger) as documents:
        return documents.get_bytes("/log/key").decode("utf-8", "replace").splitlines()


def served_keys(url: str, folder: Path | None, access_key_file: Path | None) -> list[Document]:
    """The access keys of the server there.

    Raises:
        LedgerError: it cannot be asked, or says no.
    """
    with _documents_of(url, folder, access_key_file) as documents:
        return list(documents.get_of_server("/v1/keys")["items"])


def served_trail(
    url: str, folder: Path | None, access_key_file: Path | None, ledger: str | None
) -> list[Document]:
    """The entries of the audit trail of a ledger there, or of the server.

    Raises:
        LedgerError: it cannot be asked, or says no.
    """
    found: list[Document] = []
    after: int | None = 0
    with _documents_of(url, folder, access_key_file, ledger) as documents:
        read = documents.get_of_server if ledger is None else documents.get
        path = "/v1/trail" if ledger is None else "/trail"
        while after is not None:
            page = read(path, {"after_number": str(after), "limit": _PAGE})
            found += page["items"]
            after = page["next_after"]
    return found


@contextmanager
def _documents_of(
    url: str, folder: Path | None, access_key_file: Path | None, ledger: str | None = None
) -> Iterator[Documents]:
    require_server(url, folder)
    key = access_key_of(folder, access_key_file)
    with Documents(url.rstrip("/"), ledger or "main", key) as documents:
        yield documents
