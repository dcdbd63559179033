"""Questions about rewards, the book and the watch lists, to a folder or to a server."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING
from urllib.parse import quote

from api.cli.asking.queries import body_of, query_of, without_none
from api.cli.questions.long import answer_with_progress
from api.service.answers.book import WatchItem
from api.service.answers.document import Page
from api.service.answers.valuations import Valuation
from api.service.book import book_of, watch_list
from api.service.labels import Labels, LabelsWanted
from api.service.rewards import RewardFilter, rewards_at, rewards_page
from api.service.valuing.asking import contact_value
from api.service.valuing.extra import require_extra
from api.service.valuing.kept import KeptValuations
from api.service.valuing.making import make_valuations

if TYPE_CHECKING:
    from uuid import UUID

    from api.cli.asking.answers import Document
    from api.cli.asking.documents import Documents
    from api.service.questions import At, Question
    from api.service.replays.lines import Lines
    from domain.book.book import BookQuestion
    from ledger.ledger import Ledger
    from projections.folding import Moment
    from projections.operations import Work

_NAMES = LabelsWanted(names=True)


class FolderMoney(ABC):
    """The answers of a ledger that is open in this process, however many events it has."""

    _ledger: Ledger

    @abstractmethod
    def _moment(self, asked: At) -> Moment:
        """The point in both times that is asked about."""

    @abstractmethod
    def _contact_id(self, contact: str) -> UUID:
        """The contact of that name."""

    @abstractmethod
    def _question(self, moment: Moment) -> Question:
        """The question that is about that point."""

    def rewards(self, asked: At, state: str | None, contact: str | None) -> Document:
        """See ``MoneyAnswers``."""
        moment = self._moment(asked)
        wanted = RewardFilter(state, None if contact is None else self._contact_id(contact))
        found = rewards_at(self._ledger, moment, wanted, None)
        return rewards_page(found, found.rewards, self._labels(moment), None).plain()

    def book(self, asked: At, question: BookQuestion) -> Document:
        """See ``MoneyAnswers``."""
        moment = self._moment(asked)
        return book_of(self._ledger, moment, question, self._labels(moment), None).plain()

    def watch(self, name: str, asked: At) -> Document:
        """See ``MoneyAnswers``."""
        moment = self._moment(asked)
        items = [WatchItem.of(one) for one in watch_list(self._ledger, moment, name, None)]
        named = tuple(self._labels(moment).beside(items))
        return Page[WatchItem](items=named, next_cursor=None).plain()

    def fit_values(self, asked: At, *, quiet: bool) -> Document:
        """See ``MoneyAnswers``."""
        require_extra()
        moment = self._moment(asked)

        def answer(_: Lines, work: Work) -> Document:
            return make_valuations(self._ledger, moment, self._valuations(), work).plain()

        return answer_with_progress("fitting", answer, None, quiet=quiet)

    def valuations(self) -> Document:
        """See ``MoneyAnswers``."""
        return Page[Valuation](items=tuple(self._valuations().all()), next_cursor=None).plain()

    def value(self, contact: str, asked: At, currency: str | None) -> Document:
        """See ``MoneyAnswers``."""
        question = self._question(self._moment(asked))
        return contact_value(
            question, self._contact_id(contact), self._valuations(), currency
        ).plain()

    def _valuations(self) -> KeptValuations:
        return KeptValuations(self._ledger)

    def _labels(self, moment: Moment) -> Labels:
        return Labels(self._ledger, moment.aliases, moment.position, _NAMES)


class ServerMoney(ABC):
    """The answers of a server."""

    _documents: Documents

    @abstractmethod
    def _result_of(self, label: str, path: str, body: Document, *, quiet: bool) -> Document:
        """The result of long work, once it has ended."""

    def rewards(self, asked: At, state: str | None, contact: str | None) -> Document:
        """See ``MoneyAnswers``."""
        query = without_none({"state": state, "contact": contact}) | query_of(asked)
        return self._whole("/rewards", query)

    def book(self, asked: At, question: BookQuestion) -> Document:
        """See ``MoneyAnswers``."""
        within = question.within and question.within.text
        wanted = without_none({"from": question.from_, "to": question.to, "within": within})
        query = {**wanted, "by": question.by, "names": "true"} | query_of(asked)
        return self._documents.get("/book", query)

    def watch(self, name: str, asked: At) -> Document:
        """See ``MoneyAnswers``."""
        return self._whole(f"/watch/{name}", query_of(asked))

    def fit_values(self, asked: At, *, quiet: bool) -> Document:
        """See ``MoneyAnswers``."""
        return self._result_of("fitting", "/valuations", body_of(asked), quiet=quiet)

    def valuations(self) -> Document:
        """See ``MoneyAnswers``."""
        return self._documents.get("/valuations")

    def value(self, contact: str, asked: At, currency: str | None) -> Document:
        """See ``MoneyAnswers``."""
        query = without_none({"currency": currency}) | query_of(asked)
        return self._documents.get(f"/contacts/{quote(contact, safe='')}/value", query)

    def _whole(self, path: str, query: Document) -> Document:
        """All pages of a list as one, with names."""
        query = {**query, "names": "true", "limit": "1000"}
        found = page = self._documents.get(path, query)
        while (cursor := page["next_cursor"]) is not None:
            page = self._documents.get(path, {**query, "cursor": cursor})
            found["items"] += page["items"]
        return {**found, "next_cursor": None}
