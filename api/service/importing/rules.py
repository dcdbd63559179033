"""Which events the rows of a file become: the rules of a mapping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.service.importing.conditions import read_condition
from api.service.importing.refs import ContactOf
from api.service.importing.values import AmountOf, TextOf
from domain.errors import FieldError, Invalid
from domain.events import CATALOGUE
from domain.events.commerce import PurchaseReversed
from domain.kinds import ContactId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from api.service.importing.conditions import Condition
    from api.service.importing.moments import MomentOf
    from api.service.importing.reading import MappingTable
    from api.service.importing.values import Template, Value
    from domain.events import Event


@dataclass(frozen=True)
class Rule:
    """One event type and how its data is made. ``paired``: its purchase is looked for.

    Of the rules without ``also`` the first that is for a row makes its event. A rule with ``also``
    makes one more, whose id follows from that text. ``occurred_at``: when it happened, where that
    is not when the row did.
    """

    event: type[Event]
    data: Mapping[str, Value]
    when: Condition | None = None
    paired: bool = False
    also: Template | None = None
    occurred_at: MomentOf | None = None

    def columns(self) -> set[str]:
        """The columns it reads."""
        read = {column for value in self.data.values() for column in value.columns()}
        for part in (self.when, self.also, self.occurred_at):
            read |= set() if part is None else part.columns()
        return read


def read_rules(tables: list[MappingTable]) -> tuple[Rule, ...]:
    """The rules of a mapping's tables ``[[event]]``, in their order.

    Raises:
        Invalid: a key is unknown, missing or has a wrong value.
    """
    rules = tuple(_rule(table) for table in tables)
    named = [rule.also for rule in rules if rule.also is not None]
    for rule, table in zip(rules, tables, strict=True):
        if rule.also is not None and named.count(rule.also) > 1:
            detail = "ids of events follow from it, so no two can have the same"
            raise Invalid.at(table.at("also"), "contradiction", detail)
    return rules


def _rule(table: MappingTable) -> Rule:
    type_name = table.text("type")
    event = CATALOGUE.get(type_name)
    if event is None or not event.FROM_PRODUCERS or type_name == "contact-registered":
        detail = f"{type_name} is not a type of event that rows can be"
        raise Invalid.at(table.at("type"), "unknown-type", detail)
    paired = table.switch("pair_with_purchase", default=False)
    also = table.optional_template("also")
    moment_table = table.optional_table("occurred_at")
    occurred_at = None if moment_table is None else moment_table.moment()
    data_table = table.table("data")
    data = data_table.values()
    when_table = table.optional_table("when")
    when = None if when_table is None else read_condition(when_table)
    table.finish()
    if paired and event is not PurchaseReversed:
        detail = "only purchase-reversed is paired with a purchase"
        raise Invalid.at(table.at("pair_with_purchase"), "contradiction", detail)
    check_fields(event, data, data_table.pointer, given={"purchase_id"} if paired else set())
    data = _money_last(_with_contacts(event, data))
    return Rule(event, data, when, paired, also, occurred_at)


def _with_contacts(event: type[Event], data: Mapping[str, Value]) -> dict[str, Value]:
    """The same, with a look at the refs of other contacts."""
    contacts = {field.name for field in event.FIELDS if isinstance(field.kind, ContactId)}
    return {
        name: ContactOf(value.template) if name in contacts and isinstance(value, TextOf) else value
        for name, value in data.items()
    }


def _money_last(data: Mapping[str, Value]) -> dict[str, Value]:
    """Amounts after the rest, because they are read in the data's currency."""
    return dict(sorted(data.items(), key=lambda item: isinstance(item[1], AmountOf)))


def check_fields(
    event: type[Event],
    data: Mapping[str, Value],
    pointer: str,
    given: Iterable[str] = (),
) -> None:
    """Refuse what an event does not have, and where it lacks what it needs.

    ``given`` are fields that no mapping says.

    Raises:
        Invalid: naming each.
    """
    named = [field.name for field in event.FIELDS if field.name not in set(given)]
    detail = f"{event.TYPE} has no such field here; its fields are: {', '.join(named) or 'none'}"
    errors = [
        FieldError(f"{pointer}/{name}", "unknown-field", detail)
        for name in data
        if name not in named
    ]
    errors += [
        FieldError(f"{pointer}/{field.name}", "missing", f"{event.TYPE} needs it")
        for field in event.FIELDS
        if field.required and field.name not in data and field.name not in set(given)
    ]
    if errors:
        raise Invalid(errors)
