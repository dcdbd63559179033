"""How projections are carried along a log: a protocol, and no thread.

``ledger.subscriptions`` keeps it without knowing it, and ``api.bootstrap`` joins the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from projections.build_subscriber import BuildSubscriber


class Subscription(Protocol):
    """Takes the steps of live builds until each stands at the head of the log, on a thread."""

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""

    @property
    def is_stopped(self) -> bool:
        """Whether its end has begun."""

    def start(self) -> None:
        """Begin to follow."""

    def stop(self) -> None:
        """Have it end soon, without waiting for that."""

    def close(self) -> None:
        """Stop after the step being taken, and wait for that."""

    def wake(self) -> None:
        """Look at once: something was appended, or the clock jumped. From any thread, and cheap."""

    def hurry(self) -> None:
        """Somebody waits from now on: cut a rest short."""

    def pause(self) -> AbstractContextManager[None]:
        """While inside, no build moves but by the caller's hand."""

    def take_turn(self) -> bool:
        """One step of every build; True while one of them has more to take in at once."""

    def lag(self, position: int) -> int:
        """How many events the log has beyond a position."""

    def trouble(self, name: str) -> str | None:
        """What keeps a build from moving just now, if anything does."""

    def forget_trouble(self, name: str) -> None:
        """Forget a build's trouble, because another one takes its place."""


class Subscribe(Protocol):
    """Makes the subscription of some builds."""

    def __call__(
        self,
        subscribers: Sequence[BuildSubscriber],
        *,
        is_awaited: Callable[[], bool],
        is_busy: Callable[[], bool],
    ) -> Subscription:
        """A subscription that is not started yet.

        ``is_awaited`` says whether somebody waits for a position, which makes an end of every
        rest; ``is_busy`` whether what gives way is to wait for something else, too.
        """
