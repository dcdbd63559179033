"""What every store of webhooks, and every outbox, promises, as tests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from domain.notices import Notice
from ledger.stores.webhooks import DEAD, DELIVERED, WAITING, Backlog, Delivery, Webhook
from projections.outbox_tables import (
    add_notices,
    has_outbox,
    make_outbox,
    newest_number,
    number_before,
    prune_outbox,
    read_notices,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.stores.webhooks import WebhookStore
    from projections.tables import TableStore

NAMESPACE = UUID("5a0e4d51-9c4e-4b5a-8a44-4e6f6fd3a1d0")
SHOP = Webhook(
    id=UUID(int=1),
    url="https://shop.example.org/in",
    events=("event-recorded", "stage-changed"),
    types=("purchase-made",),
    personal=True,
    description="the shop",
    enabled=True,
    secret=b"sealed",
    made_at=5,
    began_at=3,
    position=3,
    notice=0,
    content=b"digest",
)
OTHER = replace(
    SHOP, id=UUID(int=2), types=(), personal=False, description=None, content=None, made_at=6
)


def delivery(number: int, contact: int = 1, **more: object) -> Delivery:
    """A message of that position."""
    made = Delivery(
        id=uuid5(NAMESPACE, f"{number}"),
        kind="event-recorded",
        contact=UUID(int=contact),
        position=number,
        instant=number * 10,
        next_at=7,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields of a delivery


def positions(found: list[Delivery]) -> list[int]:
    """Where messages stand."""
    return [one.position for one in found]


class WebhookStoreContract(ABC):
    """Adopted by a store that says how one is opened in a folder."""

    @abstractmethod
    def open_webhooks(self, folder: Path) -> WebhookStore:
        """The store of that folder, empty at first."""

    @abstractmethod
    def wanted_in(self, folder: Path) -> frozenset[str]:
        """What the webhooks in it are told of, read beside whoever has it open."""

    def test_a_webhook_comes_back_as_it_was_added(self, tmp_path: Path) -> None:
        with closing(self.open_webhooks(tmp_path)) as store:
            assert store.all() == []
            store.add(OTHER)
            store.add(SHOP)
            assert self.wanted_in(tmp_path) == {"event-recorded", "stage-changed"}
        with closing(self.open_webhooks(tmp_path)) as again:
            assert again.all() == [SHOP, OTHER]
            again.remove(SHOP.id)
            assert again.all() == [OTHER]

    def test_a_change_leaves_how_far_it_came(self, tmp_path: Path) -> None:
        with closing(self.open_webhooks(tmp_path)) as store:
            store.add(SHOP)
            store.add(OTHER)
            assert store.take_in(SHOP, [delivery(4)], 4, 2)
            store.set_failing(SHOP.id, 9)
            store.change(replace(SHOP, url="https://new.example.org/", enabled=False, types=()))
            changed, other = store.all()
        assert changed == replace(
            SHOP, url="https://new.example.org/", enabled=False, types=(),
            position=4, notice=2, failing_since=9, revision=1,
        )  # fmt: skip
        assert other == OTHER

    def test_a_change_may_have_what_waits_sent_sooner(self, tmp_path: Path) -> None:
        waiting = [delivery(4, next_at=50), delivery(5, next_at=20), delivery(6, next_at=50)]
        with closing(self.open_webhooks(tmp_path)) as store:
            for webhook in (SHOP, OTHER):
                store.add(webhook)
                store.take_in(webhook, waiting, 6, 2)
            store.keep_outcomes(SHOP.id, [replace(waiting[2], state=DEAD)])
            for due_at, expected in ((None, [50, 20, 50]), (30, [30, 20, 50])):
                store.change(SHOP, due_at)
                assert [one.next_at for one in store.history(SHOP.id, 0, 9)] == expected
            assert [one.next_at for one in store.history(OTHER.id, 0, 9)] == [50, 20, 50]

    def test_what_waits_is_in_order_and_kept_with_the_place(self, tmp_path: Path) -> None:
        with closing(self.open_webhooks(tmp_path)) as store:
            store.add(SHOP)
            store.take_in(SHOP, [delivery(5), delivery(4, 2)], 5, 0)
            store.take_in(SHOP, [replace(delivery(3, detail=b"notice"), contact=None)], 6, 1)
        with closing(self.open_webhooks(tmp_path)) as again:
            found = again.waiting(SHOP.id, 10, 10)
            assert positions(found) == [3, 4, 5]
            assert (found[0].contact, found[0].detail) == (None, b"notice")
            assert positions(again.waiting(SHOP.id, 2, 10)) == [3, 4]
            again.take_in(SHOP, [delivery(7), delivery(8)], 8, 1)
            assert positions(again.waiting(SHOP.id, 10, 1)) == [3, 4, 5]
            assert positions(again.waiting(SHOP.id, 10, 2)) == [3, 4, 5, 7]
            (kept,) = again.all()
            assert (kept.position, kept.notice) == (8, 1)
            assert again.backlog(SHOP.id) == Backlog(5, 0, 30)

    def test_nothing_is_taken_in_for_an_earlier_revision(self, tmp_path: Path) -> None:
        with closing(self.open_webhooks(tmp_path)) as store:
            store.add(SHOP)
            store.take_in(SHOP, [delivery(4), delivery(8)], 8, 5)
            store.rewind(SHOP.id, 6, 2)
            assert not store.take_in(SHOP, [delivery(9)], 9, 6)
            assert positions(store.waiting(SHOP.id, 10, 10)) == [4]
            (kept,) = store.all()
            assert (kept.position, kept.notice, kept.revision) == (6, 2, 1)
            assert store.take_in(kept, [delivery(8)], 8, 5)
            assert positions(store.waiting(SHOP.id, 10, 10)) == [4, 8]

    def test_what_became_of_attempts_is_kept(self, tmp_path: Path) -> None:
        with closing(self.open_webhooks(tmp_path)) as store:
            store.add(SHOP)
            store.take_in(SHOP, [delivery(one) for one in (4, 5, 6)], 6, 0)
            first, second, third = store.waiting(SHOP.id, 10, 10)
            done = replace(first, state=DELIVERED, attempts=1, status=204, first_at=8, at=8)
            gone = replace(second, state=DEAD, attempts=9, problem="timeout", first_at=8, at=99)
            late = replace(third, attempts=1, status=503, first_at=8, at=8, next_at=20)
            store.keep_outcomes(SHOP.id, [done, gone, late])
            assert store.deliveries(SHOP.id, None, 10) == [late, gone, done]
            assert store.deliveries(SHOP.id, None, 10, DEAD) == [gone]
            assert store.history(SHOP.id, 0, 2) == [done, gone]
            assert store.history(SHOP.id, gone.number, 2) == [late]
            assert store.deliveries(SHOP.id, late.number, 1) == [gone]
            assert store.backlog(SHOP.id) == Backlog(1, 1, 60)
            assert store.waiting(SHOP.id, 10, 10) == [late]
            assert store.revive(SHOP.id, [done.id, gone.id, UUID(int=9)], 50) == 2
            again = store.waiting(SHOP.id, 10, 10)
            assert positions(again) == [4, 5, 6]
            assert (again[0].attempts, again[0].next_at, again[0].state) == (0, 50, WAITING)

    def test_a_message_that_comes_again_is_the_same_one(self, tmp_path: Path) -> None:
        with closing(self.open_webhooks(tmp_path)) as store:
            store.add(SHOP)
            store.add(OTHER)
            store.take_in(SHOP, [delivery(4)], 4, 0)
            (sent,) = store.waiting(SHOP.id, 10, 10)
            store.keep_outcomes(SHOP.id, [replace(sent, state=DELIVERED, attempts=1, at=1)])
            store.take_in(SHOP, [delivery(4)], 4, 0)
            store.take_in(OTHER, [delivery(4)], 4, 0)
            assert [one.id for one in store.deliveries(SHOP.id, None, 10)] == [sent.id]
            assert store.waiting(SHOP.id, 10, 10)[0].attempts == 0
            assert len(store.deliveries(OTHER.id, None, 10)) == 1

    def test_the_oldest_are_forgotten_of_each_end(self, tmp_path: Path) -> None:
        with closing(self.open_webhooks(tmp_path)) as store:
            store.add(SHOP)
            store.take_in(SHOP, [delivery(one) for one in range(4, 14)], 14, 0)
            states = [DELIVERED, DEAD] * 4 + [WAITING] * 2
            found = zip(store.waiting(SHOP.id, 20, 20), states, strict=True)
            store.keep_outcomes(SHOP.id, [replace(one, state=state) for one, state in found])
            store.prune(SHOP.id, 2)
            left = store.deliveries(SHOP.id, None, 20)
        assert positions(left) == [13, 12, 11, 10, 9, 8]


class OutboxContract(ABC):
    """Adopted by a store of the tables of projections."""

    @abstractmethod
    def open_outbox(self, folder: Path) -> TableStore:
        """The tables of that folder, empty at first."""

    def test_notices_are_read_in_the_order_of_their_numbers(self, tmp_path: Path) -> None:
        own = [
            Notice("stage-changed", UUID(int=7), "client", 5, 3, 4, {"from": "customer"}),
            Notice("projection-failed", None, "status", 9, 6, 6, {"problem": "a fault"}),
        ]
        with closing(self.open_outbox(tmp_path)) as tables:
            with tables.read() as transaction:
                assert not has_outbox(transaction)
            with tables.write() as transaction:
                make_outbox(transaction)
                make_outbox(transaction)
                add_notices(transaction, own, 10)
                add_notices(transaction, [], 11)
                add_notices(transaction, [own[0]], 12)
            with tables.read() as transaction:
                assert [tuple(one) for one in read_notices(transaction, 0, 2)] == [
                    (10, own[0]),
                    (11, own[1]),
                ]
                assert [one.number for one in read_notices(transaction, 11, 9)] == [12]
                assert number_before(transaction, 5) == 10
                assert number_before(transaction, 7) == newest_number(transaction) == 12

    def test_numbers_are_not_given_again(self, tmp_path: Path) -> None:
        notice = Notice("stage-changed", UUID(int=7), "client", 5, 3, 4, {})
        with closing(self.open_outbox(tmp_path)) as tables, tables.write() as transaction:
            make_outbox(transaction)
            add_notices(transaction, [notice] * 3, 10)
            prune_outbox(transaction, 100)
            assert [one.number for one in read_notices(transaction, 0, 9)] == [12]
            add_notices(transaction, [notice], 5)  # the clock was put back
            assert newest_number(transaction) == 13

    def test_a_transaction_that_fails_takes_notices_back(self, tmp_path: Path) -> None:
        notice = Notice("stage-changed", UUID(int=7), "client", 5, 3, 4, {})
        with closing(self.open_outbox(tmp_path)) as tables:
            with tables.write() as transaction:
                make_outbox(transaction)
            with suppress(KeyError), tables.write() as transaction:
                add_notices(transaction, [notice], 10)
                raise KeyError
            with tables.read() as transaction:
                assert read_notices(transaction, 0, 9) == []
