"""``make client-fields`` writes what the server has learned to say into the client's classes."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.field_generation import generate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

WRITTEN = '''"""Answers about parcels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """A stamp."""

    price: int


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A parcel."""

    name: str
    stamps: tuple[Stamp, ...]


@dataclass(frozen=True, kw_only=True)
class Express(Parcel):
    """A parcel in a hurry."""

    by: str
'''
COUNTS = {"type": "object", "properties": {"red": {"type": "integer"}}}
STAMP = {
    "type": "object",
    "properties": {"color": {"type": "string"}, "price": {"type": "integer"}},
    "required": ["color", "price"],
}
PARCEL: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "from": {"type": "string", "format": "date-time"},
        "sender": {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]},
        "seal": {"type": "string", "contentEncoding": "base64"},
        "counts": COUNTS,
        "data": {"type": "object"},
        "stamps": {"type": "array", "items": {"$ref": "#/components/schemas/Stamp"}},
        "spare": {"anyOf": [{"$ref": "#/components/schemas/Stamp"}, {"type": "null"}]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
    },
    "required": ["name", "from", "sender", "seal", "counts", "data", "stamps", "spare"],
}
EXPRESS = {**PARCEL, "properties": {**PARCEL["properties"], "by": {"type": "string"}}}
SCHEMAS = {"Stamp": STAMP}


@pytest.fixture
def parcels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    (tmp_path / "parcels.py").write_text(WRITTEN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("parcels")
    del sys.modules["parcels"]


def test_fields_are_written_where_the_schema_has_them(parcels: ModuleType) -> None:
    """In parts too, and in a class that another extends once."""
    pairs = [(parcels.Parcel, PARCEL, SCHEMAS), (parcels.Express, EXPRESS, SCHEMAS)]
    (path,) = generate(pairs)
    text = path.read_text(encoding="utf-8")
    assert "    color: str\n    price: int\n" in text
    assert (
        """    name: str
    from_: datetime
    sender: UUID | None
    seal: bytes
    counts: dict[str, int]
    data: dict[str, Any]
    stamps: tuple[Stamp, ...]
    spare: Stamp | None
    note: str | None = None
"""
        in text
    )
    assert text.count("sender") == 1
    for line in (
        "from datetime import datetime",
        "from typing import Any",
        "from uuid import UUID",
    ):
        assert text.count(line) == 1
    compile(text, str(path), "exec")


def test_a_document_without_a_class_is_told(parcels: ModuleType) -> None:
    box = {"type": "object", "properties": {"size": {"type": "integer"}}, "required": ["size"]}
    schema = {**PARCEL, "properties": {"name": {"type": "string"}, "box": box}}
    with pytest.raises(LookupError, match="box"):
        generate([(parcels.Parcel, schema, SCHEMAS)])
