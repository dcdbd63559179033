"""Which of the processes of ``rapport serve --workers`` serve: a byte of a file for each of them.

The one that watches them makes the file, which has no name, and each of them inherits it.
"""

from __future__ import annotations

import os

_RUNS, _ENDED, _STOPPED = b"1", b"0", b"s"


class WorkerStates:
    """The states of several processes, which are numbered from 1. Any process may read them."""

    def __init__(self, descriptor: int) -> None:
        """``descriptor`` is of the file, in which every state is a byte."""
        self.descriptor = descriptor

    @classmethod
    def new(cls, descriptor: int, count: int) -> WorkerStates:
        """The states of ``count`` processes that do not serve yet, in an empty file."""
        os.pwrite(descriptor, _ENDED * count, 0)
        return cls(descriptor)

    def note_serving(self, number: int) -> None:
        """A process answers from now on."""
        self._put(number, _RUNS)

    def note_end(self, number: int) -> None:
        """A process has ended."""
        self._put(number, _ENDED)

    def note_stop(self, number: int, *, is_stopped: bool) -> None:
        """A process that served was stopped, as by SIGSTOP, or continues."""
        before, after = (_RUNS, _STOPPED) if is_stopped else (_STOPPED, _RUNS)
        if os.pread(self.descriptor, 1, number - 1) == before:
            self._put(number, after)

    def not_serving(self) -> list[int]:
        """The numbers of the processes that do not serve now, in their order."""
        count = os.fstat(self.descriptor).st_size
        states = os.pread(self.descriptor, count, 0)
        return [number for number, one in enumerate(states, 1) if bytes((one,)) != _RUNS]

    def _put(self, number: int, state: bytes) -> None:
        os.pwrite(self.descriptor, state, number - 1)


class ThisWorker:
    """The process that runs here, as one of those."""

    def __init__(self, states: WorkerStates, number: int) -> None:
        self._states = states
        self._number = number

    def note_serving(self) -> None:
        """It answers from now on."""
        self._states.note_serving(self._number)

    def not_serving(self) -> list[int]:
        """The numbers of those that do not serve now."""
        return self._states.not_serving()
