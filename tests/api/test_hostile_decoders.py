"""Whatever is handed to a decoder, it is read or refused with an error that a client is told.

Nothing else may come out: an exception of another kind would be a 500.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import msgpack
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.http.edge.tracing import trace_id_of
from api.http.wire.cloudevents import read_batch, read_cloud_event
from api.http.wire.cursors import make_cursor, read_place
from api.http.wire.media import media_type
from api.http.wire.query import Reads, read_query
from api.service.backups.form import Backup, TrailCopy, read_trail
from api.service.envelope import ids_from_key, read_many
from api.service.importing.mapping import mapping_of
from api.service.receipts.form import read_receipt
from api.service.strict_parsing import JSON, MSGPACK, parse
from domain.errors import Corrupt, Invalid, LedgerError
from domain.events import CATALOGUE
from domain.policy import Policy
from domain.presets import PRESETS
from ledger.archive.layout import Head
from ledger.identifiers import contact_id_of
from ledger.settings import LedgerSettings
from ledger.transparency.checkpoints import Checkpoint
from ledger.transparency.notes import Note, Verifier
from ledger.transparency.tiles import decode_bundle, parse_tile_path
from tests.api.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.ledger import Ledger

NAMESPACE = UUID("6f1f64f5-1c0c-4ee3-8a83-9a0b6f3d0a11")
NAMED = partial(uuid5, NAMESPACE)
LEDGER: Any = SimpleNamespace(namespace=NAMESPACE)

examples = settings(max_examples=150)

texts = st.text(st.characters(), max_size=60)
"""All of Unicode, lone surrogates too."""
ascii_bytes = st.text(st.characters(max_codepoint=127), max_size=80).map(str.encode)
raw = st.one_of(st.binary(max_size=120), ascii_bytes)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**80), 2**80),
    st.floats(),
    texts,
    st.just(""),
)
values = st.recursive(
    scalars,
    lambda inside: st.one_of(
        st.lists(inside, max_size=4), st.dictionaries(texts, inside, max_size=4)
    ),
    max_leaves=12,
)


def names(name: str) -> UUID:
    return contact_id_of(name, NAMED)


def written(value: object) -> bytes:
    return json.dumps(value).encode()


def _huge(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_huge, value.values()))
    if isinstance(value, list):
        return any(map(_huge, value))
    return isinstance(value, int) and not -(2**63) <= value < 2**64


def _pack(value: object) -> bytes:
    packed: bytes = msgpack.packb(value, unicode_errors="surrogatepass")
    return packed


@examples
@given(raw)
@example(b"[" * 100_000)
@example(b"9" * 100_000)
@example(b'"\\ud800"')
@example(b'{"a": 1, "a": 2}')
@example(b"1e999")
def test_json(body: bytes) -> None:
    with suppress(LedgerError):
        parse(body, JSON)


@examples
@given(st.one_of(raw, st.builds(_pack, values.filter(lambda one: not _huge(one)))))
@example(b"\x91" * 100_000)
@example(b"\xdd\xff\xff\xff\xff")
@example(b"\xdf\xff\xff\xff\xff")
@example(b"\xdb\xff\xff\xff\xff")
@example(b"\xc7\xff\x01")
@example(b"\x82\x01\x02\x01\x02")
def test_msgpack(body: bytes) -> None:
    with suppress(LedgerError):
        parse(body, MSGPACK)


@examples
@given(values)
def test_what_was_sent_in_json_is_read_as_sent_or_refused(value: object) -> None:
    with suppress(Invalid):
        assert written(parse(written(value), JSON)) == written(value)


@examples
@given(texts)
@example("AA")
@example("=" * 400)
def test_cursors_that_nobody_gave_out_are_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        read_place(LEDGER, cursor, "log")


@examples
@given(st.lists(st.one_of(st.integers(0, 2**63), st.binary(max_size=16)), max_size=3), st.data())
def test_a_cursor_changed_in_one_place_is_refused(place: list[Any], data: st.DataObject) -> None:
    cursor = make_cursor(LEDGER, "log", *place)
    assert read_place(LEDGER, cursor, "log") == place
    at = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.sampled_from("ABCXYZabcxyz0129-_=+/ \x00é"))
    changed = cursor[:at] + letter + cursor[at + 1 :]
    other: Ledger = SimpleNamespace(namespace=UUID(int=1))  # type: ignore[assignment]  # as much as is asked
    with pytest.raises(Invalid):
        read_place(other, cursor, "log")
    with pytest.raises(Invalid):
        read_place(LEDGER, cursor, "stream")
    if changed != cursor:
        with pytest.raises(Invalid):
            read_place(LEDGER, changed, "log")


@examples
@given(st.one_of(texts, st.builds("{}:{}".format, st.sampled_from(["pos", "a.b-1", ""]), texts)))
@example("00000000-0000-0000-0000-000000000000")
@example("pos:" + "x" * 201)
@example("pos:\ud800")
def test_names_of_contacts(name: str) -> None:
    with suppress(ValueError, Invalid):
        found = contact_id_of(name, NAMED)
        assert contact_id_of(name, NAMED) == found
        assert name.isprintable() or ":" in name


@examples
@given(st.one_of(texts, st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}.?")))
def test_traces(header: str) -> None:
    found = trace_id_of(header)
    assert found is None or (len(found) == 32 and int(found, 16))


readers = {
    f"{name} {reads.schema}": (name, reads)
    for one in ENDPOINTS
    for name, reads in one.contract.query.items()
}


@settings(max_examples=40)
@pytest.mark.parametrize("parameter", readers.values(), ids=lambda one: one[0])
@given(st.one_of(raw, texts.map(lambda text: text.encode("utf-8", "surrogatepass"))))
@example(b"%")
@example(b"%ff")
@example(b"9" * 5000)
@example("١٢".encode())
@example(b"-0")
def test_queries(parameter: tuple[str, Reads], text: bytes) -> None:
    name, reads = parameter
    with suppress(LedgerError):
        read_query(name.encode() + b"=" + text, {name: reads})


events = st.fixed_dictionaries(
    {"type": st.one_of(st.sampled_from(sorted(CATALOGUE)), values), "data": values},
    optional=dict.fromkeys(
        ("id", "occurred_at", "source", "actor", "causation_id", "contact", "more"), values
    ),
)


@examples
@given(st.one_of(values, events, st.lists(events, max_size=3)))
def test_events(sent: object) -> None:
    with suppress(Invalid):
        for draft in read_many(parse(written(sent), JSON), None, names, lambda _: None):
            assert (draft.event is None) != (draft.problem is None)


@settings(max_examples=30)
@pytest.mark.parametrize("type_name", sorted(CATALOGUE))
@given(st.data())
def test_the_data_of_every_type_of_event(type_name: str, data: st.DataObject) -> None:
    cls = CATALOGUE[type_name]
    fields = {field.name: values for field in cls.FIELDS}
    sent = data.draw(st.fixed_dictionaries({}, optional={**fields, "more": values}))
    with suppress(Invalid):
        cls.read(parse(written(sent), JSON), names)


cloud_events = st.fixed_dictionaries(
    {"specversion": st.one_of(st.just("1.0"), values), "id": values, "source": values},
    optional=dict.fromkeys(("type", "subject", "time", "datacontenttype", "data", "É"), values),
)


@examples
@given(st.one_of(values, cloud_events, st.lists(cloud_events, max_size=3)))
def test_cloud_events(sent: object) -> None:
    with suppress(Invalid):
        found = parse(written(sent), JSON)
        with suppress(Invalid):
            read_batch(found, NAMED, names)
        read_cloud_event(found, "", NAMED, names)


@examples
@given(st.text(st.characters(max_codepoint=255), max_size=220))
def test_idempotency_keys(key: str) -> None:
    with suppress(Invalid):
        id_of = ids_from_key(key, NAMESPACE, "/v1/x", "somebody")
        assert id_of(0) != id_of(1)


def changed(document: dict[str, Any], data: st.DataObject) -> Any:
    """The document with one of its values replaced, however deep it lies."""
    name = data.draw(st.sampled_from(sorted(document)))
    inside = document[name]
    if isinstance(inside, dict) and inside and data.draw(st.booleans()):
        return {**document, name: changed(inside, data)}
    return {**document, data.draw(st.one_of(st.just(name), texts)): data.draw(values)}


@examples
@given(st.data())
def test_policies(data: st.DataObject) -> None:
    document = changed(PRESETS["cafe"].document(), data)
    with suppress(Invalid):
        Policy.read(document, PRESETS["retail"])


MAPPING = {
    "name": "sales",
    "contact": {"source": "pos", "ref": {"column": "a"}, "registration": {"kind": "person"}},
    "columns": ["a", "b"],
    "file": {"separator": ",", "encoding": "utf-8"},
    "event": [{"type": "purchase-made", "data": {"amount_minor": {"column": "b"}}}],
}


@examples
@given(st.data())
def test_mappings(data: st.DataObject) -> None:
    with suppress(Invalid):
        mapping_of(data.draw(values.filter(lambda one: isinstance(one, dict))))
    with suppress(Invalid):
        mapping_of(changed(MAPPING, data))


@examples
@given(st.one_of(texts, st.from_regex(r"tile/[0-9]{1,2}/(x[0-9]{3}/)?[0-9]{3}(\.p/[0-9]{1,3})?")))
@example("tile/0/../../keys.sqlite")
@example("tile/entries/" + "x999/" * 50 + "999")
@example("tile/0/\u0660\u0660\u0660")
def test_paths_of_tiles(path: str) -> None:
    with suppress(LedgerError):
        assert parse_tile_path(path).path == path


ignoring: dict[str, Callable[[bytes], object]] = {
    "bundle": decode_bundle,
    "note": Note.read,
    "receipt": read_receipt,
    "head of an archive": Head.read,
    "checkpoint": lambda content: Checkpoint.read(content.decode("latin-1")),
    "verifier key": lambda content: Verifier.read(content.decode("latin-1")),
}


@settings(max_examples=60)
@pytest.mark.parametrize("name", ignoring)
@given(st.one_of(raw, values.map(written)))
@example("— rapport.invalid/main-00c0ffee AAAA\n".encode())
@example(b"\n\n")
def test_documents_from_elsewhere(name: str, content: bytes) -> None:
    with suppress(LedgerError):
        ignoring[name](content)


@examples
@given(st.one_of(raw, values.map(written)))
def test_lists_of_backups_trails_and_settings(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder: Path = tmp_path_factory.mktemp("hostile")
    for name in ("backup.json", "trail.jsonl"):
        (folder / name).write_bytes(content)
    with suppress(LedgerError):
        Backup.read(folder)
    with suppress(Corrupt):
        list(read_trail(folder / "trail.jsonl", TrailCopy()))
    with suppress(Corrupt):
        LedgerSettings.read(content, folder)


@examples
@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_media_types(header: str) -> None:
    assert media_type(header) == media_type(header).strip().lower()
