"""The answers of a server, asked over HTTP through the client."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

from api.cli.asking.answers import ERASED, UNKNOWN, WITHHELD, ContactHistory
from api.cli.asking.beside import steps_beside
from api.cli.asking.documents import MayNot
from api.cli.asking.money import ServerMoney
from api.cli.asking.operations import result_of, told_progress
from api.cli.asking.queries import body_of, query_of, text_of, without_none
from api.cli.ending import UsageRefused
from api.cli.output import progress
from api.cli.questions.long import whole_file
from api.service.replays.lines import FIRST
from domain.errors import Invalid, NotFound
from domain.instants import parse_instant
from domain.kept_policies import read_kept_policy
from domain.timeline import PolicyVersion, timeline_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from api.cli.asking.answers import Document, Folding
    from api.cli.asking.documents import Documents
    from api.service.agendas.answering import AgendaQuestion
    from api.service.calibration import Period
    from api.service.questions import At
    from api.service.replays.preview import Proposal
    from api.service.stores import ServedLedgerStore
    from domain.fitting.fit import Target
    from domain.policy import Policy
    from domain.timeline import PolicyTimeline

_NOBODY = UUID(int=0)
"""Stands for the event that published a policy, of which a server does not tell."""


class ServerAnswers(ServerMoney):
    """A ledger that a server holds."""

    def __init__(self, documents: Documents, store: ServedLedgerStore | None = None) -> None:
        """``store`` is what is kept of the ledger, where the server holds it on this machine."""
        self._documents = documents
        self._store = store

    @property
    def documents(self) -> Documents:
        """What the server answers as it is."""
        return self._documents

    def time_zone(self) -> str | None:
        """See ``LedgerAnswers``."""
        zone: str | None = self._documents.get("")["time_zone"]
        return zone

    def status(self, contact: str, asked: At, *, explained: bool = False) -> Document:
        """See ``LedgerAnswers``."""
        query = query_of(asked) | ({"explain": "text"} if explained else {})
        return self._documents.get(f"/contacts/{quote(contact, safe='')}/status", query)

    def card(self, contact: str, asked: At) -> Document:
        """See ``LedgerAnswers``."""
        path = f"/contacts/{quote(contact, safe='')}/card"
        return self._documents.get(path, query_of(asked))

    def scorecard(self, contact: str, asked: At) -> Document:
        """See ``LedgerAnswers``."""
        path = f"/contacts/{quote(contact, safe='')}/scorecard"
        return self._documents.get(path, query_of(asked))

    def steps(self, contact: str, asked: At) -> ContactHistory:
        """See ``LedgerAnswers``.

        No server answers this question. It says which contact and which moment is meant, and the
        events are read beside it.

        Raises:
            UsageRefused: the server's folder is elsewhere.
        """
        if self._store is None:
            raise UsageRefused(
                "--step reads the data folder: name it with --data on the machine that has it"
            )
        return steps_beside(self._store, self.status(contact, asked), asked.policy_version)

    def names(self, contacts: Sequence[str]) -> dict[str, str]:
        """See ``LedgerAnswers``."""
        return {contact: self._name(contact) for contact in contacts}

    def _name(self, contact: str) -> str:
        try:
            found: str | None = self._documents.get(f"/contacts/{contact}")["name"]
            if found is not None:
                return found
            status = self._documents.get(f"/contacts/{contact}/status")
            return ERASED if status["evidence_erased"] else WITHHELD
        except MayNot:
            return WITHHELD
        except NotFound:
            return UNKNOWN

    def replay(self, asked: At, out: Path | None, *, quiet: bool) -> Document:
        """See ``LedgerAnswers``."""
        body = body_of(asked)
        with whole_file(out) as file:
            account, _ = self._worked_out("replaying", "/replays", body, file, 0, quiet=quiet)
            return account

    def preview(
        self, proposal: Proposal, to_at: int | None, out: Path | None, *, quiet: bool
    ) -> tuple[Document, list[Document]]:
        """See ``LedgerAnswers``."""
        body = {
            "policy": proposal.policy.document(),
            "effective_from": text_of(proposal.effective_from),
            "from": text_of(proposal.from_at),
            "to": text_of(to_at),
        }
        path = "/policies/preview"
        with whole_file(out) as file:
            return self._worked_out("previewing", path, body, file, FIRST, quiet=quiet)

    def fit(self, base: Policy, target: Target, as_of: int | None, *, quiet: bool) -> Document:
        """See ``LedgerAnswers``."""
        body = {
            "policy": base.document(),
            "target": {"stay": target.stay, "of": target.of},
            "as_of": text_of(as_of),
        }
        return self._result_of("fitting", "/policies/fit", body, quiet=quiet)

    def _result_of(self, label: str, path: str, body: Document, *, quiet: bool) -> Document:
        account, _ = self._worked_out(label, path, body, None, 0, quiet=quiet)
        return account

    def undo_import(self, import_id: UUID, *, quiet: bool) -> Document:
        """What undoing an import came to, once it is undone."""
        path = f"/imports/{import_id}/undo"
        return self._result_of("undoing", path, {}, quiet=quiet)

    def agenda(self, asked: At, question: AgendaQuestion, contact: str | None) -> Document:
        """See ``LedgerAnswers``."""
        wanted = question.items
        query = query_of(asked) | {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in {
                "on": question.on,
                "kind": wanted.kind,
                "state": wanted.state,
                "steward": wanted.steward,
                "stage": wanted.stage,
                "contact": contact,
                "muted": wanted.muted or None,
                "deferred": wanted.deferred or None,
                "names": question.labels.names or None,
                "refs": question.labels.refs or None,
                "limit": 1000,
            }.items()
            if value is not None
        }
        found = page = self._documents.get("/agenda", query)
        while (cursor := page["next_cursor"]) is not None:
            page = self._documents.get("/agenda", {**query, "cursor": cursor})
            found["items"] += page["items"]
        return {**found, "next_cursor": None}

    def gratitude(self, asked: At, from_: str | None, to: str | None) -> Document:
        """See ``LedgerAnswers``."""
        query = without_none({"from": from_, "to": to, "names": "true"}) | query_of(asked)
        return self._documents.get("/gratitude", query)

    def policies(self) -> PolicyTimeline:
        """See ``LedgerAnswers``."""
        listed = self._documents.get("/policies")["items"]
        return timeline_of([self._policy(one["policy_version"]) for one in listed])

    def publish(self, policy: Policy, effective_from: int | None) -> PolicyVersion:
        """See ``LedgerAnswers``."""
        body = without_none(
            {"policy": policy.document(), "effective_from": text_of(effective_from)}
        )
        return self._policy(self._documents.post("/policies", body)["policy_version"])

    def append_many(self, events: Sequence[Document]) -> Document:
        """See ``AppendingAnswers``."""
        return self._documents.post("/events", list(events))

    def summary(self, as_of: int | None, *, quiet: bool) -> Document:
        """See ``ProjectionAnswers``."""
        with progress("counting", 1, quiet=quiet):
            query = without_none({"as_of": text_of(as_of), "min_position": self._head()})
            return self._documents.get("/statuses/summary", query)

    def contacts(self, typed: str, most: int, *, quiet: bool) -> Document:
        """See ``ProjectionAnswers``."""
        with progress("looking", 1, quiet=quiet):
            query = {"q": typed, "limit": str(most), "min_position": self._head()}
            return self._documents.get("/contacts", query)

    def duplicates(self, most: int, *, quiet: bool) -> Document:
        """See ``ProjectionAnswers``."""
        with progress("comparing", 1, quiet=quiet):
            return self._documents.get("/duplicates", {"limit": str(most)})

    def calibration(self, period: Period, asked: At, *, quiet: bool) -> Document:
        """See ``ProjectionAnswers``."""
        with progress("counting", 1, quiet=quiet):
            bounds = {"from": text_of(period[0]), "to": text_of(period[1])}
            query = without_none({**bounds, "min_position": self._head()}) | query_of(asked)
            return self._documents.get("/calibration", query)

    def ledger_scorecard(self, asked: At, *, quiet: bool) -> Document:
        """See ``ProjectionAnswers``."""
        with progress("rating", 1, quiet=quiet):
            query = {"min_position": self._head()} | query_of(asked)
            return self._documents.get("/scorecard", query)

    def _head(self) -> str:
        """The position of the newest event."""
        return str(max(one["position"] + one["lag"] for one in self._projections()))

    def projections(self) -> list[str]:
        """See ``ProjectionAnswers``."""
        return [one["name"] for one in self._projections()]

    def rebuild(self, name: str, folding: Folding, *, quiet: bool) -> Document:
        """See ``ProjectionAnswers``. A server decides itself in how many processes, and where.

        Raises:
            Invalid: it was chosen.
        """
        for option in folding.choices():
            detail = "a server that runs decides this itself"
            raise Invalid.at(f"/{option}", "contradiction", detail)
        path = f"/projections/{quote(name, safe='')}/rebuilds"
        operation = self._documents.post(path, {})
        with progress(f"rebuilding {name}", 100, quiet=quiet) as advance:
            finished = self._documents.wait_until_finished(
                operation, lambda found: advance(*told_progress(found))
            )
            return result_of(f"the rebuild of {name}", finished)

    def rebuild_all(self, folding: Folding, *, quiet: bool) -> Iterator[Document]:
        """See ``ProjectionAnswers``. Over HTTP they are rebuilt one after the other."""
        for name in self.projections():
            yield self.rebuild(name, folding, quiet=quiet)

    def _projections(self) -> list[Document]:
        found: list[Document] = self._documents.get("/projections")["items"]
        return found

    def _policy(self, version: int) -> PolicyVersion:
        found = self._documents.get(f"/policies/{version}")
        return PolicyVersion(
            version=found["policy_version"],
            effective_from=parse_instant(found["effective_from"]),
            policy=read_kept_policy(found["policy"]),
            sha256=found["sha256"],
            position=found["position"],
            event_id=_NOBODY,
            stored=None if "rules" in found["policy"] else found["policy"],
        )

    def _worked_out(
        self,
        label: str,
        path: str,
        body: Document,
        file: BinaryIO | None,
        most: int,
        *,
        quiet: bool,
    ) -> tuple[Document, list[Document]]:
        """The result of a long question, and its first lines; all lines are in the file."""
        documents = self._documents
        operation = documents.post(path, without_none(body))
        with progress(label, 100, quiet=quiet) as advance:
            finished = documents.wait_until_finished(
                operation, lambda found: advance(*told_progress(found))
            )
            account = result_of(label, finished)
            lines = documents.result(finished, file, most) if file or most else []
        return account, lines
