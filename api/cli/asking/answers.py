"""The questions of commands to a ledger, which its folder answers, or the server that holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from api.service.agendas.answering import AgendaQuestion
    from api.service.calibration import Period
    from api.service.questions import At
    from api.service.replays.preview import Proposal
    from api.service.replays.steps import Step
    from domain.book.book import BookQuestion
    from domain.fitting.fit import Target
    from domain.policy import Policy
    from domain.timeline import PolicyTimeline, PolicyVersion

Document = dict[str, Any]
"""An answer as HTTP gives it, read from JSON."""

UNKNOWN = "(not registered)"
ERASED = "(name erased)"
WITHHELD = "(name withheld)"
"""Shown where the name cannot be read: the keys are elsewhere, or the access key may not."""


class Folding(NamedTuple):
    """Where a rebuild folds, as far as somebody chose it.

    ``jobs`` is a number of processes of this machine, ``on`` the address of a Dask cluster,
    ``segments`` where its workers find the events, and ``replica`` the database that they read.
    """

    jobs: int | None = None
    on: str | None = None
    segments: str | None = None
    replica: str | None = None

    def choices(self) -> list[str]:
        """The names of what was chosen."""
        return [name for name, value in self._asdict().items() if value is not None]


class ContactHistory(NamedTuple):
    """One contact's past, step by step, and the point in both times to which it goes."""

    contact_id: str
    as_of: str
    position: int
    steps: Sequence[Step]


class TimeZoned(Protocol):
    """Something that knows the time zone of the days of a ledger."""

    def time_zone(self) -> str | None:
        """The ledger's time zone; None for UTC."""


class MoneyAnswers(Protocol):
    """What a ledger answers about money. Both kinds of asking give the same answers."""

    def rewards(self, asked: At, state: str | None, contact: str | None) -> Document:
        """What referrals earned, as ``GET .../rewards`` answers it, on one page with names."""

    def book(self, asked: At, question: BookQuestion) -> Document:
        """What contacts brought and cost, as ``GET .../book`` answers it, with names."""

    def watch(self, name: str, asked: At) -> Document:
        """A watch list, as ``GET .../watch/NAME`` answers it, on one page with names."""

    def fit_values(self, asked: At, *, quiet: bool) -> Document:
        """The result of fitting expected values to the purchases up to a point in both times."""

    def valuations(self) -> Document:
        """What was fitted, as ``GET .../valuations`` answers it."""

    def value(self, contact: str, asked: At, currency: str | None) -> Document:
        """What a contact may bring, as ``GET .../contacts/CONTACT/value`` answers it."""


class LedgerAnswers(TimeZoned, MoneyAnswers, Protocol):
    """The answers of one ledger. Both kinds of asking give the same ones.

    Every method raises ``LedgerError`` where the question is none or cannot be answered.
    """

    def status(self, contact: str, asked: At, *, explained: bool = False) -> Document:
        """A contact's status, as ``GET .../contacts/CONTACT/status`` answers it."""

    def steps(self, contact: str, asked: At) -> ContactHistory:
        """A contact's past, step by step."""

    def card(self, contact: str, asked: At) -> Document:
        """A contact's welcome card, as ``GET .../contacts/CONTACT/card`` answers it."""

    def scorecard(self, contact: str, asked: At) -> Document:
        """A contact's care scorecard, as ``GET .../contacts/CONTACT/scorecard`` answers it."""

    def names(self, contacts: Sequence[str]) -> dict[str, str]:
        """The names of contacts by their ids, or why there is none to be read."""

    def replay(self, asked: At, out: Path | None, *, quiet: bool) -> Document:
        """The result of a replay of every contact; its lines are in ``out``, if there is one."""

    def preview(
        self, proposal: Proposal, to_at: int | None, out: Path | None, *, quiet: bool
    ) -> tuple[Document, list[Document]]:
        """The result of a preview of a policy, and the first of its lines."""

    def fit(self, base: Policy, target: Target, as_of: int | None, *, quiet: bool) -> Document:
        """What a fit of a policy to the ledger's own purchases came to."""

    def agenda(self, asked: At, question: AgendaQuestion, contact: str | None) -> Document:
        """What is to be done on a day, as ``GET .../agenda`` answers it, on one page."""

    def gratitude(self, asked: At, from_: str | None, to: str | None) -> Document:
        """How well thanks were given, as ``GET .../gratitude`` answers it, with names."""

    def policies(self) -> PolicyTimeline:
        """Every version of the policy."""

    def publish(self, policy: Policy, effective_from: int | None) -> PolicyVersion:
        """Publish a policy, in force from that instant or from now."""


class AppendingAnswers(Protocol):
    """A ledger that takes events. Both kinds of asking answer the same."""

    def append_many(self, events: Sequence[Document]) -> Document:
        """Record events of many contacts, all or none, as ``POST .../events`` does.

        Raises:
            LedgerError: they were not recorded, and why.
        """


class ProjectionAnswers(TimeZoned, Protocol):
    """The answers that rest on a ledger's projections."""

    def summary(self, as_of: int | None, *, quiet: bool) -> Document:
        """The contacts by stage, with everything reflected that was recorded before."""

    def contacts(self, typed: str, most: int, *, quiet: bool) -> Document:
        """Up to ``most`` contacts that are called so, the best first, and how far the index is."""

    def duplicates(self, most: int, *, quiet: bool) -> Document:
        """Up to ``most`` pairs that may be one person, the likeliest first."""

    def calibration(self, period: Period, asked: At, *, quiet: bool) -> Document:
        """How right the falls of a period were, with everything reflected as in a summary."""

    def ledger_scorecard(self, asked: At, *, quiet: bool) -> Document:
        """The care scorecard over all clients, with everything reflected as in a summary."""

    def projections(self) -> list[str]:
        """The names of the projections."""

    def rebuild(self, name: str, folding: Folding, *, quiet: bool) -> Document:
        """The result of a rebuild of a projection."""

    def rebuild_all(self, folding: Folding, *, quiet: bool) -> Iterator[Document]:
        """The result of the rebuild of each projection."""

    def names(self, contacts: Sequence[str]) -> dict[str, str]:
        """The names of contacts by their ids, or why there is none to be read."""
