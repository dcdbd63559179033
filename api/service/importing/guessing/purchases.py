"""A mapping for a file of purchases: whose, when, how much, and what makes a row itself."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from api.service.importing.guessing.forms import (
    amount_form,
    currency_in,
    moment_form,
    time_form,
)
from api.service.importing.guessing.roles import GUESSED, SURE
from api.service.importing.guessing.writing import MappingText, head, person, toml_string

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.service.importing.guessing.forms import AmountForm, MomentForm
    from api.service.importing.guessing.layout import Layout
    from api.service.importing.guessing.roles import Role

CURRENCY, TIME_ZONE = "currency", "time_zone"
"""The settings of a proposed mapping."""

DAYS_ZONE = "UTC"
"""The time zone of days without a time, where nobody says another."""


NUMBER_KEY = '"number"'
"""The key of files in which a column numbers the purchases."""


def purchases_text(
    name: str,
    layout: Layout,
    roles: Mapping[str, Role],
    settings: Mapping[str, str],
    *,
    comma_likely: bool,
) -> MappingText:
    """The mapping for purchases.

    Raises:
        Invalid: no column says whose a row is.
    """
    made = MappingText()
    amounts = layout.values[roles["amount"].column]
    amount = amount_form(amounts, comma_likely=comma_likely)
    american = currency_in(amounts) is None and any("$" in one for one in amounts)
    moment = moment_form(layout.values[roles["moment"].column], month_first=american)
    assert amount is not None, "a column without one has not this role"
    assert moment is not None, "a column without one has not this role"
    key, grouped = _key(layout, roles, made)
    head(made, name, layout, "purchases", f"key = {key}", *(["group = true"] if grouped else []))
    for role in ("moment", "amount", "number"):
        if role in roles:
            made.column(role, roles[role])
    timed = _time(made, layout, roles, moment)
    currency = _currency(made, layout, roles, settings)
    person(made, name, layout, roles)
    _occurred_at(made, moment, timed, settings)
    _events(made, amount, currency, has_number=key == NUMBER_KEY)
    _say_forms(made, amount, moment)
    return made


def _key(layout: Layout, roles: Mapping[str, Role], made: MappingText) -> tuple[str, bool]:
    """What makes a row itself, as the value of ``key``, and whether rows are joined by it."""
    number = roles.get("number")
    if number is not None:
        values = layout.values[number.column]
        runs = [value for value, _ in groupby(values)]
        if all(values) and len(set(runs)) == len(runs):
            if len(runs) < len(values):
                made.notes.append(f"rows with one {number.column} are one purchase")
            return NUMBER_KEY, len(runs) < len(values)
        made.notes.append(f"{number.column} does not name each row once")
    ref = next((one for one in ("ref", "email", "phone", "name") if one in roles), "name")
    return f'["moment", "{ref}", "amount"]', False


def _time(
    made: MappingText, layout: Layout, roles: Mapping[str, Role], moment: MomentForm
) -> str | None:
    """The format of a column of its own for times of day, if there is one and it is needed."""
    if moment.has_time or "time" not in roles:
        return None
    made.column("time", roles["time"])
    return time_form(layout.values[roles["time"].column])


def _currency(
    made: MappingText, layout: Layout, roles: Mapping[str, Role], settings: Mapping[str, str]
) -> str:
    if CURRENCY in roles:
        made.column(CURRENCY, roles[CURRENCY], "upper = true")
        return "{currency}"
    column = roles["amount"].column
    said = settings.get(CURRENCY) or currency_in([*layout.values[column], column])
    default = [] if said is None else [f"default = {toml_string(said.upper())}"]
    meaning = 'setting = "the currency of the amounts, such as EUR"'
    made.add("[column.currency]", meaning, "upper = true", *default)
    if said is None:
        made.notes.append("no column says the currency: say --set currency=... with each import")
    return "{currency}"


def _occurred_at(
    made: MappingText, moment: MomentForm, timed: str | None, settings: Mapping[str, str]
) -> None:
    has_time = moment.has_time or timed is not None
    zone = 'time_zone = "UTC"'
    if not moment.has_offset:
        said = settings.get(TIME_ZONE, "" if has_time else DAYS_ZONE)
        default = [f"default = {toml_string(said)}"] if said else []
        meaning = 'setting = "the time zone of the times, such as Europe/Berlin"'
        made.add("[column.time_zone]", meaning, *default)
        zone = 'time_zone = "{time_zone}"'
        if not said:
            made.notes.append(
                "no column says the time zone: say --set time_zone=... with each import"
            )
        elif not has_time:
            made.notes.append(
                f"the days have no time: each is 12:00 in {said}"
                + ("" if TIME_ZONE in settings else "; --set time_zone=... says another time zone")
            )
    text = "{moment}" if timed is None else "{moment} {time}"
    form = moment.format if timed is None else f"{moment.format} {timed}"
    noon = [] if has_time else ["time_of_day = 12:00:00"]
    made.add("[occurred_at]", f'text = "{text}"', f"format = {toml_string(form)}", zone, *noon)


def _events(made: MappingText, amount: AmountForm, currency: str, *, has_number: bool) -> None:
    marks = f', decimal_mark = "{amount.decimal_mark}"' if amount.decimal_mark != "." else ""
    marks += f", group_mark = {toml_string(amount.group_mark)}" if amount.group_mark else ""
    purchase = "{number}" if has_number else "{moment} {amount} {occurrence}"

    def add(kind: str, signs: Sequence[str], *data: str) -> None:
        listed = ", ".join(map(toml_string, signs))
        when = f'when = {{ amount = "{{amount}}", sign = [{listed}]{marks} }}'
        paired = ["pair_with_purchase = true"] if kind == "purchase-reversed" else []
        rule = [when] if amount.has_negatives else []
        made.add("[[event]]", f'type = "{kind}"', *rule, *paired)
        made.add("[event.data]", *data, f'currency = "{currency}"')

    value = f'amount_minor = {{ amount = "{{amount}}"{marks}'
    made_data = (f'purchase_id = "{purchase}"', f"{value} }}", 'initiated_by = "contact"')
    add("purchase-made", ("positive", "zero"), *made_data)
    if amount.has_negatives:
        add("purchase-reversed", ("negative",), f"{value}, negated = true }}")
        made.notes.append("amounts below 0 give back an earlier purchase of the same contact")


def _say_forms(made: MappingText, amount: AmountForm, moment: MomentForm) -> None:
    groups = f", {amount.group_mark!r} before thousands" if amount.group_mark else ""
    why = f"decimal mark {amount.decimal_mark!r}{groups}: {amount.why}"
    made.whys["amount"] = (SURE if amount.sure else GUESSED, why)
    made.whys["moment"] = (SURE if moment.sure else GUESSED, f"{moment.format}: {moment.why}")
