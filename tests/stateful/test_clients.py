"""Clients that retry, race, reorder and correct get the answers of a model that is only a list."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rapport_client import NewEvent
from tests.stateful.model import Asked, Model, Pair, merged_into, registered_as
from tests.stateful.shop import Shop, uuid

if TYPE_CHECKING:
    from random import Random
    from uuid import UUID

CONTACTS = [uuid(number) for number in range(1, 5)]

contacts = st.sampled_from(CONTACTS)
amounts = st.sampled_from([100, 200, 300])
choices = st.randoms(use_true_random=False)
losses = st.sampled_from([0, 0, 1, 2])


class Clients(RuleBasedStateMachine):
    """Every rule asks the ledger and the model the same, and the answers must be the same."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.shop = Shop(self.folder / "data")
        self.model = Model()
        self.asked: list[Asked] = []
        self.numbers = itertools.count(1000)
        for contact in CONTACTS[:3]:
            self.same(Asked(((contact, self.registration("Ann")),)))

    def teardown(self) -> None:
        try:
            for projection in ("status", "standing", "agenda"):
                assert self.shop.drift(projection) == []
        finally:
            self.shop.close()
            shutil.rmtree(self.folder)

    @invariant()
    def the_log_is_the_models(self) -> None:
        """Without gaps, every id once, streams counted from 1."""
        first, *log = self.shop.log()
        assert (first.position, first.type) == (1, "policy-published")
        counts = dict.fromkeys(CONTACTS, 0)
        for position, (recorded, (contact, event)) in enumerate(
            zip(log, self.model.log, strict=True), 2
        ):
            counts[contact] += 1
            assert (recorded.position, recorded.id) == (position, event.id)
            assert (recorded.contact_id, recorded.version) == (contact, counts[contact])
            assert (recorded.type, recorded.data) == (event.type, plain(event))

    @rule(contact=contacts, name=st.sampled_from(["Ann", "Ben"]), lost=losses)
    def register(self, contact: UUID, name: str, lost: int) -> None:
        self.same(Asked(((contact, self.registration(name)),)), lost)

    @rule(contact=contacts, amount=amounts, lost=losses)
    def purchase(self, contact: UUID, amount: int, lost: int) -> None:
        self.same(Asked(((contact, self.sale(amount)),)), lost)

    @rule(contact=contacts, amount=amounts, by=choices)
    def reverse(self, contact: UUID, amount: int, by: Random) -> None:
        self.same(Asked((self.reversal(contact, amount, by),)))

    @rule(contact=contacts, by=choices)
    def retract(self, contact: UUID, by: Random) -> None:
        self.same(Asked((self.retraction(contact, by),)))

    @rule(contact=contacts, amount=amounts, by=choices)
    def correct(self, contact: UUID, amount: int, by: Random) -> None:
        self.same(Asked((self.correction(contact, amount, by),)))

    @rule(contact=contacts, by=choices, lost=losses)
    def merge_or_part(self, contact: UUID, by: Random, lost: int) -> None:
        self.same(Asked((self.merger(contact, by),)), lost)

    @rule(by=choices, lost=losses)
    def send_again_whatever_was_sent(self, by: Random, lost: int) -> None:
        self.same(by.choice(self.asked), lost)

    @precondition(lambda self: self.model.log)
    @rule(by=choices, contact=contacts)
    def say_something_else_under_a_known_id(self, by: Random, contact: UUID) -> None:
        _, event = by.choice(self.model.log)
        other = replace(self.sale(700), id=event.id)
        self.same(Asked(((contact, other),)))

    @rule(contact=contacts, by=choices, off=st.sampled_from([-1, 0, 0, 1]), lost=losses)
    def append_to_a_version(self, contact: UUID, by: Random, off: int, lost: int) -> None:
        version = max(0, len(self.model.stream(contact)) + off)
        self.same(Asked(tuple(self.some(contact, by, 2)), if_version=version), lost)

    @rule(contact=contacts, lost=losses)
    def register_only_the_new(self, contact: UUID, lost: int) -> None:
        self.same(Asked(((contact, self.registration("Ann")),), if_new=True), lost)

    @rule(by=choices, lost=losses)
    def append_a_batch_with_whatever_is_in_it(self, by: Random, lost: int) -> None:
        pairs = [pair for contact in CONTACTS for pair in self.some(contact, by, by.randint(0, 2))]
        if self.model.log and by.random() < 0.3:
            pairs.append(by.choice(self.model.log))
        if by.random() < 0.2:
            pairs.append((by.choice(CONTACTS), self.sale(-1)))
        by.shuffle(pairs)
        if pairs:
            self.same(Asked(tuple(pairs)), lost)

    @rule(by=choices, count=st.integers(2, 3))
    def race(self, by: Random, count: int) -> None:
        """Some order of the requests explains all answers; duplicates are among them."""
        racing = []
        for _ in range(count):
            contact = by.choice(CONTACTS[:2])
            racing.append(Asked(tuple(self.some(contact, by, by.randint(1, 2)))))
        racing.append(by.choice([*racing, *self.asked]))
        answers = self.shop.ask(*racing)
        for order in itertools.permutations(range(len(racing))):
            model = self.model.copy()
            if all(model.take(racing[place]) == answers[place] for place in order):
                self.model = model
                self.asked.extend(racing)
                return
        raise AssertionError(f"no order explains {answers} to {racing}")

    @rule(contact=contacts)
    def ask_where_a_contact_stands(self, contact: UUID) -> None:
        """Whoever stands for it answers, and all that any of them bought counts."""
        survivor = self.model.survivor_of(contact)
        known = registered_as(self.model.stream(survivor)) is not None
        stage = "customer" if self.model.has_bought(contact) else "contact"
        expected = (survivor, stage) if known else None
        assert self.shop.status(contact) == expected

    @rule()
    def restart(self) -> None:
        self.shop.restart()

    def same(self, asked: Asked, lost: int = 0) -> None:
        """Ask both; a client whose answer is lost asks again, and so must the model be asked."""
        self.asked.append(asked)
        self.shop.network.losing = lost
        (answer,) = self.shop.ask(asked)
        for _ in range(lost):
            self.model.take(asked)
        assert answer == self.model.take(asked)

    def some(self, contact: UUID, by: Random, count: int) -> list[Pair]:
        """Events of a contact, as if it did not matter which were right."""
        made = []
        for _ in range(count):
            amount = by.choice([100, 200, 300])
            match by.randrange(6):
                case 0:
                    made.append((contact, self.registration(by.choice(["Ann", "Ben"]))))
                case 1:
                    made.append((contact, self.sale(amount)))
                case 2:
                    made.append(self.reversal(contact, amount, by))
                case 3:
                    made.append(self.retraction(contact, by))
                case 4:
                    made.append(self.correction(contact, amount, by))
                case 5:
                    made.append(self.merger(contact, by))
        return made

    def registration(self, name: str) -> NewEvent:
        data = {"kind": "person", "name": name}
        return NewEvent("contact-registered", data, id=self.next_id())

    def sale(self, amount: int) -> NewEvent:
        number = next(self.numbers)
        return NewEvent("purchase-made", bought(f"p{number}", amount), id=uuid(number))

    def reversal(self, contact: UUID, amount: int, by: Random) -> Pair:
        sales = [one for one in self.model.stream(contact) if one.type == "purchase-made"]
        purchase_id = by.choice(sales).data["purchase_id"] if sales else "p0"
        data = {"purchase_id": purchase_id, "amount_minor": amount, "currency": "EUR"}
        return contact, NewEvent("purchase-reversed", data, id=self.next_id())

    def retraction(self, contact: UUID, by: Random) -> Pair:
        data = {"target": self.target(contact, by).id, "reason": "never happened"}
        return contact, NewEvent("event-retracted", data, id=self.next_id())

    def correction(self, contact: UUID, amount: int, by: Random) -> Pair:
        target = self.target(contact, by)
        data = {"target": target.id, "data": {**target.data, "amount_minor": amount}}
        return contact, NewEvent("event-corrected", data, id=self.next_id())

    def merger(self, contact: UUID, by: Random) -> Pair:
        """Into any contact; now and then apart again, so that there is more to merge."""
        into = merged_into(self.model.stream(contact))
        kind = by.choice(["contact-merged", "contact-merged", "merge-reversed"])
        if into is not None and by.random() < 0.4:
            kind = "merge-reversed"
        else:
            into = by.choice(CONTACTS)
        return contact, NewEvent(kind, {"into": into}, id=self.next_id())

    def target(self, contact: UUID, by: Random) -> NewEvent:
        """One of the contact's events, another contact's, or one that there never was."""
        events = self.model.stream(contact) or [event for _, event in self.model.log]
        return by.choice([*events, self.sale(100)])

    def next_id(self) -> UUID:
        return uuid(next(self.numbers))


def bought(purchase_id: str, amount: int) -> dict[str, object]:
    return {
        "purchase_id": purchase_id,
        "amount_minor": amount,
        "currency": "EUR",
        "initiated_by": "contact",
    }


def plain(event: NewEvent) -> dict[str, object]:
    """The data as it is read back."""
    named = {name: str(event.data[name]) for name in ("target", "into") if name in event.data}
    return {**event.data, **named}


TestClients = Clients.TestCase
TestClients.settings = settings(max_examples=20, stateful_step_count=30)
