"""What an archive of a ledger contains, for readers without this program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs.generating.markdown import opening, table
from ledger.archive import layout
from ledger.archive.key_encryption import SCRYPT_BLOCKS, SCRYPT_COST, SCRYPT_PARALLEL
from ledger.archive.tar import MOST_INFLATION

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRODUCTION = f"""\
`rapport export` writes an archive: one tar file in the `ustar` format, gzipped or not. This page
describes layout {layout.VERSION}. The members are regular files without owner or time, in the order
below, and two blocks of zeros end the archive. At one position and without keys, one version of
Rapport always writes the same bytes.
"""

_READING = f"""\
## How it is read

The import derives or verifies everything before it uses it. It decodes every event and checks it
against its schema. It derives `readable/`, `policies/` and the tiles from the events again and
compares them byte for byte. It compares the root with every checkpoint, and verifies every
checkpoint with the keys of the archive, the last one and `{layout.SETTINGS}` also with `--key`.
Streams must have no gaps, ids must be unique, and `recorded_at` must not decrease. At the end,
`{layout.SUMS}` must list every member.

The import accepts only what was exported. It refuses other members, links, paths, sizes beyond
their limit, more than {MOST_INFLATION} times the compressed size, bytes after the end, and a newer
layout.

Signatures cover every event with its position and its time of recording (by the checkpoints), the
time zone, region, origin and date of the ledger (by `{layout.SETTINGS}`), and its namespace (by
`{layout.NAMESPACE}`). Only `{layout.SUMS}` covers the schemas, the times at which checkpoints were
signed and keys were created and retired, the ledger's name, and what `{layout.MANIFEST}` says about
the program. A forger can write that file again, so these are not protected against forgery.
"""

_KEYS = f"""\
## Keys

`{layout.LOCK}` says how the passphrase becomes a key: always scrypt with n = {SCRYPT_COST},
r = {SCRYPT_BLOCKS}, p = {SCRYPT_PARALLEL}. Each encrypted member is 12 bytes of nonce, then
AES-256-GCM. The associated data is the msgpack array of `{layout.ARCHIVE}`, layout, origin,
position and the member's name. The decrypted content is a msgpack array:
`[[contact (16 bytes), key (32 bytes)], ...]`, and for the log
`[number of contacts' keys, [[verifier key, private key (32 bytes)], ...]]`.
`{layout.NAMESPACE}` contains a signed note like `{layout.SETTINGS}`, with the namespace.

The ledger derives the UUID of a contact from the namespace and `source:ref`. Anyone who has the
namespace can test guesses of refs, also after an erasure, so it is exported only with the keys.
Without it, `rapport verify` cannot check the ids of `referral-received` events that follow from it
("companion ids"), and says so.

In layout 1, `{layout.SETTINGS}` and `{layout.MANIFEST}` of every archive contained the namespace,
and `{layout.NAMESPACE}` did not exist. The import reads such archives, with their namespace.
"""


def archive_page() -> str:
    """Every member of an archive in its order, and how one is read."""
    head = opening("Archive", "`ledger/archive`", _INTRODUCTION)
    return "\n".join((head, table(("member", "holds"), _rows()), _READING, _KEYS))


def _rows() -> Iterator[tuple[str, str]]:
    first = 1
    chunk = f"{layout.CHUNK_EVENTS:,} events or {layout.CHUNK_BYTES // 2**20} MiB of state"
    rows = (
        (layout.HEAD, "layout, ledger, origin, position of the last event, whether keys are in it"),
        (
            layout.SETTINGS,
            "time zone, region, origin and date of the ledger, as a C2SP note that its log signed",
        ),
        (layout.VERIFIERS, "the log's public keys, newest first, with when each was made, retired"),
        (layout.KEY, "the same, one a line"),
        (layout.LOCK, "with keys: how they are encrypted"),
        (layout.NAMESPACE, "with keys: the same note with the ledger's namespace, encrypted"),
        (layout.SCHEMA.format(topic="<type>"), "the JSON Schema of each type's data"),
        (
            layout.CHECKPOINTS.format(number=first),
            f"every checkpoint ever signed, {layout.CHUNK_CHECKPOINTS:,} lines a member: size,"
            " root, note, signed_at; before the events that they cover",
        ),
        (
            layout.EVENTS.format(first=first),
            f"{chunk}, by the position of the first: msgpack arrays of position, stream (16 bytes),"
            " version, type, [stored state](stored-format.md), event id (16 bytes)",
        ),
        (
            layout.READABLE.format(first=first),
            'the same as lines of JSON; a personal value is `{"sealed": true}`',
        ),
        (layout.POLICY.format(version=1), "a policy published in that chunk, as a document"),
        (
            f"{layout.LOG}tile/...",
            "tiles and entry bundles that are full with that chunk, at their paths of C2SP"
            " tlog-tiles; the partial ones after the last chunk",
        ),
        (layout.CHECKPOINT, "the last checkpoint, which covers every event"),
        (layout.DATA_KEYS.format(number=1), "with keys: the data keys of contacts, encrypted"),
        (layout.SIGNING_KEYS, "with keys: the signing keys, encrypted"),
        (layout.MANIFEST, "the ledger, the number of its events, keys and so on, its root, tzdata"),
        (layout.SUMS, "the SHA-256 of every member before, as `sha256sum --check` reads it"),
    )
    return ((f"`{name}`", text) for name, text in rows)
