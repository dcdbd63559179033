"""Reading a ledger's transparency log for a command: from a server, or from a data folder."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from api.bootstrap import ledger_store_in
from api.cli.ending import UsageRefused
from api.cli.folders import opened_to_read, settings_for
from domain.errors import LedgerError, NotFound, Unavailable, Unproven
from ledger.data_layout import settings_of
from ledger.files import FolderInUse
from ledger.transparency.notes import Verifier, from_base64
from ledger.transparency.tiles import TILE_WIDTH, BundleAt, decode_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.transparency.log import TransparencyLog

ANSWER_SECONDS = 30.0
MOST_BYTES = 256 * 1024 * 1024
"""The most bytes of an answer that are read."""


PATIENCE_SECONDS = 120
"""Seconds that a key over its limit waits for one answer, in all."""


class Unanswered(Unavailable):
    """The server cannot be reached, or does not answer as a ledger does."""


class NotAnswered(LedgerError):
    """The server says no; the text is its own."""


class NotYetAnswered(NotAnswered):
    """The rate limit of the key is reached; it may send requests again after ``seconds``."""

    def __init__(self, detail: str, seconds: int) -> None:
        super().__init__(detail)
        self.seconds = seconds


class QuestionRefused(NotAnswered, UsageRefused):
    """The server says that the question cannot be asked so."""


class KeyWanted(QuestionRefused):
    """The server answers only who has an access key."""

    def __init__(self, server: str, detail: str, *, sent: bool, also: str = "") -> None:
        """``sent`` says whether a key was sent; ``also`` is another way to name one."""
        if sent:
            super().__init__(f"{server} does not accept the access key: {detail}")
        else:
            super().__init__(
                f"{server} asks for an access key: set RAPPORT_ACCESS_KEY to one{also}; "
                "rapport keys create makes one"
            )


@dataclass(frozen=True)
class Inclusion:
    """A proof as the log gave it, not verified."""

    entry: bytes
    tree_size: int
    root: bytes
    hashes: list[bytes]


class LogReader(Protocol):
    """The source of proofs. Nothing that it answers has been verified."""

    def note(self) -> bytes:
        """The last signed checkpoint."""

    def verifiers(self) -> list[Verifier]:
        """The keys that the log names as its own, newest first."""

    def inclusion(self, position: int, tree_size: int) -> Inclusion:
        """The proof of an event in the tree of that size."""

    def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that a tree is how a later one begins."""

    def bundle(self, at: BundleAt) -> bytes:
        """A bundle of entries."""


class ServedLog:
    """The log behind a ledger's URL, such as ``http://127.0.0.1:8400/v1/ledgers/main``."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def note(self) -> bytes:
        return fetch(f"{self._url}/log/checkpoint")

    def verifiers(self) -> list[Verifier]:
        lines = fetch(f"{self._url}/log/key").decode("utf-8", "replace").splitlines()
        return [Verifier.read(line) for line in lines]

    def inclusion(self, position: int, tree_size: int) -> Inclusion:
        found = self._proof("inclusion", position=position, tree_size=tree_size)
        entry = fetch(f"{self._url}/log/entries/{position}")
        with _as_answered():
            return Inclusion(
                entry, int(found["tree_size"]), from_base64(found["root_hash"]), _hashes(found)
            )

    def consistency(self, first: int, second: int) -> list[bytes]:
        found = self._proof("consistency", first=first, second=second)
        with _as_answered():
            return _hashes(found)

    def bundle(self, at: BundleAt) -> bytes:
        return fetch(f"{self._url}/log/{at.path}")

    def _proof(self, name: str, **query: int) -> dict[str, Any]:
        content = fetch(f"{self._url}/log/proofs/{name}?{urlencode(query)}")
        with _as_answered():
            found: dict[str, Any] = json.loads(content)
            return found


class OpenLog:
    """The log of a ledger in a folder that this process holds."""

    def __init__(self, log: TransparencyLog) -> None:
        self._log = log

    def note(self) -> bytes:
        return self._log.checkpoint().note

    def verifiers(self) -> list[Verifier]:
        return self._log.verifiers()

    def inclusion(self, position: int, tree_size: int) -> Inclusion:
        found = self._log.inclusion(position, tree_size)
        entry = self._log.entry(position)
        return Inclusion(entry, found.tree_size, found.root_hash, list(found.hashes))

    def consistency(self, first: int, second: int) -> list[bytes]:
        return list(self._log.consistency(first, second))

    def bundle(self, at: BundleAt) -> bytes:
        return self._log.bundle(at)


def entries_of(log: LogReader, size: int) -> Iterator[bytes]:
    """The entries of the first ``size`` events, a bundle in memory at a time.

    Raises:
        BundleRefused: the log gives something else.
    """
    for start in range(0, size, TILE_WIDTH):
        at = BundleAt(start // TILE_WIDTH, min(TILE_WIDTH, size - start))
        yield from decode_bundle(log.bundle(at), at.width)


@contextmanager
def log_at(target: str, ledger_name: str) -> Iterator[LogReader]:
    """The log of a ledger's URL, or of a data folder's ledger of that name.

    Where a server holds the folder, it is the one that this server serves.

    Raises:
        UsageRefused: it is neither.
    """
    with ExitStack() as stack:
        if is_url(target):
            yield ServedLog(url_of_ledger(target, ledger_name))
            return
        if not Path(target).is_dir():
            raise UsageRefused(f"{target} is neither a URL nor a data folder")
        log: LogReader
        try:
            ledger = stack.enter_context(opened_to_read(Path(target), ledger_name))
            log = OpenLog(ledger.transparency)
        except FolderInUse as held:
            log = ServedLog(held_ledger_url(held, Path(target), ledger_name))
        yield log


def held_ledger_url(held: FolderInUse, folder: Path, ledger_name: str) -> str:
    """The URL of a ledger in a folder that is in use by its server.

    Raises:
        FolderInUse: it is in use by something that is no server that listens.
        LedgerNotFound: there is no ledger of that name.
        Unanswered: the server that listens there serves another ledger of that name.
    """
    server = url_of_holder(held)
    url = f"{server}/v1/ledgers/{ledger_name}"
    require_same_ledger(folder, ledger_name, server, ServedLog(url).note)
    return url


def url_of_holder(held: FolderInUse) -> str:
    """Where the server answers that holds a folder.

    Raises:
        FolderInUse: it is in use by something that is no server that listens.
    """
    if held.url is None:
        raise FolderInUse(
            f"{held}, or wait until it has ended: it is no server that could be asked instead"
        )
    return held.url


def require_same_ledger(folder: Path, name: str, url: str, checkpoint: Callable[[], bytes]) -> None:
    """Make sure that the server which was found by itself serves the ledger of this data folder.

    A lock file says where a process listens as that process sees it. In a container this may be
    elsewhere, and another server may listen there on this machine.

    Raises:
        LedgerNotFound: there is no ledger of that name.
        Unanswered: it serves another ledger of that name.
        LedgerError: it does not answer.
    """
    store = ledger_store_in(folder, name)
    origin = checkpoint().partition(b"\n")[0].decode("utf-8", "replace")
    if origin != settings_of(store).origin:
        raise Unanswered(
            f"the process that holds {folder} says that it answers at {url}, and the "
            f"ledger {name} there is another one: name its server with a URL"
        )


def is_url(target: str) -> bool:
    """Whether it names a server rather than a file."""
    return target.startswith(("http://", "https://"))


def url_of_ledger(url: str, ledger_name: str) -> str:
    """The URL of a ledger: itself, or that of the ledger of this name where it is a server's.

    >>> url_of_ledger("http://127.0.0.1:8400/", "main")
    'http://127.0.0.1:8400/v1/ledgers/main'
    """
    url = url.rstrip("/")
    return url if "/v1/ledgers/" in url else f"{url}/v1/ledgers/{ledger_name}"


def fetch(url: str) -> bytes:
    """The answer of a server at this URL, with the access key of the settings if there is one.

    Where that key may ask so often and no more, it is waited for: a verification asks a lot.

    Raises:
        UsageRefused: it is no URL.
        NotFound: nothing is there.
        NotAnswered: the server says no; ``QuestionRefused`` where nothing could be asked so.
        Unanswered: it cannot be reached.
    """
    try:
        netloc = urlsplit(url).netloc
        request = Request(url, headers={"Accept": "*/*"})  # noqa: S310  # is_url lets only HTTP in
        if key := settings_for(None).access_key:
            # A redirect may lead to anybody, and the key is for this server alone.
            request.add_unredirected_header("Authorization", f"Bearer {key}")
    except ValueError:
        raise UsageRefused(f"{url} is no URL") from None
    waited = 0
    while True:
        try:
            return _answer(request, netloc)
        except NotYetAnswered as error:
            waited += error.seconds
            if waited > PATIENCE_SECONDS:
                raise
            sleep(error.seconds)


def _answer(request: Request, netloc: str) -> bytes:
    try:
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310  # as above
            content: bytes = answer.read(MOST_BYTES + 1)
    except HTTPError as error:
        raise _to_ledger_error(error, request) from None
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise Unanswered(f"{netloc} does not answer: {reason}") from None
    if len(content) > MOST_BYTES:
        raise Unanswered(f"{netloc} answers with more than {MOST_BYTES} bytes")
    return content


def _to_ledger_error(error: HTTPError, request: Request) -> LedgerError:
    """The error of an answer, in the server's words if it answers as Rapport does."""
    detail = f"the server answers {error.code}"
    try:
        document = json.loads(error.read(65_536))
        detail = str(document["detail"])
    except (ValueError, LookupError, TypeError, OSError, HTTPException):
        detail += " without saying why"
    if error.code == 401:
        server = f"{request.type}://{request.host}"
        return KeyWanted(server, detail, sent=request.has_header("Authorization"))
    if error.code == 404:
        return NotFound(detail)
    if error.code == 422:
        return QuestionRefused(detail)
    if error.code == 429 and (seconds := error.headers.get("Retry-After", "")).isdecimal():
        return NotYetAnswered(detail, max(int(seconds), 1))
    return Unanswered(detail) if error.code >= 500 else NotAnswered(detail)


def _hashes(found: dict[str, Any]) -> list[bytes]:
    return [from_base64(one) for one in found["hashes"]]


@contextmanager
def _as_answered() -> Iterator[None]:
    """Take what is not in the form of an answer for what proves nothing."""
    try:
        yield
    except (ValueError, LookupError, TypeError, RecursionError):
        raise Unproven("the server's answer is no proof") from None
