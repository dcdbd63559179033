"""From rows to drafts: whose, what, when, and under which id."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar
from uuid import UUID, uuid5

from api.service.importing.pairing import Pairing
from api.service.importing.values import OCCURRENCE, AmountOf, ListOf
from domain.addresses import TELLING
from domain.errors import Invalid
from domain.events.commerce import PurchaseReversed
from domain.events.contacts import ContactRegistered
from domain.imports import source_of_import
from domain.kinds import no_names
from domain.text import INVALID_TEXT
from ledger.drafts import Draft
from ledger.identifiers import renewed_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from api.service.importing.conditions import SkipRule
    from api.service.importing.mapping import FileMapping
    from api.service.importing.moments import MomentOf
    from api.service.importing.rows import Row
    from api.service.importing.rules import Rule
    from api.service.importing.values import Value
    from domain.events import Event
    from domain.kinds import ContactNames
    from domain.recorded import RecordedEvent

_BELOW_ZERO = (
    "; where the sign tells what a row is, say when = { amount = ..., sign = ... } in each"
    " [[event]] of the mapping"
)

P = ParamSpec("P")
T = TypeVar("T")


class Names(Protocol):
    """What a translation must know of the ledger."""

    @property
    def namespace(self) -> UUID:
        """The ledger's own namespace."""
        ...

    def contact_id(self, name: str) -> UUID:
        """The contact of a UUID or ``source:ref``; ValueError where it is neither."""
        ...

    def stream(self, contact_id: UUID) -> Sequence[RecordedEvent]:
        """What is recorded of a contact."""
        ...

    def now(self) -> int:
        """The present instant."""
        ...


@dataclass(frozen=True)
class TranslatedRow:
    """Rows as drafts of events; with their contact's first row comes its registration.

    More than one row where the mapping groups them; more than one event where a rule says ``also``.
    """

    rows: tuple[Row, ...]
    events: tuple[Draft, ...]
    registration: Draft | None

    def drafts(self) -> tuple[Draft, ...]:
        """Everything that is appended, in that order."""
        return self.events if self.registration is None else (self.registration, *self.events)


@dataclass(frozen=True)
class DeferredRow:
    """Rows with a refund, which is paired once every purchase of the file is recorded."""

    rows: tuple[Row, ...]
    columns: tuple[Mapping[str, str], ...]
    occurred_at: int


class Translation:
    """Translates the rows of one file, in their order.

    An event's id is the UUIDv5, in the ledger's namespace, of the mapping's name, the row's key and
    which row with this key it is. So a second run gives the same ids, and rows that are the same to
    the letter stay as many as they are.
    """

    def __init__(self, mapping: FileMapping, names: Names, import_id: UUID) -> None:
        self._mapping = mapping
        self._names = names
        self._source = source_of_import(mapping.source, import_id)
        self._seen: dict[bytes, int] = {}
        self._introduced: set[UUID] = set()
        self._pairing = Pairing(names.stream, partial(renewed_id, names.namespace))
        self._began = names.now()

    def skip_rule(self, row: Row, *, begins: bool = True) -> SkipRule | None:
        """The rule by which the mapping leaves the row out; None where it does not.

        ``begins``: whether the row is the first of its group, for which alone some rules are.

        Raises:
            Invalid: the row's text cannot be read as what is asked for.
        """
        if row.problem is not None:
            return None
        for rule in self._mapping.skip:
            if rule.whole_group and not begins:
                continue
            if _within("/skip", rule.condition.holds, row.columns):
                return rule
        return None

    def translate(self, rows: Sequence[Row]) -> TranslatedRow | DeferredRow:
        """The drafts of a row, or of all rows of a group; or the rows, where they come last.

        Raises:
            Invalid: it is no event under this mapping; the errors say why.
        """
        for row in rows:
            if row.problem is not None:
                raise row.problem
        key = self._mapping.key_of(rows[0])
        occurrence = self._count(key)
        if self._mapping.grouped and occurrence > 1:
            names = ", ".join(self._mapping.key)
            detail = f"other rows with this {names} stand further up: sort the file by it"
            raise Invalid.at("", "scattered-group", detail)
        columns = tuple({**row.columns, OCCURRENCE: str(occurrence)} for row in rows)
        if any(rule.paired for rule in self._rules(columns[0])):
            occurred_at = self._at(self._mapping.occurred_at, columns[0])
            return DeferredRow(tuple(rows), columns, occurred_at)
        return self._translate(tuple(rows), columns)

    def pair(self, deferred: DeferredRow) -> TranslatedRow:
        """The drafts of rows with a refund. They come in the order of their time.

        Raises:
            Invalid: as ``translate``; or there is no purchase that could be given back.
        """
        return self._translate(deferred.rows, deferred.columns)

    def _translate(
        self, rows: tuple[Row, ...], told: tuple[Mapping[str, str], ...]
    ) -> TranslatedRow:
        """The drafts; where a spreadsheet spoiled the ref they carry it: known ids come first."""
        spoiled = self._mapping.contact.problem(told[0])
        if spoiled is None:
            return self._drafts_of(rows, told, None)
        spoiled = spoiled.within("/contact")
        try:
            return self._drafts_of(rows, told, spoiled)
        except Invalid:
            raise spoiled from None

    def _drafts_of(
        self,
        rows: tuple[Row, ...],
        told: tuple[Mapping[str, str], ...],
        spoiled: Invalid | None,
    ) -> TranslatedRow:
        columns = told[0]
        key = self._mapping.key_of(rows[0])
        name = _within("/contact", self._mapping.contact.name, columns)
        try:
            contact_id = self._names.contact_id(name)
        except Invalid as error:
            raise error.within("/contact") from None
        except ValueError as error:
            raise Invalid.at("/contact", "unknown-contact", str(error)) from None
        occurred_at = self._at(self._mapping.occurred_at, columns)
        registration = self._registration(columns, name, contact_id, occurred_at)
        events = []
        rules = self._rules(columns)
        kept = self._kept_moments(rules, contact_id)
        for rule in rules:
            more = () if rule.also is None else (rule.also.fill(columns),)
            event_id = self._id("row", *key, columns[OCCURRENCE], *more)
            own = rule.occurred_at
            moment = occurred_at if own is None else self._at(own, columns)
            if (own or self._mapping.occurred_at).kept:
                moment = kept.get(event_id, moment)
            event, problem = self._event(rule, told, event_id, contact_id, moment)
            draft = Draft(
                contact_id=contact_id,
                type=event.TYPE,
                id=event_id,
                occurred_at=moment,
                source=self._source,
                event=event,
                problem=spoiled or problem,
            )
            if isinstance(event, TELLING):
                draft = draft.told_of(name, self._names.contact_id)
            events.append(draft)
        if registration is not None and spoiled is not None:
            registration = registration._replace(problem=spoiled)
        if registration is None or registration.problem is None:
            self._introduced.add(contact_id)
        return TranslatedRow(rows, tuple(events), registration)

    def _kept_moments(self, rules: Sequence[Rule], contact_id: UUID) -> dict[UUID, int]:
        """When the contact's recorded events happened, where one of the rules keeps that."""
        if not any((rule.occurred_at or self._mapping.occurred_at).kept for rule in rules):
            return {}
        return {one.id: one.occurred_at for one in self._names.stream(contact_id)}

    def _at(self, moment: MomentOf, columns: Mapping[str, str]) -> int:
        if moment.is_import(columns):
            return self._began
        return _within("/occurred_at", moment.at, columns)

    def _count(self, key: list[str]) -> int:
        digest = blake2b(json.dumps(key).encode(), digest_size=16).digest()
        count = self._seen.get(digest, 0) + 1
        self._seen[digest] = count
        return count

    def _id(self, *parts: str) -> UUID:
        return uuid5(self._names.namespace, json.dumps(["import", self._mapping.name, *parts]))

    def _rules(self, columns: Mapping[str, str]) -> list[Rule]:
        """The first rule that is for the row, and each other that makes one more event of it."""
        found: list[Rule] = []
        has_first = False
        for rule in self._mapping.rules:
            if rule.also is None and has_first:
                continue
            if rule.when is None or _within("/when", rule.when.holds, columns):
                found.append(rule)
                has_first = has_first or rule.also is None
        if not found and self._mapping.needs_events:
            raise Invalid.at("", "no-rule", "no [[event]] of the mapping is for this row")
        return found

    def _event(
        self,
        rule: Rule,
        told: Sequence[Mapping[str, str]],
        event_id: UUID,
        contact_id: UUID,
        occurred_at: int,
    ) -> tuple[Event, Invalid | None]:
        data = _join_rows(rule.data, [_data(rule.data, columns) for columns in told])
        if rule.paired:
            # Read once with a stand-in, so that only sound cancellations use up what is left.
            read = PurchaseReversed.read({**data, "purchase_id": "?"})
            data["purchase_id"] = self._pairing.take(
                event_id, contact_id, occurred_at, read.amount_minor, read.currency
            )
        try:
            event, problem = _read(rule.event, data, self._names.contact_id)
        except Invalid as error:
            raise _with_advice(error, rule, data) from None
        return event, problem

    def _registration(
        self, columns: Mapping[str, str], name: str, contact_id: UUID, occurred_at: int
    ) -> Draft | None:
        if self._mapping.registration is None or contact_id in self._introduced:
            return None
        data = _within("/registration", _data, self._mapping.registration, columns)
        event, problem = _within("/registration", _read, ContactRegistered, data)
        draft = Draft(
            contact_id=contact_id,
            type=event.TYPE,
            id=self._id("contact", name),
            occurred_at=occurred_at,
            source=self._source,
            event=event,
            problem=problem and problem.within("/registration"),
        )
        return draft.told_of(name, self._names.contact_id)


def _read(
    kind: type[Event], data: object, names: ContactNames = no_names
) -> tuple[Event, Invalid | None]:
    """The event, with what is wrong with its texts: a row that is known is not asked for them.

    Raises:
        Invalid: something else is wrong with it.
    """
    try:
        return kind.read(data, names), None
    except Invalid as error:
        if any(one.code != INVALID_TEXT for one in error.errors):
            raise
        problem = error
    try:
        return kind.read_kept(data, names), problem
    except Invalid:
        raise problem from None


def _data(values: Mapping[str, Value], columns: Mapping[str, str]) -> dict[str, object]:
    data: dict[str, object] = {}
    for field, value in values.items():
        made = _within(f"/{field}", value.of, columns, data)
        if made is not None:
            data[field] = made
    return data


def _join_rows(values: Mapping[str, Value], each: Sequence[dict[str, object]]) -> dict[str, object]:
    """The data of a group: amounts are summed, lists joined, and of all else the first counts."""
    data = dict(each[0])
    for more in each[1:]:
        for field, made in more.items():
            before = data.get(field)
            if isinstance(values[field], AmountOf) and isinstance(before, int):
                assert isinstance(made, int), "an amount is made of whole minor units"
                data[field] = before + made
            elif isinstance(values[field], ListOf) and isinstance(before, list):
                assert isinstance(made, list), "a list is made of texts"
                data[field] = [*before, *made]
            else:
                data.setdefault(field, made)
    currencies = {str(one["currency"]) for one in each if "currency" in one}
    if len(currencies) > 1:
        detail = f"the rows of a group are in {' and '.join(sorted(currencies))}"
        raise Invalid.at("/currency", "contradiction", detail)
    return data


def _with_advice(error: Invalid, rule: Rule, data: Mapping[str, object]) -> Invalid:
    """The same errors; of an amount below 0, where none can be, with what a mapping can say."""
    return Invalid(
        replace(one, detail=f"{one.detail}{_BELOW_ZERO}")
        if isinstance(rule.data.get(field := one.pointer[1:]), AmountOf)
        and isinstance(amount := data.get(field), int)
        and amount < 0
        else one
        for one in error.errors
    )


def _within(pointer: str, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``read`` gives, with its errors seen from the row."""
    try:
        return read(*args, **kwargs)
    except Invalid as error:
        raise error.within(pointer) from None
