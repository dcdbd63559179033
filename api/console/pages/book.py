"""The book: what contacts brought and cost, and whom to look at before they are lost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from api.console.twins import Twin, path_with
from api.console.visit import Page
from api.service.agendas.gratitude import gratitude
from api.service.answers.book import WatchItem
from api.service.book import book_of, watch_list
from api.service.labels import LabelsWanted
from domain.book.book import DIVISIONS, BookQuestion, Within
from domain.book.watch import LISTS
from domain.errors import Invalid, NotFound
from domain.instants import month_of
from ledger.access.scopes import READ

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from api.console.visit import Visit
    from api.service.answers.book import BookAnswer, BookRow
    from api.service.answers.valuations import Valuation
    from api.service.labels import Labels
    from domain.agenda.gratitude import Coverage
    from projections.folding import Moment

ROWS = 50
"""How many rows of a currency are shown at most, and how many people of a watch list."""

MONTHS = 12
"""How many months are shown where none are asked for, the present one included."""

WIDTH, HEIGHT = 1000, 200
"""The units of a picture, which has as many pixels as there is room."""

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_TOO_MUCH = "takes-a-replay"


@dataclass(frozen=True)
class Bar:
    """One row of a picture: where its rectangle stands, and where a click on it leads."""

    row: BookRow
    left: int
    top: int
    width: int
    height: int
    path: str


@dataclass(frozen=True)
class Chart:
    """The rows of one currency with their picture; ``zero`` is the height of the line at nothing.

    ``hidden`` is how many rows there are besides.
    """

    currency: str
    bars: tuple[Bar, ...]
    zero: int
    hidden: int


def show(visit: Visit) -> Response:
    """The book of some months, divided by one thing.

    Raises:
        Invalid: there is no such division or month, or the months are the wrong way round.
    """
    by = visit.parameter("by") or DIVISIONS[0]
    if by not in DIVISIONS:
        raise Invalid.at("/by", "not-a-choice", f"must be one of {', '.join(DIVISIONS)}")
    from_, to = _month(visit, "from"), _month(visit, "to")
    if from_ is None and to is None:
        from_ = _earlier(month_of(visit.now, visit.time_zone), MONTHS - 1)
    within = _within(visit)
    served, moment = visit.served, visit.question().moment
    labels = served.labels(LabelsWanted(names=True), moment.position)
    book: BookAnswer | None = None
    question = BookQuestion(from_, to, by, within)
    try:
        book = book_of(served.ledger, moment, question, labels, served.limits.calibrated_events)
    except Invalid as error:
        _require_too_much(error)
    return visit.page(
        "book.html",
        book=book,
        charts=() if book is None else _charts(visit, book, within),
        by=by,
        within=within,
        within_name=_name_within(within, labels),
        with_query=lambda **other: urlencode(
            {
                name: value
                for name, value in {
                    "by": by,
                    "from": from_,
                    "to": to,
                    "within": within and within.text,
                    **other,
                }.items()
                if value
            }
        ),
        thanked=None if within else _coverage(visit, moment, from_, to),
        divisions=DIVISIONS,
        months={"from": from_ or "", "to": to or ""},
        lists=LISTS,
        valuations=_valuations(visit, moment),
        twins=_twins(visit, question),
        position=moment.position,
    )


def _valuations(visit: Visit, moment: Moment) -> list[Valuation]:
    """The valuation in each currency that answers for people now."""
    kept = visit.served.valuations
    currencies: list[str | None] = []
    currencies += sorted({one.currency for one in kept.all() if one.currency is not None})
    found = [kept.best(one, moment.at, moment.position) for one in currencies or [None]]
    return [one for one in found if one is not None]


def _within(visit: Visit) -> Within | None:
    """The row that the page is about alone, as a click on a bar asks for it.

    Raises:
        Invalid: there is no such division.
    """
    text = visit.parameter("within")
    try:
        return None if text is None else Within.read(text)
    except ValueError:
        raise Invalid.at("/within", "not-a-choice", "must be a row of the book") from None


def _name_within(within: Within | None, labels: Labels) -> str:
    """What the row is called that the page is about alone."""
    if within is None or within.by != "contact":
        return "" if within is None else within.key or "none"
    try:
        return labels.name_of(UUID(within.key or "")) or "somebody whose name is not known"
    except ValueError:
        return "nobody"


def _coverage(
    visit: Visit, moment: Moment, from_: str | None, to: str | None
) -> list[tuple[str, Coverage]] | None:
    """Of the thanks that became owed in each month how many were given, the newest month first.

    None where a page cannot read so much.
    """
    served = visit.served
    most_events = served.limits.calibrated_events
    try:
        found = gratitude(served.ledger, moment, from_, to, most_events)
    except Invalid as error:
        _require_too_much(error)
        return None
    return [*reversed(found.months.items())]


def _twins(visit: Visit, question: BookQuestion) -> list[Twin]:
    """What says the same for programs."""
    path, months = visit.api_path, {"from_": question.from_, "to": question.to}
    within = question.within and question.within.text
    book = path_with(f"{path}/book", by=question.by, within=within, **months, names=True)
    return [
        Twin("the book", book),
        Twin("how we thank", path_with(f"{path}/gratitude", **months)),
        Twin("expected value", f"{path}/valuations"),
    ]


def show_list(visit: Visit) -> Response:
    """The people on a watch list, those who brought most first.

    Raises:
        NotFound: there is no such list.
    """
    name = visit.request.path_params["list"]
    if name not in LISTS:
        raise NotFound(f"there is no list {name}; there are {', '.join(LISTS)}")
    served, moment = visit.served, visit.question().moment
    found, is_too_much = [], False
    try:
        found = watch_list(served.ledger, moment, name, served.limits.calibrated_events)
    except Invalid as error:
        _require_too_much(error)
        is_too_much = True
    labels = served.labels(LabelsWanted(names=True), moment.position)
    return visit.page(
        "watch_list.html",
        name=name,
        lists=LISTS,
        items=[*labels.beside(WatchItem.of(one) for one in found[:ROWS])],
        hidden=max(0, len(found) - ROWS),
        is_too_much=is_too_much,
        position=moment.position,
    )


def _require_too_much(error: Invalid) -> None:
    """Let pass that the ledger is too long for a page.

    Raises:
        Invalid: it is refused for something else.
    """
    if any(one.code != _TOO_MUCH for one in error.errors):
        raise error


def _month(visit: Visit, name: str) -> str | None:
    text = visit.parameter(name)
    if text is not None and not _MONTH.fullmatch(text):
        raise Invalid.at(f"/{name}", "out-of-range", "must be a month such as 2026-03")
    return text


def _earlier(month: str, months: int) -> str:
    year, place = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 - months, 12)
    return f"{max(year, 1):04}-{place + 1:02}"


def _charts(visit: Visit, book: BookAnswer, within: Within | None) -> list[Chart]:
    found: list[Chart] = []
    for currency in dict.fromkeys(one.currency for one in book.rows):
        rows = [one for one in book.rows if one.currency == currency]
        if book.by == "contact":
            rows.sort(key=lambda one: -one.net_minor)
        found.append(_chart(visit, book, within, currency, rows))
    return found


def _chart(
    visit: Visit,
    book: BookAnswer,
    within: Within | None,
    currency: str,
    rows: Sequence[BookRow],
) -> Chart:
    shown = rows[-ROWS:] if book.by == "month" else rows[:ROWS]
    most = max([0, *(one.net_minor for one in shown)])
    least = min([0, *(one.net_minor for one in shown)])
    scale = HEIGHT / max(most - least, 1)
    zero, step = round(most * scale), WIDTH // max(len(shown), 1)
    bars = []
    for place, row in enumerate(shown):
        height = max(round(abs(row.net_minor) * scale), 1)
        top = zero - height if row.net_minor > 0 else zero
        bars.append(
            Bar(
                row,
                place * step,
                top,
                max(step * 4 // 5, 1),
                height,
                _path(visit, book, within, row),
            )
        )
    return Chart(currency, tuple(bars), zero, len(rows) - len(shown))


def _path(visit: Visit, book: BookAnswer, within: Within | None, row: BookRow) -> str:
    """What is in a row: the people who bought, and of a person the purchases."""
    if book.by == "contact":
        return f"{visit.ledger_path}/people/{row.key}?type=purchase-made#past"
    months = {"from_": book.from_, "to": book.to}
    if book.by == "month":
        months = {"from_": row.key, "to": row.key}
    else:
        within = Within(book.by, row.key)
    text = within and within.text
    return path_with(f"{visit.ledger_path}/book", by="contact", within=text, **months)


PAGES = (
    Page("/ledgers/{ledger}/book", show, (READ,)),
    Page("/ledgers/{ledger}/book/watch/{list}", show_list, (READ,)),
)
