"""A mapping for a file of contacts: names, addresses and birthdays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.importing.guessing.forms import moment_form
from api.service.importing.guessing.writing import MappingText, head, person, toml_string

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.importing.guessing.layout import Layout
    from api.service.importing.guessing.roles import Role


def contacts_text(name: str, layout: Layout, roles: Mapping[str, Role]) -> MappingText:
    """The mapping for contacts.

    Raises:
        Invalid: no column says whose a row is.
    """
    made = MappingText()
    ref = next((one for one in ("ref", "email", "phone") if one in roles), "name")
    head(made, name, layout, "contacts", f"key = {toml_string(ref)}")
    if "birthday" in roles:
        made.column("birthday", roles["birthday"])
    person(made, name, layout, roles)
    made.add("[occurred_at]", "kept = true  # known from the first import on")
    for kind in ("email", "phone"):
        if kind in roles:
            _event(
                made, kind, "contact-detail-learned", f'kind = "{kind}"', f'value = "{{{kind}}}"'
            )
    if "birthday" in roles:
        values = [value for value in layout.values[roles["birthday"].column] if value]
        form = moment_form(values, month_first=False)
        more = "" if form is None else f", format = {toml_string(form.format)}"
        parts = (
            f'{part} = {{ date = "{{birthday}}", part = "{part}"{more} }}'
            for part in ("year", "month", "day")
        )
        keys = ('occasion_id = "birthday"', 'kind = "birthday"', *parts)
        _event(made, "birthday", "occasion-learned", *keys)
    if not {"email", "phone", "birthday"} & roles.keys():
        made.notes.append("there are only names: each row registers a contact")
        _event(made, "called", "profile-fact-learned", 'section = "import"', 'key = "name"',
               'value = "{called}"')  # fmt: skip  # it stands as it is written
    return made


def _event(made: MappingText, column: str, kind: str, *data: str) -> None:
    made.add(
        "[[event]]",
        f'type = "{kind}"',
        f'also = "{column} {{{column}}}"',
        f'when = {{ text = "{{{column}}}", is_not = "" }}',
    )
    made.add("[event.data]", *data)
