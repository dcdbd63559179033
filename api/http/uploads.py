"""A file that is sent: received in pieces, and encrypted on disk as it comes."""

from __future__ import annotations

import asyncio
import tomllib
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.http.admission import BODY_SECONDS
from api.http.problems import TooLarge
from api.http.wire.media import LINGER_BYTES, read_body
from api.service import strict_parsing
from api.service.importing.mapping import mapping_of
from api.service.importing.ready_mappings import ready_mapping, ready_names
from domain.errors import FieldError, Invalid, Unavailable

if TYPE_CHECKING:
    from api.http.exchange import Exchange
    from api.service.importing.kept_imports import Upload
    from api.service.importing.mapping import FileMapping

MAX_FILE_BYTES = 64 * 1024 * 1024
"""How long a file may be that is sent as it is."""

MAX_WITH_MAPPING_BYTES = 16 * 1024 * 1024
"""How long a JSON object with a mapping and a file may be, since it is read as a whole."""


async def receive_file(exchange: Exchange, upload: Upload) -> FileMapping:
    """The mapping that a request names or sends, once its file is in ``upload``.

    Raises:
        Invalid: there is no such mapping, or it is none.
        TooLarge: the body is longer than is read.
        Unavailable: nothing came for too long.
    """
    name, said = exchange.query.get("mapping"), _settings(exchange.query.get("set"))
    if exchange.sent in (strict_parsing.JSON, *strict_parsing.MSGPACK_NAMES):
        if name is not None:
            raise Invalid.at("/mapping", "contradiction", "the mapping is sent with the file")
        async with asyncio.timeout(BODY_SECONDS):
            raw = await read_body(exchange.request, MAX_WITH_MAPPING_BYTES)
        mapping = await run_in_threadpool(_read_both, raw, exchange.sent, upload)
        return _with_settings(mapping, said)
    if name is None:
        detail = (
            f"name a ready mapping, of {', '.join(ready_names())}, or send JSON with mapping_toml"
            " and csv"
        )
        raise Invalid.at("/mapping", "missing", detail)
    try:
        mapping = await run_in_threadpool(ready_mapping, name)
    except Invalid as error:
        raise error.within("/mapping") from None
    mapping = _with_settings(mapping, said)
    await _receive(exchange, upload)
    return mapping


def _settings(text: str | None) -> dict[str, str]:
    """What the query says to a mapping, by name.

    Raises:
        Invalid: it is not NAME=VALUE, or a name comes twice.
    """
    settings: dict[str, str] = {}
    for one in text.split(";") if text else ():
        name, _, value = one.partition("=")
        if not (name and value) or name in settings:
            detail = "must be NAME=VALUE, separated by ;, each name once"
            raise Invalid.at("/set", "malformed", detail)
        settings[name] = value
    return settings


def _with_settings(mapping: FileMapping, said: dict[str, str]) -> FileMapping:
    try:
        return mapping.with_settings(said)
    except Invalid as error:
        raise error.within("/set") from None


async def _receive(exchange: Exchange, upload: Upload) -> None:
    size, more = 0, True
    while more and size <= MAX_FILE_BYTES + LINGER_BYTES:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                message = await exchange.request.receive()
        except TimeoutError:
            raise Unavailable(f"nothing of the file came for {BODY_SECONDS:.0f} s") from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size <= MAX_FILE_BYTES:
            await run_in_threadpool(upload.write, chunk)
    if size > MAX_FILE_BYTES:
        raise TooLarge(f"a file may have at most {MAX_FILE_BYTES} bytes: import it in parts")


def _read_both(raw: bytes, media_type: str, upload: Upload) -> FileMapping:
    """The mapping in the body, whose file is put into ``upload``."""
    body = strict_parsing.parse(raw, media_type)
    if not isinstance(body, dict):
        raise Invalid.at("", "wrong-type", "must be an object")
    errors = [
        FieldError(f"/{name}", "unknown-field", "there are mapping_toml and csv")
        for name in body
        if name not in ("mapping_toml", "csv")
    ]
    errors += [
        FieldError(f"/{name}", "wrong-type", "is required, as a string")
        for name in ("mapping_toml", "csv")
        if not isinstance(body.get(name), str)
    ]
    if errors:
        raise Invalid(errors)
    try:
        document = tomllib.loads(body["mapping_toml"])
    except (ValueError, RecursionError) as error:
        raise Invalid.at("/mapping_toml", "unreadable-mapping", f"is not TOML: {error}") from None
    try:
        mapping = mapping_of(document)
    except Invalid as error:
        raise error.within("/mapping_toml") from None
    upload.write(body["csv"].encode(errors="replace"))
    return mapping
