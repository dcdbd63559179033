"""Which rows a rule of a mapping is for: by a word that a row has, or by the sign of an amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from api.service.importing.amounts import SIGNS, sign_of
from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.importing.reading import MappingTable
    from api.service.importing.values import Template


class Condition(Protocol):
    """Which rows a rule is for."""

    def columns(self) -> set[str]:
        """The columns it reads."""
        ...

    def holds(self, row: Mapping[str, str]) -> bool:
        """Whether the rule is for this row.

        Raises:
            Invalid: the row's text cannot be read as what is asked for.
        """
        ...


@dataclass(frozen=True)
class WordCondition:
    """For rows whose text is one of the words; ``negated``: for those whose text is none."""

    text: Template
    words: frozenset[str]
    negated: bool = False

    def columns(self) -> set[str]:
        return self.text.columns()

    def holds(self, row: Mapping[str, str]) -> bool:
        return (self.text.fill(row) in self.words) is not self.negated


@dataclass(frozen=True)
class SignCondition:
    """For rows whose amount has one of the signs; a row without an amount has none."""

    amount: Template
    signs: frozenset[str]
    decimal_mark: str
    group_mark: str

    def columns(self) -> set[str]:
        return self.amount.columns()

    def holds(self, row: Mapping[str, str]) -> bool:
        text = self.amount.fill(row)
        return bool(text) and sign_of(text, self.decimal_mark, self.group_mark) in self.signs


@dataclass(frozen=True)
class SkipRule:
    """Rows that are left out; with ``whole_group`` groups, by what their first row says."""

    condition: Condition
    whole_group: bool = False


def read_condition(table: MappingTable) -> Condition:
    """The condition that a table describes, which has no other key.

    Raises:
        Invalid: a key is unknown, missing or has a wrong value.
    """
    condition = _condition(table)
    table.finish()
    return condition


def read_skip_rule(table: MappingTable) -> SkipRule:
    """The rule of a table ``[[skip]]``.

    Raises:
        Invalid: a key is unknown, missing or has a wrong value.
    """
    whole_group = table.switch("whole_group", default=False)
    return SkipRule(read_condition(table), whole_group)


def _condition(table: MappingTable) -> Condition:
    if "amount" in table.content:
        amount = table.template("amount")
        signs = frozenset(table.words("sign"))
        if not signs <= set(SIGNS):
            raise Invalid.at(table.at("sign"), "not-a-choice", f"must be of {', '.join(SIGNS)}")
        return SignCondition(amount, signs, *table.marks())
    text = table.template("text")
    if "is_not" in table.content:
        return WordCondition(text, frozenset(table.words("is_not")), negated=True)
    return WordCondition(text, frozenset(table.words("is")))
