"""The id of an import: the same for the same file under the same mapping."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from api.service.importing.mapping import FileMapping

_CHUNK_BYTES = 64 * 1024


def import_id_of(namespace: UUID, mapping: FileMapping, file: BinaryIO) -> UUID:
    """The id of the import of this file, which is read from its beginning to its end.

    So a run that continues one that was killed is the same import, and one undo takes both back.
    """
    content = sha256()
    file.seek(0)
    while some := file.read(_CHUNK_BYTES):
        content.update(some)
    file.seek(0)
    return uuid5(namespace, f"import\n{mapping.digest.hex()}\n{content.hexdigest()}")
