"""The text of a proposed mapping, put together table by table."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from api.service.importing.guessing.refs import ref_pattern
from api.service.importing.guessing.roles import GUESSED
from api.service.importing.lines import UTF_8
from domain.errors import Invalid
from domain.phrases import count_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.importing.guessing.layout import Layout
    from api.service.importing.guessing.roles import Role


@dataclass
class MappingText:
    """A text, the roles that it reads, and what is to be said of it.

    ``whys``: how sure a role is and why, where its values say more than its heading.
    """

    lines: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    whys: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The mapping."""
        return "\n".join(self.lines).strip("\n") + "\n"

    def add(self, *lines: str) -> None:
        """Some lines, and an empty one."""
        self.lines += [*lines, ""]

    def column(self, name: str, role: Role, *more: str) -> None:
        """A column of the mapping's own, read from that of the role."""
        self.used.add(name)
        mark = f"  # {role.sure}: look whether this is right" if role.sure == GUESSED else ""
        self.add(f"[column.{name}]", f"header = {toml_string(role.column)}{mark}", *more)


def toml_string(text: str) -> str:
    """A string of TOML, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def head(made: MappingText, name: str, layout: Layout, about: str, *keys: str) -> None:
    """The beginning of a mapping, and how the file is laid out."""
    made.add(
        f"# Proposed for files like {name}. Read it, and try it with --dry-run.",
        "# Ids of events follow from name and key: do not change them after the first import.",
        f"name = {toml_string(name)}",
        f"about = {toml_string(about)}",
        *keys,
    )
    shape = []
    if layout.delimiter != ",":
        shape.append(f"delimiter = {toml_string(layout.delimiter)}")
    if layout.encoding != UTF_8:
        shape.append(f"encoding = {toml_string(layout.encoding)}")
    if layout.header_line is None:
        shape += ["header = false", f"columns = [{', '.join(map(toml_string, layout.columns))}]"]
    if shape:
        made.add("[file]", *shape)


def person(made: MappingText, name: str, layout: Layout, roles: Mapping[str, Role]) -> str:
    """The columns of the contact, and the table ``[contact]``; answers the role that names it.

    Raises:
        Invalid: no column says whose a row is.
    """
    for role in ("email", "phone", "first_name", "last_name"):
        if role in roles:
            made.column(role, roles[role], *(["lower = true"] if role == "email" else []))
    ref = next((one for one in ("ref", "email", "phone", "name") if one in roles), None)
    if ref is None:
        raise Invalid.at("", "no-proposal", "no column says whose a row is: write the mapping")
    if ref in ("ref", "name"):
        made.column(ref, roles[ref])
    if "name" in roles and ref != "name":
        made.column("name", roles["name"])
    whole = (
        "{first_name} {last_name}" if "first_name" in roles and "last_name" in roles else "{name}"
    )
    if "name" not in roles and whole == "{name}":
        whole = "{first_name}" if "first_name" in roles else f"{{{ref}}}"
    made.add("[column.called]", f"text = {toml_string(whole)}", f"fallback = {toml_string(ref)}")
    values = layout.values[roles[ref].column]
    if not all(values):
        made.add("[[skip]]", f"text = {toml_string(f'{{{ref}}}')}", 'is = ""')
        without = count_of(values.count(""), "row")
        made.notes.append(f"{without} without {roles[ref].column}: skipped")
    refs = [value.lower() if ref == "email" else value for value in values]
    pattern = ref_pattern(refs)
    made.add(
        "[contact]",
        f"source = {toml_string(name[:32].strip('-'))}",
        f"ref = {toml_string(f'{{{ref}}}')}",
        *([] if pattern is None else [f"pattern = {toml_string(pattern)}"]),
    )
    if pattern is not None:
        spoiled = sum(bool(value) and not re.fullmatch(pattern, value) for value in refs)
        made.notes.append(
            f"a ref must match {pattern}, so that what a spreadsheet spoils is rejected;"
            f" {spoiled:,} of the rows that were looked at do not"
        )
    made.add("[contact.registration]", 'kind = "person"', 'name = "{called}"')
    return ref
