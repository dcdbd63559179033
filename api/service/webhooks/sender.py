"""The sender of a server: one thread with an event loop, in which every webhook has its courier.

It runs in the process that holds the ledgers, because receivers who may have them get personal
fields, and the process beside has no key to any. Nothing is started before there is a webhook.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Lock, Thread
from typing import TYPE_CHECKING

from api.service.webhooks.courier import Courier, CourierWays
from api.service.webhooks.egress import resolve_by_system
from domain.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from api.service.webhooks.egress import Egress, Resolve
    from api.service.webhooks.outbox import OutboxReader
    from api.service.webhooks.pacing import DeliveryPacing
    from api.service.webhooks.subscriptions import Webhooks
    from ledger.stores.webhooks import Webhook

logger = logging.getLogger("rapport.api")

CLOSE_SECONDS = 5.0
"""How long the end waits for what is being kept."""

_THREADS = 2
_LOOK_UPS = 32
"""How many names are looked up at once: some answer late, and each takes a thread."""


class _Following:
    """A ledger whose webhooks are sent, with the couriers that are under way."""

    def __init__(self, webhooks: Webhooks, outbox: OutboxReader) -> None:
        self.webhooks = webhooks
        self.outbox = outbox
        self.couriers: dict[UUID, tuple[Webhook, Courier, asyncio.Task[None]]] = {}
        self.let_go: Callable[[], object] | None = None
        self.is_woken = False
        self.is_over = False
        """Whether nothing more is sent of it."""


class Sender:
    """Sends the messages of all ledgers of a server. Any thread may call."""

    def __init__(
        self,
        egress: Callable[[], Egress],
        pacing: DeliveryPacing,
        clock: Callable[[], int],
        resolve: Resolve = resolve_by_system,
        context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        """``egress`` gives the rules of the moment; ``resolve`` looks names up."""
        self._egress = egress
        self._pacing = pacing
        self._clock = clock
        self._resolve = resolve
        self._context = context
        self._lock = Lock()
        self._followed: dict[str, _Following] = {}
        self._sends = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._changed: asyncio.Event | None = None
        self._closed = False

    def start(self) -> None:
        """Send from now on; before that, webhooks are only described."""
        with self._lock:
            self._sends = True
            self._begin()

    def follow(self, webhooks: Webhooks, outbox: OutboxReader) -> None:
        """Send the webhooks of this ledger too."""
        with self._lock:
            self._followed[webhooks.ledger.name] = _Following(webhooks, outbox)
            webhooks.on_change = self._look_again
            self._begin()

    def let_go(self, name: str) -> None:
        """Send nothing more of the ledger of that name, and wait for what is under way."""
        with self._lock:
            followed = self._followed.pop(name, None)
            loop = self._loop
        if followed is None:
            return
        if followed.let_go is not None:
            followed.let_go()
        if loop is not None:
            with suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(_end(followed), loop).result(CLOSE_SECONDS)

    def close(self) -> None:
        """End: what was answered is kept, and what is on its way is sent again another time."""
        with self._lock:
            self._closed = True
            names = list(self._followed)
        for name in names:
            self.let_go(name)
        with self._lock:
            thread, changed, loop = self._thread, self._changed, self._loop
        if thread is not None and loop is not None and changed is not None:
            loop.call_soon_threadsafe(changed.set)
            thread.join()

    def wake(self) -> None:
        """Look at once in every ledger: the clock jumped, say."""
        for name in list(self._followed):
            self._wake(name)

    def _look_again(self) -> None:
        with self._lock:
            self._begin()

    def _begin(self) -> None:
        """Start the thread where there is something to send; the lock is held."""
        if not self._sends or self._closed:
            return
        if self._loop is None:
            if not any(self._has_webhooks(one) for one in self._followed.values()):
                return
            self._loop = asyncio.new_event_loop()
            self._changed = asyncio.Event()
            self._thread = Thread(target=self._run, name="webhooks", daemon=True)
            self._thread.start()
        assert self._changed is not None
        self._loop.call_soon_threadsafe(self._changed.set)

    @staticmethod
    def _has_webhooks(followed: _Following) -> bool:
        try:
            return bool(followed.webhooks.all())
        except LedgerError as error:
            logger.error("ledger %s sends no webhooks: %s", followed.webhooks.ledger.name, error)
            return False

    def _run(self) -> None:
        assert self._loop is not None
        asyncio.set_event_loop(self._loop)
        names = ThreadPoolExecutor(_LOOK_UPS, "names")
        self._loop.set_default_executor(names)
        try:
            with ThreadPoolExecutor(_THREADS, "webhooks") as executor:
                self._loop.run_until_complete(self._watch(executor))
        finally:
            names.shutdown(wait=False, cancel_futures=True)
            self._loop.close()

    async def _watch(self, executor: ThreadPoolExecutor) -> None:
        assert self._changed is not None
        loop = asyncio.get_running_loop()
        ways = CourierWays(
            self._egress,
            self._resolve,
            await loop.run_in_executor(executor, self._context),
            self._pacing,
            self._clock,
            executor,
        )
        while not self._closed:
            self._changed.clear()
            with self._lock:
                followed = list(self._followed.values())
            for one in followed:
                try:
                    await self._look_at(one, ways)
                except Exception:
                    # The other ledgers continue.
                    logger.exception("ledger %s sends no webhooks", one.webhooks.ledger.name)
            await self._changed.wait()

    async def _look_at(self, followed: _Following, ways: CourierWays) -> None:
        """Have every enabled webhook of a ledger a courier that knows it as it is now."""
        ledger = followed.webhooks.ledger
        try:
            webhooks = {one.id: one for one in followed.webhooks.all() if one.enabled}
        except LedgerError as error:
            logger.error("ledger %s sends no webhooks: %s", ledger.name, error)
            return
        for webhook_id, (known, _, task) in list(followed.couriers.items()):
            now = webhooks.get(webhook_id)
            if task.done() or now is None or now.revision != known.revision:
                followed.couriers.pop(webhook_id, None)
                task.cancel()
                await asyncio.wait([task])
        if followed.is_over:  # it was let go in the meantime
            return
        for webhook_id, webhook in webhooks.items():
            if webhook_id not in followed.couriers:
                courier = Courier(followed.webhooks, webhook, followed.outbox, ways)
                task = asyncio.create_task(courier.run())
                followed.couriers[webhook_id] = webhook, courier, task
        if webhooks and followed.let_go is None:
            wake = partial(self._wake, ledger.name)
            followed.let_go = ledger.on_commit(lambda _head: wake())

    def _wake(self, name: str) -> None:
        """Something was recorded in a ledger. Cheap: every commit calls it."""
        followed, loop = self._followed.get(name), self._loop
        if followed is None or loop is None or followed.is_woken:
            return
        followed.is_woken = True
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(_wake_couriers, followed)


def _wake_couriers(followed: _Following) -> None:
    followed.is_woken = False
    for _, courier, _ in followed.couriers.values():
        courier.wake()


async def _end(followed: _Following) -> None:
    """Cancel the couriers of a ledger, and wait until what they know is kept."""
    followed.is_over = True
    tasks = [task for _, _, task in followed.couriers.values()]
    followed.couriers.clear()
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
