"""What an archive of a ledger holds: for whoever reads one without this program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs.generating.markdown import opening, table
from ledger.archive import layout
from ledger.archive.key_encryption import SCRYPT_BLOCKS, SCRYPT_COST, SCRYPT_PARALLEL
from ledger.archive.tar import MOST_INFLATION

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRODUCTION = f"""\
What `rapport export` writes, layout {layout.VERSION}: one tar file in the `ustar` format, gzipped
or not. Its members are regular files without owner or time, in the order below, and two blocks of
zeros are the end. At one position, without keys, one version of Rapport always writes the same
bytes.
"""

_READING = f"""\
## How it is read

Nothing is believed before it was derived or verified. Every event is decoded and held against its
schema; `readable/`, `policies/` and the tiles are made anew from the events and compared byte for
byte; the root is compared with every checkpoint, and every checkpoint verified with the keys of the
archive, the last one and `{layout.SETTINGS}` also with `--key`. Streams must have no gaps, ids must
be unique, instants of recording must not decrease. Last, `{layout.SUMS}` must list every member.

Only what was exported is taken: other members, links, paths, sizes beyond their limit, more than
{MOST_INFLATION} times the compressed size, anything behind the end and a newer layout are refused.

What a signature covers: every event, its place and time of recording (by the checkpoints), and
time zone, origin and date of the ledger (by `{layout.SETTINGS}`), and its namespace (by
`{layout.NAMESPACE}`). What only
`{layout.SUMS}` covers, and so not against somebody who writes that anew: schemas, when checkpoints
were signed and keys made and retired, the ledger's name, and what `{layout.MANIFEST}` says of the
program.
"""

_KEYS = f"""\
## Keys

`{layout.LOCK}` says how the passphrase becomes a key: scrypt with n = {SCRYPT_COST},
r = {SCRYPT_BLOCKS}, p = {SCRYPT_PARALLEL}, always. Each sealed member is 12 bytes of nonce, then
AES-256-GCM; associated data is the msgpack array of `{layout.ARCHIVE}`, layout, origin, position
and the member's name. Inside are msgpack arrays: `[[contact (16 bytes), key (32 bytes)], ...]`,
and of the log `[number of contacts' keys, [[verifier key, private key (32 bytes)], ...]]`.
`{layout.NAMESPACE}` holds a signed note like `{layout.SETTINGS}`, with the namespace.

The namespace makes contacts of `source:ref`. Whoever has it can test guesses of refs, also after an
erasure, so it travels only with the keys. Without it `referral-received` events are not checked for
the ids that follow from it ("companion ids"), and `rapport verify` says so.

In layout 1 the namespace stood in `{layout.SETTINGS}` and `{layout.MANIFEST}` of every archive, and
`{layout.NAMESPACE}` did not exist. Such archives are read, and bring the namespace with them.
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
            "time zone, origin and date of the ledger, as a C2SP signed note by the key of its log",
        ),
        (layout.VERIFIERS, "the log's public keys, newest first, with when each was made, retired"),
        (layout.KEY, "the same, one a line"),
        (layout.LOCK, "with keys: how they are locked"),
        (layout.NAMESPACE, "with keys: the same note with the ledger's namespace, sealed"),
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
            'the same as lines of JSON; what is personal is `{"sealed": true}`',
        ),
        (layout.POLICY.format(version=1), "a policy published in that chunk, as a document"),
        (
            f"{layout.LOG}tile/...",
            "tiles and entry bundles that are full with that chunk, at their paths of C2SP"
            " tlog-tiles; the partial ones after the last chunk",
        ),
        (layout.CHECKPOINT, "the last checkpoint, which covers every event"),
        (layout.DATA_KEYS.format(number=1), "with keys: the keys of contacts, sealed"),
        (layout.SIGNING_KEYS, "with keys: the keys that sign, sealed"),
        (layout.MANIFEST, "what the ledger is, how much of everything there is, root, tzdata"),
        (layout.SUMS, "the SHA-256 of every member before, as `sha256sum --check` reads it"),
    )
    return ((f"`{name}`", text) for name, text in rows)
