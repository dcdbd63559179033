"""The proposal for one file: a ready mapping that fits it, or a mapping made of its columns."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.service.importing.guessing.contacts import contacts_text
from api.service.importing.guessing.layout import look_at_layout
from api.service.importing.guessing.purchases import purchases_text
from api.service.importing.guessing.roles import SURE, find_roles
from api.service.importing.lines import UTF_8
from api.service.importing.mapping import mapping_of
from api.service.importing.ready_mappings import VCARD, fitting_mappings, ready_mapping, ready_text
from api.service.importing.vcards import COLUMNS
from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from api.service.importing.guessing.layout import Layout
    from api.service.importing.guessing.roles import Role
    from api.service.importing.mapping import FileMapping


@dataclass(frozen=True)
class Finding:
    """What one column of the file seems to be. ``role`` None: nothing reads it."""

    column: str
    role: str | None
    sure: str
    why: str


@dataclass(frozen=True)
class Proposal:
    """A mapping for a file, with what speaks for it. ``ready``: the name of one that fits."""

    text: str
    mapping: FileMapping
    ready: str | None
    layout: Layout
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def propose(path: Path, settings: Mapping[str, str]) -> Proposal:
    """The mapping for a file; ``settings`` are what the person who asks says of it.

    Raises:
        Invalid: no column says whose the rows are, or they are neither purchases nor contacts.
        UnreadableFile: it is no text, or has no columns.
        OSError: it cannot be opened.
    """
    layout = look_at_layout(path)
    if layout.columns == COLUMNS:
        text = ready_text(VCARD)
        return Proposal(text, ready_mapping(VCARD), VCARD, layout, (), ())
    if layout.header_line is not None and (fitting := fitting_mappings(layout.columns)):
        return _ready(fitting[0], layout, settings)
    return _from_columns(path, layout, settings)


def _ready(mapping: FileMapping, layout: Layout, settings: Mapping[str, str]) -> Proposal:
    text = ready_text(mapping.name)
    said = mapping.with_settings(settings)  # refuses what it does not ask for, and unknown names
    for column in said.shape.named:
        if column.name in settings:
            text = _with_default(text, column.name, column.default)
    if layout.delimiter != ",":
        shape = f"[file]\ndelimiter = {json.dumps(layout.delimiter)}\n\n"
        text = text.replace("[column.", f"{shape}[column.", 1)
    spelled = {
        header: column.name
        for column in mapping.shape.named
        if (header := column.header_in(layout.columns)) is not None
    }
    findings = tuple(
        Finding(column, spelled[column], SURE, "as in other files of this kind")
        if column in spelled
        else Finding(column, None, "", "not read")
        for column in layout.columns
        if column
    )
    return Proposal(
        text, mapping_of(tomllib.loads(text)), mapping.name, layout, findings, _notes(layout)
    )


def _with_default(text: str, name: str, value: str) -> str:
    """The same mapping with a value for a setting."""
    table = re.compile(rf"(?m)^\[column\.{re.escape(name)}\]\n(?:(?!default = ).+\n)*")
    found = table.search(text)
    assert found is not None, "each setting has a table of its own"
    rest = re.sub(r"\Adefault = .*\n", "", text[found.end() :])
    return f"{text[: found.end()]}default = {json.dumps(value)}\n{rest}"


def _from_columns(path: Path, layout: Layout, settings: Mapping[str, str]) -> Proposal:
    comma_likely = layout.delimiter == ";"
    roles = find_roles(layout, comma_likely=comma_likely)
    name = re.sub("[^a-z0-9]+", "-", path.name.partition(".")[0].lower()).strip("-") or "file"
    if "amount" in roles and "moment" in roles:
        made = purchases_text(name, layout, roles, settings, comma_likely=comma_likely)
    elif "name" in roles or {"first_name", "last_name"} & roles.keys():
        made = contacts_text(name, layout, roles)
    else:
        detail = (
            "the columns look neither like purchases, which have an amount and a day, nor like"
            " contacts, which have a name: write the mapping yourself"
        )
        raise Invalid.at("", "no-proposal", detail)
    findings = _findings(layout, roles, made.used, made.whys)
    mapping = mapping_of(tomllib.loads(made.text)).with_settings(settings)
    notes = (*_notes(layout), *made.notes)
    return Proposal(made.text, mapping, None, layout, findings, notes)


def _findings(
    layout: Layout, roles: Mapping[str, Role], used: set[str], whys: Mapping[str, tuple[str, str]]
) -> tuple[Finding, ...]:
    by_column = {role.column: (name, role) for name, role in roles.items() if name in used}
    findings = []
    for column in layout.columns:
        if column in by_column:
            name, role = by_column[column]
            sure, why = whys.get(name, (role.sure, role.why))
            findings.append(Finding(column, name, sure, why))
        elif column:
            findings.append(Finding(column, None, "", "not read"))
    return tuple(findings)


def _notes(layout: Layout) -> tuple[str, ...]:
    notes = []
    if layout.encoding != UTF_8:
        notes.append(f"the file is read as {layout.encoding}")
    if layout.delimiter != ",":
        notes.append(f"{layout.delimiter!r} stands between columns")
    if layout.header_line is None:
        notes.append("no row names the columns, so they have numbers")
    elif layout.header_line > 1:
        notes.append(f"the header stands in line {layout.header_line}")
    return tuple(notes)
