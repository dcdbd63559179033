"""How far a move has come: a file of the data folder, which is there from its begin to its end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from domain.errors import Corrupt
from ledger.data_layout import FolderUnusable, unusable
from ledger.files import flush_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOVE_FILE = "move.json"


@dataclass(frozen=True, kw_only=True)
class MoveState:
    """A move that was begun. ``to`` is the kind of the store that it leads to.

    While it copies, the store that it leads from is served. Once it switches, none is served, and
    ``ledgers`` are all of them, with the ids under which their keys are while a database has them.
    """

    move: UUID
    to: str
    switching: bool = False
    ledgers: Mapping[str, UUID] = field(default_factory=dict)


def read_move(folder: Path) -> MoveState | None:
    """The move that was begun in a data folder and is not completed.

    Raises:
        Corrupt: the file is damaged.
        Unavailable: it cannot be read.
    """
    path = folder / MOVE_FILE
    try:
        values = json.loads(path.read_bytes())
        return MoveState(
            move=UUID(values["move"]),
            to=str(values["to"]),
            switching=values["switching"] is True,
            ledgers={str(name): UUID(one) for name, one in values["ledgers"].items()},
        )
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Corrupt(f"{path} is damaged: restore it from a backup") from None
    except OSError as error:
        raise unusable(folder, error) from error


def write_move(folder: Path, state: MoveState) -> None:
    """Note how far a move has come.

    Raises:
        Unavailable: it could not be written.
    """
    values = {
        "move": str(state.move),
        "to": state.to,
        "switching": state.switching,
        "ledgers": {name: str(one) for name, one in state.ledgers.items()},
    }
    try:
        write_whole(folder / MOVE_FILE, json.dumps(values).encode())
    except OSError as error:
        raise unusable(folder, error) from error


def forget_move(folder: Path) -> None:
    """Note that no move is under way.

    Raises:
        Unavailable: it could not be written.
    """
    try:
        (folder / MOVE_FILE).unlink(missing_ok=True)
        flush_folder(folder)
    except OSError as error:
        raise unusable(folder, error) from error


def refuse_half_moved(folder: Path) -> None:
    """Let pass a folder that one store serves, whether or not it is being copied.

    Raises:
        FolderUnusable: a move away from it was cut off while it switched.
    """
    state = read_move(folder)
    if state is not None and state.switching:
        raise FolderUnusable(
            f"the ledgers of {folder} are on their way to {_WHERE[state.to]}: do the same "
            "rapport move again, which completes it"
        )


_WHERE = {"files": "files", "database": "a database"}
