"""Which process follows the ledgers of a server that this one serves, and its beginning and end."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from api.service.followers.elsewhere import FollowersElsewhere
from api.service.followers.listening import FollowersWelcome
from api.service.followers.watching import ProcessBeside
from api.service.settings import AUTO, BESIDE, INSIDE
from ledger.data_layout import unusable

if TYPE_CHECKING:
    from api.service.settings import Settings

PROGRAM = ("-P", "-m", "api.cli")
"""What Python runs as the command ``rapport``, whatever lies in the present folder."""


def where_to_follow(settings: Settings) -> str:
    """Where ledgers are followed: as the settings say, else beside where there are two cores."""
    if settings.followers != AUTO:
        return settings.followers
    return BESIDE if _core_count() > 1 else INSIDE


def followers_of(settings: Settings) -> FollowersElsewhere | None:
    """What speaks to the process that follows; None where that is this one."""
    return None if where_to_follow(settings) == INSIDE else FollowersElsewhere()


class OtherProcess:
    """The process that follows for a server: started and watched, or let in, or none."""

    def __init__(self, settings: Settings, followers: FollowersElsewhere | None) -> None:
        """Start nothing yet."""
        self._settings = settings
        self._followers = followers
        self._other: ProcessBeside | FollowersWelcome | None = None

    def start(self) -> None:
        """Start the process, or let one in from now on.

        Raises:
            FolderUnusable: none can be let in.
        """
        folder = self._settings.folder
        if self._followers is None:
            return
        if where_to_follow(self._settings) == BESIDE:
            command = [sys.executable, *PROGRAM, "project", "--data", str(folder), "--channel"]
            self._other = ProcessBeside(self._followers, command)
        else:
            try:
                self._other = FollowersWelcome(self._followers, folder)
            except OSError as error:
                raise unusable(folder, error) from error
        self._other.start()

    def close(self) -> None:
        """Have the process sign what is left, and end or leave."""
        if self._other is not None:
            self._other.close()


def _core_count() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
