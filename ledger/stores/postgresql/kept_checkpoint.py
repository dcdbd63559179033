"""The newest checkpoint of a ledger in a database, kept in the data folder as well.

A database that was restored to an earlier point, or a standby that was promoted before it had
everything, looks whole. What the folder knows shows that events are missing which were signed for.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from domain.errors import Corrupt, Unproven
from ledger.data_layout import unusable
from ledger.files import flush_folder, write_whole
from ledger.transparency.checkpoints import Checkpoint
from ledger.transparency.notes import Note

if TYPE_CHECKING:
    from pathlib import Path

FILE = "newest.checkpoint"
_FORKED = "forked-at-{size}.checkpoint"

_log = logging.getLogger("rapport.ledger")


class KeptCheckpoint:
    """The note of the newest checkpoint, in the folder of the ledger's keys."""

    def __init__(self, folder: Path, name: str) -> None:
        """``name`` is that of the ledger, for messages."""
        self._folder = folder
        self._name = name

    def keep(self, note: bytes) -> None:
        """Keep the note of a checkpoint that is in the database. What fails is tried again later.

        The next checkpoint is at most a second away, and the one before this one is still kept.
        """
        try:
            write_whole(self._folder / FILE, note)
        except OSError as error:
            _log.warning(
                "the newest checkpoint of %s is not kept in the data folder: %s",
                self._name,
                os.strerror(error.errno or 0),
            )

    def read(self) -> Checkpoint | None:
        """What the folder knows; None where nothing was signed since it has known anything.

        Raises:
            Corrupt: the file is damaged.
            Unavailable: it cannot be read.
        """
        path = self._folder / FILE
        try:
            return Checkpoint.read(Note.read(path.read_bytes()).text)
        except FileNotFoundError:
            return None
        except Unproven:
            raise Corrupt(f"{path} is damaged: restore the data folder from a backup") from None
        except OSError as error:
            raise unusable(self._folder, error) from error

    def set_aside(self) -> None:
        """Keep it under another name, by the size of its tree, and compare with it no more.

        Raises:
            Unavailable: the folder cannot be written to.
        """
        known = self.read()
        if known is None:
            return
        try:
            (self._folder / FILE).rename(self._folder / _FORKED.format(size=known.size))
            flush_folder(self._folder)
        except OSError as error:
            raise unusable(self._folder, error) from error
