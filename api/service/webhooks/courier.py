"""The courier of one webhook: takes in messages, sends them, and keeps their outcomes."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from api.service.webhooks.attempts import Outcome, Receiver
from api.service.webhooks.intake import Intake
from api.service.webhooks.line import Line
from api.service.webhooks.messages import body_of, headers_of
from domain.errors import Corrupt, LedgerError
from ledger.stores.webhooks import DEAD, DELIVERED, WAITING, WebhookNotFound

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor
    from uuid import UUID

    from api.service.webhooks.egress import Egress, Resolve
    from api.service.webhooks.outbox import OutboxReader, Reach
    from api.service.webhooks.pacing import DeliveryPacing
    from api.service.webhooks.subscriptions import Webhooks
    from ledger.stores.webhooks import Delivery, Webhook

logger = logging.getLogger("rapport.api")

T = TypeVar("T")

RETRY_SECONDS = 1.0
"""After how long it is tried again where the store cannot be used."""

_PRUNE_AFTER = 1_000
"""After how many deliveries the oldest ones are forgotten."""

BEHIND_SECONDS = 0.05
"""How soon it is looked again while something is about to come from a projection."""


class CourierWays(NamedTuple):
    """What couriers of all webhooks of a server have in common."""

    egress: Callable[[], Egress]
    resolve: Resolve
    context: ssl.SSLContext
    pacing: DeliveryPacing
    clock: Callable[[], int]
    executor: Executor


class Courier:
    """One task of the event loop, for one webhook as it is described now."""

    def __init__(
        self, webhooks: Webhooks, webhook: Webhook, outbox: OutboxReader, ways: CourierWays
    ) -> None:
        self._webhooks = webhooks
        self._webhook = webhook
        self._outbox = outbox
        self._ways = ways
        self._woken = asyncio.Event()
        self._line = Line(ways.pacing, is_failing=webhook.failing_since is not None)
        self._was_failing = webhook.failing_since is not None
        self._tasks: set[asyncio.Task[None]] = set()
        self._settled: list[Delivery] = []
        self._intake = Intake(webhooks, webhook, outbox.read, ways.clock)
        self._settled_count = 0
        self._holds_part = True  # nothing was read yet
        self._cut: frozenset[UUID | None] = frozenset()
        self._kept_count: int | None = None

    def wake(self) -> None:
        """Look at once: something was recorded. Only on the event loop."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled, or until the receiver wants nothing more."""
        receiver = Receiver(
            self._webhook.url,
            self._ways.resolve,
            self._ways.context,
            attempt_seconds=self._ways.pacing.attempt_seconds,
            at_once=self._ways.pacing.at_once,
        )
        try:
            while True:
                try:
                    await self._run(receiver)
                    return
                except WebhookNotFound:  # it was removed meanwhile
                    return
                except Corrupt as error:
                    logger.error("webhook %s is not sent: %s", self._webhook.id, error)
                    return
                except LedgerError as error:
                    logger.warning("webhook %s is tried again: %s", self._webhook.id, error)
                except Exception:
                    logger.exception("webhook %s is tried again", self._webhook.id)
                await asyncio.sleep(RETRY_SECONDS)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await receiver.close()
            with suppress(LedgerError):
                self._record(self._settled)  # what was answered is not to be sent again

    async def _run(self, receiver: Receiver) -> None:
        secret = await self._in_thread(lambda: self._webhooks.secret_of(self._webhook))
        idle = True
        while not self._line.is_gone:
            self._woken.clear()
            turn = await self._take_turn(idle=idle)
            now = self._ways.clock()
            upto, is_current = turn.reach
            for delivery in self._line.take(now, upto):
                task = asyncio.create_task(self._deliver(receiver, secret, delivery))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            idle = False
            if turn.has_more and self._line.room > 0:
                continue
            due_at = self._line.due_at(now, upto)
            idle = not await self._wait(due_at, now, is_current=is_current)
        await self._take_turn(idle=False)
        await self._in_thread(lambda: self._webhooks.disable(self._webhook, "gone"))

    async def _take_turn(self, *, idle: bool) -> _Turn:
        """Keep what was settled and take in what is next, in a thread."""
        settled, self._settled = self._settled, []
        room, wants = self._line.room, self._holds_part and self._line.runs_low(self._cut)
        try:
            turn = await self._in_thread(lambda: self._turn(settled, room, wants=wants, idle=idle))
        except BaseException:
            self._settled = settled + self._settled
            raise
        # What was settled meanwhile is not known to the store yet.
        known = {one.id for one in self._settled}
        self._line.put(one for one in turn.waiting if one.id not in known)
        return turn

    async def _wait(self, due_at: int | None, now: int, *, is_current: bool) -> bool:
        """Wait for a wake, or for what is due; False where nothing woke it."""
        seconds = self._ways.pacing.poll_seconds
        if not is_current:
            seconds = min(seconds, BEHIND_SECONDS)
        if due_at is not None:
            seconds = min(seconds, max(due_at - now, 0) / 1_000_000)
        try:
            async with asyncio.timeout(max(seconds, 0.001)):
                await self._woken.wait()
        except TimeoutError:
            return False
        return True

    def _turn(self, settled: Sequence[Delivery], room: int, *, wants: bool, idle: bool) -> _Turn:
        """The store's part of a turn. ``wants`` says that what waits there should be read."""
        self._record(settled)
        store, pacing = self._webhooks.store, self._ways.pacing
        if self._kept_count is None:
            self._kept_count = store.backlog(self._webhook.id).waiting
        # Before what is taken in: whatever comes of a position is in the outbox by then.
        reach = self._outbox.reach(self._webhook)
        more, taken = False, 0
        if room > 0 and self._kept_count < pacing.most_kept:
            more, taken = self._intake.take_in(room, idle=idle)
            self._kept_count += taken
        waiting: list[Delivery] = []
        if taken or wants:
            waiting = store.waiting(self._webhook.id, pacing.most_waiting, pacing.most_of_contact)
            counts = Counter(one.contact for one in waiting)
            self._cut = frozenset(
                name for name, count in counts.items() if count == pacing.most_of_contact
            )
            self._holds_part = len(waiting) == pacing.most_waiting or bool(self._cut)
        return _Turn(reach, more, waiting)

    def _record(self, settled: Sequence[Delivery]) -> None:
        if not settled:
            return
        store, name = self._webhooks.store, self._webhook.id
        store.keep_outcomes(name, settled)
        if self._kept_count is not None:
            self._kept_count -= sum(one.state != WAITING for one in settled)
        if self._line.is_failing != self._was_failing:
            self._was_failing = self._line.is_failing
            store.set_failing(name, self._ways.clock() if self._was_failing else None)
        self._settled_count += len(settled)
        if self._settled_count >= _PRUNE_AFTER:
            self._settled_count = 0
            store.prune(name, self._ways.pacing.kept)

    async def _deliver(self, receiver: Receiver, secret: str, delivery: Delivery) -> None:
        """One attempt, from its body to what became of it."""
        outcome = await self._attempt(receiver, secret, delivery)
        failed_before = self._line.is_failing
        settled = self._line.settle(delivery, outcome, self._ways.clock())
        self._settled.append(settled)
        self._note(settled, outcome, is_first=not failed_before)
        self.wake()

    async def _attempt(self, receiver: Receiver, secret: str, delivery: Delivery) -> Outcome:
        webhook, ways, ledger = self._webhook, self._ways, self._webhooks.ledger
        try:
            body = await self._in_thread(
                lambda: body_of(ledger, delivery, personal=webhook.personal)
            )
            headers = headers_of(secret, delivery.id, body, ways.clock())
            return await receiver.send(ways.egress(), body, headers)
        except LedgerError as error:
            logger.warning("a message of webhook %s cannot be made: %s", webhook.id, error)
        except Exception:
            logger.exception("a message of webhook %s cannot be sent", webhook.id)
        return Outcome(None, "unreadable")

    def _note(self, settled: Delivery, outcome: Outcome, *, is_first: bool) -> None:
        """Count an outcome, and log what a person should know."""
        name, counts = self._webhooks.ledger.name, self._webhooks.counts
        if settled.state == DELIVERED:
            counts["sent"] += 1
            return
        counts["failed"] += 1
        why = outcome.problem or f"status {outcome.status}"
        if settled.state == DEAD:
            counts["dead"] += 1
            logger.error(
                "webhook %s of ledger %s: message %s is given up: %s",
                self._webhook.id,
                name,
                settled.id,
                why,
            )
        elif is_first:
            logger.warning("webhook %s of ledger %s fails: %s", self._webhook.id, name, why)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """What a thread makes of it. Who cancels this waits for the thread too."""
        future = asyncio.get_running_loop().run_in_executor(self._ways.executor, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise


class _Turn(NamedTuple):
    """What a turn of the store came to: see ``Courier._turn``."""

    reach: Reach
    has_more: bool
    waiting: Sequence[Delivery]
