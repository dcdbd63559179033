"""How events and the transparency log are stored, for readers without this program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs.generating.markdown import opening, table
from domain.events import CATALOGUE
from ledger.codec import SCHEMAS

if TYPE_CHECKING:
    from domain.events import Field

_INTRODUCTION = """\
This page describes how an event is stored in `events.sqlite`. A stored state never changes, and
what this page says about a schema number stays true forever: golden bytes in `tests/golden` check
that.
"""

_SOURCES = "`domain/events`, `ledger/codec.py` and `docs/generating/storage.py`"

_STATE = """\
The state of an event is one msgpack array: an envelope, then the fields of its type. Stream,
version, position and type are stored in columns beside it.

| place | holds |
| --- | --- |
| 0 | the schema number of the fields |
| 1 | 16 random bytes, so that equal facts have unequal hashes |
| 2 | the event's id, 16 bytes |
| 3 | `recorded_at`, microseconds of UTC since 1970 |
| 4 | `occurred_at`, the same; alone in an array where a clock that was behind place 3 gave it |
| 5 | `source`, or nil |
| 6 | `actor`, encrypted, or nil |
| 7 | `causation_id`, 16 bytes, or nil |
| 8 ... | the fields of the type, in the order below |

Whole numbers, texts and flags are msgpack's own; ids of events and contacts are 16 bytes; instants
are microseconds of UTC since 1970; absent values are nil. A field that an older event lacks at the
end is absent. Fields are only ever appended; a field that changes its form gets the type a new
schema number, and a new meaning gets a new type. The data of a correction is an array of its
target's type, schema number and fields.
"""

_ENCRYPTED = """\
An asterisk marks the encrypted fields. Each is encrypted by itself under the contact's data key: 12
bytes of nonce, then AES-256-GCM over the msgpack of the value. The associated data is the msgpack
array of stream (16 bytes), version, type and field name (`actor` for the actor, `data.` and the
name inside a correction), so a ciphertext can be decrypted only in its own place. The keys are in
`keys.sqlite`, wrapped by the master key.
"""

_LOG = """\
The content of `log.sqlite` is not secret, and its tiles follow from `events.sqlite`. Leaf n,
from 0, is the event at position n + 1. Its entry is the msgpack array

| place | holds |
| --- | --- |
| 0 | 1, the number of this form |
| 1 | the stream, 16 bytes |
| 2 | the version |
| 3 | the type |
| 4 | `recorded_at`, microseconds of UTC since 1970 |
| 5 | SHA-256 of the stored state |

and its hash is SHA-256 of a byte 0 and the entry; that of a node is SHA-256 of a byte 1, the left
and the right hash (RFC 6962, section 2.1). Tables:

| table | columns |
| --- | --- |
| `log` | one row: `origin`, `made_at` |
| `tiles` | `level`, `n`, `hashes` (up to 256 of 32 bytes; a row grows until it is full) |
| `checkpoints` | `size`, `root`, `note` (as it is served), `signed_at` |
| `verifier_keys` | `public` (Ed25519, 32 bytes), `made_at`, `retired_at` |

Tiles are those of C2SP `tlog-tiles` v0.1.0: level 0 has the hashes of leaves, each other level
those of the full tiles of the level below. Notes are `tlog-checkpoint` v1.0.0 in
`signed-note` v1.0.0.

`ledger.json` has the `origin`, which is also the name of the keys, and ends in the SHA-256 of the
same document without that. It contains `for_audit` if the ledger was imported without its keys;
then the `ledger.note` of its [archive](archive.md) is beside it, and `keys.sqlite` contains no
keys.

The keys' private halves are in the table `signing_keys` of `keys.sqlite`: 12 bytes of nonce, then
AES-256-GCM of the 32 bytes under the master key; associated data is `rapport signing key ` and the
public key. Instants are as above. The table `destroyed` lists each contact whose key was destroyed,
and when.
How it is kept is described in [the transparency log](../explanation/the-transparency-log.md).
"""


def stored_format_page() -> str:
    """The stored state, and the order in which the fields of every event type are stored."""
    rows = (
        (f"`{topic}`", SCHEMAS[topic], ", ".join(map(_column, made.FIELDS)))
        for topic, made in sorted(CATALOGUE.items())
    )
    return "\n".join(
        (
            opening("Stored format", _SOURCES, _INTRODUCTION),
            f"## Stored state\n\n{_STATE}",
            f"## Encrypted fields\n\n{_ENCRYPTED}",
            f"## The log\n\n{_LOG}",
            f"## Fields by type\n\n{table(('type', 'schema', 'fields, in order'), rows)}",
        )
    )


def _column(field: Field) -> str:
    return f"`{field.name}`" + ("\\*" if field.personal else "")
