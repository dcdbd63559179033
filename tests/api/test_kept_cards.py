"""Cards that are kept say what would be worked out anew, for as long as they are said to hold."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, cast

import msgpack
from hypothesis import given, settings

from api.service.cards import welcome_card
from api.service.questions import At, Question, moment_of
from domain.errors import ContactNotFound
from domain.instants import DAY, HOUR, SECOND, format_instant
from tests.api.shop import built, purchase, registration
from tests.api.telling import Told, tell_of_care
from tests.fixtures.clock import Clock
from tests.projections.histories import CONTACTS, Story, seeds
from tests.projections.memory import NOW, MemoryLedger

if TYPE_CHECKING:
    from uuid import UUID

    from api.service.cards import FoundCard
    from api.service.server import OpenLedger, Server
    from tests.api.shop import Shop

MINUTE = 60 * SECOND


@settings(max_examples=5, deadline=None)
@given(seed=seeds)
def test_whatever_happens_a_kept_card_says_what_would_be_worked_out_anew(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock, chance = Clock(NOW), Random(seed)
        with built(Path(folder) / "data", clock) as server:
            served = server.create("main", "Europe/Amsterdam")[0]
            told = Told(served, clock)
            story = Story(seed, cast("MemoryLedger", told), clock)
            for _ in story.tell(40):
                tell_of_care(told, chance)
                for contact in CONTACTS:
                    require_the_same(served, contact, clock(), chance)
                clock.instant += chance.choice((0, MINUTE, 5 * HOUR))


def require_the_same(served: OpenLedger, contact: UUID, now: int, chance: Random) -> None:
    """Hold what is kept of a contact against its card, and its card against later ones.

    It is asked now, and shortly before some of the instants at which something is due or over.
    """
    try:
        found = _held(served, contact, now, chance)
    except ContactNotFound:
        assert served.cards.get(contact, now) is None
        return
    said = found.content.json_bytes()
    kept = served.cards.get(contact, now)
    assert kept is None or contact != found.contact_id or kept.said == said
    head, aliases, others = served.ledger.head(), found.aliases, found.others
    served.cards.keep(found.contact_id, head, now, found.until_at, said, aliases, others)
    instants = {found.until_at, found.content.due_at}
    for item in found.content.agenda:
        instants |= {item.due_at, item.gone_at}
    ahead = sorted(one for one in instants if one is not None and one > now)
    for at in chance.sample(ahead, min(2, len(ahead))):
        _held(served, contact, at - chance.randrange(1, 3 * HOUR), chance)


def _held(served: OpenLedger, contact: UUID, at: int, chance: Random) -> FoundCard:
    """The card at an instant, which says the same until it is said to end."""
    found = _card(served, contact, at)
    for later in (chance.randrange(at, found.until_at), found.until_at - 1):
        again = _card(served, contact, later)
        assert again.content == found.content, (at, later, found.until_at)
    return found


def _card(served: OpenLedger, contact: UUID, now: int) -> FoundCard:
    moment = moment_of(served.ledger, served.aliases, At(), now)
    return welcome_card(
        Question(served.ledger, now, moment.position, moment.policies, moment.aliases), contact
    )


def test_a_card_is_kept_until_something_is_recorded_of_anybody_on_it(
    shop: Shop, server: Server, clock: Clock
) -> None:
    """Of the contact, of one whom they sent, whose name is on it; and not of a stranger."""
    served = server.ledger(shop.base.rpartition("/")[2])
    for contact in ("pos:ann", "pos:ben", "pos:cid"):
        shop.append(contact, registration(name=contact))
    sent = {"referral_id": "r", "direction": "inbound", "other": "pos:ben", "level": 4}
    shop.append("pos:ann", {"type": "referral-made", "data": sent})
    ann = served.ledger.contact_id("pos:ann")

    def is_kept() -> bool:
        return served.cards.get(ann, clock()) is not None

    assert not is_kept()
    first = shop.get("/contacts/pos:ann/card")
    assert "pos:ben" in first.json()["sentence"]
    assert is_kept()
    shop.append("pos:cid", purchase("c"))
    assert is_kept()
    clock.instant += MINUTE
    again = shop.get("/contacts/pos:ann/card")
    assert again.json() | {"as_of": "", "as_known_at": ""} == first.json() | {
        "as_of": "",
        "as_known_at": "",
    }
    assert again.headers["etag"] == first.headers["etag"]
    assert again.json()["as_known_at"]["position"] == int(again.headers["rapport-position"])
    path, wanted = f"{shop.base}/contacts/pos:ann/card", "application/vnd.msgpack"
    packed = shop.client.get(path, headers={"accept": wanted})
    assert msgpack.unpackb(packed.content) == again.json()
    assert packed.headers["etag"] != again.headers["etag"], "another form of the same"
    shop.append("pos:ben", purchase("b"))
    assert not is_kept()
    assert shop.get("/contacts/pos:ann/card").json()["referred"] == {"count": 1, "won": 1}


def test_a_card_is_not_kept_beyond_the_day(shop: Shop, server: Server, clock: Clock) -> None:
    served = server.ledger(shop.base.rpartition("/")[2])
    shop.append("pos:ann", registration())
    shop.get("/contacts/pos:ann/card")
    ann = served.ledger.contact_id("pos:ann")
    assert served.cards.get(ann, clock()) is not None
    assert served.cards.get(ann, clock() + DAY) is None


def test_a_card_rests_on_those_who_are_not_named_on_it(
    shop: Shop, server: Server, clock: Clock
) -> None:
    """Who was thanked for is named no more, and what they buy still counts."""
    served = server.ledger(shop.base.rpartition("/")[2])
    for contact in ("pos:ann", "pos:ben"):
        shop.append(contact, registration(name=contact))
    sent = {"referral_id": "r", "direction": "inbound", "other": "pos:ben", "level": 2}
    made = shop.append("pos:ann", {"type": "referral-made", "data": sent}).json()["events"][0]
    thanks = {"channel": "phone", "personal": True, "for_event": made["id"]}
    shop.append("pos:ann", {"type": "thanks-given", "data": thanks})
    found = shop.get("/contacts/pos:ann/card")
    assert "pos:ben" not in found.text
    assert found.json()["referred"] == {"count": 1, "won": 0}
    assert served.cards.get(served.ledger.contact_id("pos:ann"), clock()) is not None
    shop.append("pos:ben", purchase("b"))
    assert shop.get("/contacts/pos:ann/card").json()["referred"] == {"count": 1, "won": 1}


def test_a_card_shows_what_somebody_else_says_of_later(shop: Shop, clock: Clock) -> None:
    """The referrer's level counts from the instant at which it is said to be raised."""
    for contact in ("pos:ann", "pos:ben"):
        shop.append(contact, registration(name=contact))
    sent = {"referral_id": "r", "direction": "inbound", "other": "pos:ben", "level": 4}
    shop.append("pos:ann", {"type": "referral-made", "data": sent})
    raised = {"referral_id": "r", "level": 5}
    later = format_instant(clock() + 2 * HOUR)
    shop.append("pos:ann", {"type": "referral-level-raised", "occurred_at": later, "data": raised})
    clock.instant += HOUR
    levels = []
    for _ in range(2):
        levels.append(shop.get("/contacts/pos:ben/card").json()["referred_by"]["level"])
        clock.instant += HOUR
    assert levels == [4, 5]


def test_what_a_complaint_puts_at_risk_ends_a_year_after(shop: Shop, clock: Clock) -> None:
    """What somebody whom they brought bought counts for 365 days, also on a card that is kept."""
    for contact in ("pos:ann", "pos:ben"):
        shop.append(contact, registration(name=contact))
    bought_at = clock() - 365 * DAY + 2 * HOUR
    sent = {"referral_id": "r", "direction": "inbound", "other": "pos:ben", "level": 4}
    made = {"type": "referral-made", "data": sent, "occurred_at": format_instant(bought_at - DAY)}
    complaint = {"complaint_id": "c", "severity": 1, "public": False}
    shop.append("pos:ann", made, {"type": "complaint-raised", "data": complaint})
    shop.append("pos:ben", purchase("b", at=bought_at))
    at_risk = []
    for _ in range(3):
        at_risk.append(shop.get("/contacts/pos:ann/card").json()["exposure"])
        clock.instant += HOUR
    counted = [{"currency": "EUR", "minor": 1250}]
    assert at_risk == [counted, counted, []]
