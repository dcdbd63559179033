"""One request for a page: who asks, of which ledger, and the page that is answered."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from shlex import quote as quote_for_shell
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.responses import HTMLResponse, RedirectResponse

from api.console.origins import Origin
from api.console.rendering import Words, render
from api.service.questions import At, Knowledge, Question, moment_of
from domain.errors import Invalid, LedgerError
from domain.kinds import ContactId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from starlette.datastructures import FormData
    from starlette.requests import Request
    from starlette.responses import Response

    from api.console.sessions import Session, Sessions
    from api.service.server import OpenLedger, Server

_CONTACT = ContactId()
_LEDGER = re.compile("/console/ledgers/([a-z][a-z0-9-]*)(?:/|$)")


@dataclass(frozen=True)
class Page:
    """A page at a path under ``/console``, and the scopes of which one is enough to see it.

    Without scopes everybody who is signed in may; ``is_public`` is for the sign-in alone.
    ``asks_again`` says that a form of an earlier session is answered with the same form, filled as
    it was sent: see ``Visit.is_stale``. ``new_file`` makes the place where the file of its form
    goes, if the form has one.
    """

    path: str
    answer: Callable[[Visit], Any]
    scopes: tuple[str, ...] = ()
    method: str = "GET"
    is_public: bool = False
    asks_again: bool = False
    new_file: Callable[[Visit], Any] | None = None


class Visit:
    """A request that may be answered. What its path names is looked up when it is asked for."""

    def __init__(
        self, request: Request, server: Server, sessions: Sessions, session: Session
    ) -> None:
        self.request = request
        self.server = server
        self.sessions = sessions
        self.session = session
        self.form: FormData | None = None
        self.file: Any = None
        self.is_stale = False
        """Whether the form was made for an earlier session, and so may change nothing."""
        self.now = server.clock()
        self._entered: str | None = None

    @property
    def principal(self) -> Any:
        """Who asks."""
        return self.session.principal

    def may(self, *scopes: str) -> bool:
        """Whether the principal has one of these scopes."""
        found: bool = self.principal.has(scopes)
        return found

    @property
    def is_scripted(self) -> bool:
        """Whether the script on a page asks, which keeps the page where something goes wrong."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def is_fragment(self) -> bool:
        """Whether the script on a page asks for a part of one, not for a whole one."""
        return self.is_scripted and self.request.headers.get("hx-request-type") != "full"

    @cached_property
    def served(self) -> OpenLedger:
        """The ledger that the path names, which is not closed before ``leave``.

        Raises:
            LedgerNotFound: there is none.
        """
        name = unquote(self.request.path_params["ledger"])
        self.server.usage_counts.enter(name)
        try:
            found = self.server.ledger(name)
        except LedgerError:  # the page that says so asks again, and enters again
            self.server.usage_counts.leave(name)
            raise
        self._entered = name
        return found

    def leave(self) -> None:
        """Say that the ledger is not asked any more."""
        if self._entered is not None:
            self.server.usage_counts.leave(self._entered)

    @property
    def ledger_path(self) -> str:
        """The path of the ledger's pages."""
        return f"/console/ledgers/{self.served.ledger.name}"

    @property
    def address(self) -> str:
        """Where browsers and programs reach the server, such as ``https://rapport.example.org``."""
        return str(Origin.of(self.request, self.server.settings))

    def curl_argument(self, path: str) -> str:
        """The address of a resource as a shell takes it, in quotes where it needs them."""
        return quote_for_shell(f"{self.address}{path}")

    @property
    def api_path(self) -> str:
        """The path of the ledger's resources, of which the pages show the same."""
        return f"/v1/ledgers/{self.served.ledger.name}"

    @cached_property
    def contact_id(self) -> UUID:
        """The contact that the path names, which may not be registered.

        Raises:
            Invalid: it is neither a UUID nor source:ref.
        """
        return self.contact_named(unquote(self.request.path_params["contact"]))

    def contact_named(self, name: str) -> UUID:
        """The contact of that name, a UUID or source:ref.

        Raises:
            Invalid: it is neither.
        """
        try:
            return _CONTACT.read(name, self.served.ledger.contact_id)
        except Invalid as error:
            raise error.within("/contact") from None

    def parameter(self, name: str) -> str | None:
        """A parameter of the query; None where it is absent or empty."""
        return self.request.query_params.get(name, "").strip() or None

    def field(self, name: str) -> str:
        """A field of the form that was sent; empty where it is absent."""
        value = "" if self.form is None else self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def fields(self, name: str) -> list[str]:
        """Every value of a field of the form that was sent."""
        found = [] if self.form is None else self.form.getlist(name)
        return [one for one in found if isinstance(one, str) and one.strip()]

    def question(self, as_of: int | None = None, knowledge: Knowledge | None = None) -> Question:
        """The point in both times that is asked about: now and all that is known, by default.

        Raises:
            Invalid: an instant too far ahead, or a position that is not recorded yet.
        """
        served, at = self.served, At(as_of, knowledge)
        found = moment_of(served.ledger, served.aliases, at, self.now)
        return Question(served.ledger, found.at, found.position, found.policies, found.aliases)

    @property
    def time_zone(self) -> str:
        """The time zone in which this page writes days and times."""
        if "ledger" not in self.request.path_params:
            return "UTC"
        with suppress(LedgerError):  # the page that says so has no other times
            return self.served.ledger.time_zone or "UTC"
        return "UTC"

    @cached_property
    def words(self) -> Words:
        """The words for days, times and amounts on this page."""
        return Words(self.time_zone, self.now)

    def page(
        self,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        """The answer made of a template and these values."""
        announced = [] if self.is_fragment else self.session.take_announced()
        content = render(template, visit=self, words=self.words, announced=announced, **values)
        return HTMLResponse(content, status, dict(headers or {}))

    def lead_to(self, path: str) -> Response:
        """Lead the browser to another page, after a form or from an old address."""
        if self.is_scripted:
            return HTMLResponse("", headers={"HX-Redirect": path})
        return RedirectResponse(path, status_code=303)

    @property
    def first_page(self) -> str | None:
        """The path, under that of a ledger, of the first page that the principal may see."""
        return next((path for _, path, scopes in MENU if self.may(*scopes)), None)

    @property
    def is_archived(self) -> bool:
        """Whether the ledger takes nothing any more."""
        name = self.served.ledger.name
        return bool(self.server.folder.settings(name).archived)

    def menu(self, ledger: str) -> Sequence[tuple[str, str]]:
        """The pages of a ledger that the principal may see: words and path of each."""
        base = f"/console/ledgers/{ledger}"
        return [(label, f"{base}{path}") for label, path, scopes in MENU if self.may(*scopes)]

    @property
    def ledger_in_address(self) -> str | None:
        """The ledger that the address names, also where there is no such page of it.

        None where there is no such ledger, or none that the principal may enter.
        """
        found = _LEDGER.match(self.request.url.path)
        if found is None or self.first_page is None or not self.principal.may_enter(found[1]):
            return None
        return found[1] if found[1] in self.server.folder.names() else None


MENU: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Today", "", ("read",)),
    ("People", "/people", ("read",)),
    ("Log an act", "/act", ("append",)),
    ("Partners", "/partners", ("read",)),
    ("Book", "/book", ("read",)),
    ("Policies", "/policies", ("read", "audit")),
    ("Audit", "/audit", ("audit",)),
    ("Operations", "/operations", ("read", "rebuild", "admin")),
)
"""The pages of a ledger in the order of the menu: words, path, and scopes of which one is enough.
"""
