"""The target of a command: a server by its URL, or a data folder, or the server that holds it."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote

import click

from api.bootstrap import ledger_store_in
from api.cli.asking.folder import FolderAnswers, OpenServerAnswers
from api.cli.ending import UsageRefused
from api.cli.folders import open_folder, opened_to_read, opened_with_projections, settings_for
from api.cli.log_reading import is_url, require_same_ledger, url_of_holder
from api.cli.options import data_option, ledger_option
from api.service.text_files import read_given_text
from ledger.files import FolderInUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from api.cli.asking.answers import AppendingAnswers, LedgerAnswers, ProjectionAnswers
    from api.cli.asking.documents import Documents
    from api.cli.asking.server import ServerAnswers

F = TypeVar("F", bound="Callable[..., object]")

_LEDGERS = "/v1/ledgers/"


@dataclass(frozen=True)
class Target:
    """One ledger, and where it is to be asked: at ``url``, or else where its folder is."""

    ledger: str
    folder: Path | None = None
    url: str | None = None
    access_key_file: Path | None = None


def target_options(command: F) -> F:
    """``--ledger``, ``--data``, ``--url`` and ``--access-key-file``, as one ``target``."""

    @wraps(command)
    def with_target(
        ledger_name: str,
        folder: Path | None,
        url: str | None,
        access_key_file: Path | None,
        **more: object,
    ) -> object:
        return command(target=_target(ledger_name, folder, url, access_key_file), **more)

    decorated: Callable[..., object] = url_options(with_target, finds_by_itself=True)
    return ledger_option(data_option(decorated))  # type: ignore[return-value]  # click keeps what it is given


def url_options(command: F, *, finds_by_itself: bool = False) -> F:
    """``--url`` and ``--access-key-file``."""
    default = "  [default: the server that holds the data folder, if one does]"
    access_key_file = click.option(
        "--access-key-file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE",
        help="Its first line is the access key that a server is asked with.  [default: "
        "RAPPORT_ACCESS_KEY]",
    )
    url = click.option(
        "--url",
        metavar="URL",
        help=f"Ask the server at this URL.{default if finds_by_itself else ''}",
    )
    return url(access_key_file(command))


def _target(
    ledger: str, folder: Path | None, url: str | None, access_key_file: Path | None
) -> Target:
    """The target that the options name.

    Raises:
        UsageRefused: they contradict each other, or the URL is none.
    """
    if url is None:
        return Target(ledger, folder, None, access_key_file)
    require_server(url, folder)
    server, below, name = url.rstrip("/").partition(_LEDGERS)
    if not below:
        return Target(ledger, None, server, access_key_file)
    name = unquote(name)
    source = click.get_current_context().get_parameter_source("ledger_name")
    if source is click.core.ParameterSource.COMMANDLINE and name != ledger:
        raise UsageRefused(
            f"--url names the ledger {name}, and --ledger {ledger}: give one of them"
        )
    return Target(name, None, server, access_key_file)


def require_server(url: str, folder: Path | None) -> None:
    """Let pass what ``--url`` names, where nothing else is named.

    Raises:
        UsageRefused: it is no URL, or a folder is named too.
    """
    if folder is not None:
        raise UsageRefused("--data names a folder and --url a server: give one of them")
    if not is_url(url):
        raise UsageRefused(f"--url must be such as http://127.0.0.1:8400, not {url}")


@contextmanager
def asked_ledger(target: Target) -> Iterator[LedgerAnswers]:
    """The answers of the ledger, from its folder or from a server.

    Raises:
        LedgerError: neither can be asked.
    """
    with _answers_of(target, _from_folder) as answers:
        yield answers


@contextmanager
def asked_projections(target: Target) -> Iterator[ProjectionAnswers]:
    """The same for what rests on projections."""
    with _answers_of(target, _from_projections) as answers:
        yield answers


@contextmanager
def publishing_ledger(target: Target) -> Iterator[LedgerAnswers]:
    """The same for publishing a policy, for which the folder is made on first use."""
    with _answers_of(target, _from_new_folder) as answers:
        yield answers


@contextmanager
def appending_ledger(target: Target) -> Iterator[AppendingAnswers]:
    """The same for appending events, for which the folder is made on first use."""
    with _answers_of(target, _from_new_folder) as answers:
        yield answers


def _from_folder(target: Target, stack: ExitStack) -> FolderAnswers:
    return FolderAnswers(stack.enter_context(opened_to_read(target.folder, target.ledger)))


def _from_new_folder(target: Target, stack: ExitStack) -> FolderAnswers:
    return FolderAnswers(stack.enter_context(open_folder(target.folder)).ledger(target.ledger))


def _from_projections(target: Target, stack: ExitStack) -> OpenServerAnswers:
    server = stack.enter_context(opened_with_projections(target.folder))
    return OpenServerAnswers(server, target.ledger)


A = TypeVar("A")


@contextmanager
def answers_of_holder(target: Target, held: FolderInUse) -> Iterator[ServerAnswers]:
    """The answers of the server that holds the target's folder.

    Raises:
        FolderInUse: what holds it is no server that listens.
        LedgerNotFound: there is no ledger of that name.
    """
    with ExitStack() as stack:
        yield _from_holder(target, held, stack)


@contextmanager
def _answers_of(
    target: Target, from_folder: Callable[[Target, ExitStack], A]
) -> Iterator[A | ServerAnswers]:
    with ExitStack() as stack:
        if target.url is not None:
            yield _from_server(target, target.url, None, stack)
            return
        answers: A | ServerAnswers
        try:
            answers = from_folder(target, stack)
        except FolderInUse as held:
            answers = _from_holder(target, held, stack)
        yield answers


@contextmanager
def served_documents(target: Target) -> Iterator[Documents]:
    """The documents of a server, for what a server alone does.

    Raises:
        UsageRefused: none runs on the folder.
        LedgerError: it cannot be asked.
    """
    with ExitStack() as stack:
        if target.url is not None:
            yield _from_server(target, target.url, None, stack).documents
            return
        try:
            with open_folder(target.folder, make=False):
                pass
        except FolderInUse as held:
            yield _from_holder(target, held, stack).documents
        else:
            raise UsageRefused("no server runs on the data folder: start one with rapport serve")


def _from_server(target: Target, url: str, folder: Path | None, stack: ExitStack) -> ServerAnswers:
    """The answers of a server; ``folder`` is the data folder that it holds on this machine."""
    # The HTTP library takes a while to import, and a folder is asked without it.
    from api.cli.asking.documents import Documents, MayNot  # noqa: PLC0415  # as said above
    from api.cli.asking.server import ServerAnswers  # noqa: PLC0415  # as said above

    documents = stack.enter_context(
        Documents(url, target.ledger, access_key_of(target.folder, target.access_key_file))
    )
    if folder is not None:
        # A key that may not read the log may ask all the same: the lock says whose folder it is.
        with suppress(MayNot):
            checkpoint = partial(documents.get_bytes, "/log/checkpoint")
            require_same_ledger(folder, target.ledger, url, checkpoint)
    store = None if folder is None else ledger_store_in(folder, target.ledger)
    return ServerAnswers(documents, store)


def _from_holder(target: Target, held: FolderInUse, stack: ExitStack) -> ServerAnswers:
    """The answers of the server that holds the folder.

    Raises:
        FolderInUse: what holds it is no server that listens.
        LedgerNotFound: there is no ledger of that name.
    """
    url = url_of_holder(held)
    return _from_server(target, url, settings_for(target.folder).folder, stack)


def access_key_of(folder: Path | None, file: Path | None) -> str | None:
    """The access key in that file, else that of the settings.

    Raises:
        SettingsRefused: it cannot be one.
    """
    settings = settings_for(folder)
    if file is None:
        return settings.access_key
    first, *_ = [*read_given_text(file).splitlines(), ""]
    return replace(settings, access_key=first.strip()).access_key
