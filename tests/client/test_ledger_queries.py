"""Queries of auditors and owners: whole ledgers, long operations, proofs, and one person."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx2
import pytest

from ledger.transparency import merkle
from ledger.transparency.checkpoints import verify_checkpoint
from ledger.transparency.notes import Verifier
from rapport_client import (
    Client,
    NewEvent,
    NotFound,
    Refused,
    Unreachable,
    ValuationOperation,
)
from rapport_client.operations import MOST_PAUSE_SECONDS
from tests.client.network import Network, busy, cut_after, ended_after, lost, purchase
from tests.fixtures.registrations import registration_event

if TYPE_CHECKING:
    from tests.api.shop import Clock
    from tests.client.network import Address

DAY = timedelta(days=1)
MINUTE = 60_000_000
NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
FOUR = {"extends": "purchases-only", "signals": {"regularity": {"purchase_days": 4}}}


def sale(number: int, at: datetime) -> NewEvent:
    return NewEvent("purchase-made", purchase(str(number)).data, occurred_at=at)


def fill(client: Client, contacts: int = 3) -> int:
    """Contacts with 2, 4, 6 ... purchases a week apart; the position of the last."""
    position = 0
    for one in range(contacts):
        sales = [sale(n, NOON - timedelta(weeks=n)) for n in range(2 + 2 * one)]
        position = client.append(f"pos:{one}", registration_event(), *sales).position
    return position


@pytest.fixture
def filled(address: Address) -> Address:
    with address.client() as client:
        fill(client)
    return address


def test_statuses_and_their_summary_are_asked_of_any_time_and_knowledge(client: Client) -> None:
    position = fill(client)
    rows = list(client.statuses(min_position=position, page=2))
    assert [row.stage for row in rows] == ["customer"] * 3
    assert list(client.statuses(stage="client")) == []
    before = NOON - timedelta(weeks=4)
    assert len(list(client.statuses(as_of=before, sort="since"))) == 1
    known = client.contact("pos:0").version + 1
    assert len(list(client.statuses(as_known_at=known, policy_version=1))) == 1
    now = client.summary(min_position=position)
    assert (now.position, now.stages["customer"]) == (position, 3)
    assert client.summary(as_known_at=known, policy_version=1).stages["customer"] == 1
    assert client.summary(as_of=before).stages["customer"] == 1
    calibrated = client.calibration(from_=before, to=NOON, as_known_at=known, policy_version=1)
    assert (calibrated.from_, calibrated.to, calibrated.falls) == (before, NOON, 0)
    card = client.card("pos:2", min_position=position)
    assert card.sentence.startswith("Ada Jansen, customer since ")
    assert card.last_purchase is not None
    assert (card.last_purchase.at, card.open.needs, card.referred.count) == (NOON, (), 0)
    cared = client.scorecard("pos:2", as_of=before, policy_version=1)
    assert [one.letter for one in cared.letters] == list("CLIENTS")
    assert (cared.letters[0].numerator, cared.letters[0].denominator) == (0, 2)
    of_all = client.ledger_scorecard(as_known_at=known)
    assert (of_all.clients, of_all.as_known_at.position) == (0, known)
    status = client.status("pos:2", as_of=before, policy_version=1)
    assert (status.stage, status.policy_version) == ("customer", 1)
    assert client.history("pos:2", policy_version=1).intervals[-1].stage == "customer"


def test_the_agenda_and_the_gratitude_are_told(client: Client) -> None:
    position = fill(client)
    items = list(client.agenda(NOON.date(), names=True, min_position=position, page=2))
    assert {(one.kind, one.name) for one in items} == {("thanks", "Ada Jansen")}
    assert list(client.agenda(NOON.date(), contact="pos:0", state="muted")) == []
    counts = client.agenda_summary(NOON.date(), as_known_at=position).counts
    assert [one.kind for one in counts if one.state != "upcoming"] <= ["thanks", "thanks"]
    found = client.gratitude(as_known_at=position, policy_version=1)
    assert sum(one.owed for one in found.months) == len(found.contacts) == 3


def test_rewards_trees_and_the_book_are_told(client: Client) -> None:
    """A referrer whose contact bought, and complained of nothing."""
    fill(client, 2)
    client.append("pos:9", registration_event())
    sent = {"referral_id": "r1", "direction": "inbound", "other": "pos:9", "level": 5}
    before = NOON - timedelta(days=40)
    client.append("pos:0", NewEvent("referral-made", sent, occurred_at=before))
    position = client.append("pos:9", sale(1, before + DAY)).position
    (reward,) = client.rewards(contact="pos:0", as_known_at=position, show=("names",))
    assert (reward.state, reward.name) == ("due", "Ada Jansen")
    assert sum(one.amount_minor for one in reward.entries) == reward.owed_minor > 0
    (total,) = client.reward_totals(state="due", policy_version=1)
    assert (total.owed_minor, total.count) == (reward.owed_minor, 1)
    tree = client.downstream("pos:0", 1, as_known_at=position)
    assert [one.contact_id for one in tree.nodes] == [reward.other]
    (referrer,) = client.referral_graph(page=1)
    assert [one.credited for one in referrer.referrals] == [True]
    way = client.referral_path("pos:9", "pos:0", show=("names",))
    assert [one.referral_id for one in way.path] == [None, "r1"]
    complaint = {"complaint_id": "c", "severity": 1, "public": False}
    client.append("pos:0", NewEvent("complaint-raised", complaint))
    (exposure,) = client.exposures(page=1)
    assert (exposure.contact_id, exposure.complaint_ids) == (reward.contact_id, ("c",))
    book = client.book(by="contact", names=True)
    assert {one.name for one in book.rows} == {"Ada Jansen"}
    assert sum(one.net_minor for one in book.rows) == book.totals[0].net_minor
    assert client.book(from_="2020-01", to="2020-01").rows == ()
    assert list(client.watch("never-asked", page=1)) == list(client.watch("lost")) == []


def test_expected_values_are_fitted_and_read(client: Client) -> None:
    fill(client)
    made = client.wait(client.fit_values(as_of=NOON))
    assert isinstance(made, ValuationOperation)
    assert made.result is not None
    assert (made.result.abstained, made.result.reason) == (True, "too-few-repeats")
    (kept,) = client.valuations()
    assert client.valuation(kept.id) == kept
    assert (kept.digest, kept.model) == (made.result.digest, None)
    value = client.contact_value("pos:0", "EUR")
    assert (value.valuation, value.because) == (kept.id, kept.because)
    assert value.net_minor is None


def test_contacts_are_looked_for_and_partners_and_policies_told(client: Client) -> None:
    position = fill(client)
    allowed = {"purpose": "marketing", "channel": "email", "granted": True}
    client.append("pos:1", NewEvent("consent-changed", allowed))
    found = list(client.contacts(name="Jansen", min_position=position, page=2))
    assert [(one.name, one.stage) for one in found] == [("Ada Jansen", "customer")] * 3
    assert list(client.contacts(stage="client")) == []
    assert list(client.contacts(steward="Nobody", standing="none", sort="since")) == []
    (one,) = client.contacts(consent=("marketing", "email"))
    assert one.contact_id == client.contact("pos:1").contact_id
    standing = client.standing("pos:1", as_known_at=position, policy_version=1)
    assert (standing.standing, standing.as_known_at.position) == ("none", position)
    assert standing.referrals.inbound == 0
    sent = {"referral_id": "r1", "direction": "inbound", "other": "pos:2", "level": 3}
    client.append("pos:0", NewEvent("referral-made", sent))
    client.append("pos:1", NewEvent("referral-made", {**sent, "level": 5}))
    newest = client.append("pos:3", registration_event()).position
    partners = list(client.standings(min_position=newest, page=1))
    assert [one.influence for one in partners] == [10, 6]
    now = client.standing("pos:0").as_of
    then = client.standings(
        as_of=now, as_known_at=newest, policy_version=1, sort="influence", page=1
    )
    assert list(then) == partners
    assert list(client.standings(as_known_at=position)) == []
    assert list(client.standings(standing="dormant")) == []
    assert [(one.policy_version, one.name) for one in client.policies()] == [(1, "retail")]


def test_a_replay_is_waited_for_and_gives_each_contact_once(filled: Address) -> None:
    """Also where the answer with its lines is cut in the middle, or ends too early."""
    network = Network()
    with filled.client(network=network) as client:
        operation = client.wait(client.replay(as_of=NOON, as_known_at=16, policy_version=1))
        assert (operation.kind, operation.state) == ("replay", "succeeded")
        assert operation.result is not None
        network.failures.extend([cut_after(300), ended_after(500), lost, busy])
        rows = list(client.replayed(operation))
        assert rows == list(client.replayed(operation.id))
        assert len(rows) == len({row.contact_id for row in rows}) == 3
        assert {(row.stage, row.policy_version) for row in rows} == {("customer", 1)}
        assert client.wait(client.replay(as_known_at=0)).result.contacts == 0  # type: ignore[union-attr]  # it succeeded


def test_lines_that_are_not_those_of_the_result_are_not_taken_for_them(filled: Address) -> None:
    network = Network()
    with filled.client(network=network, tries=2) as client:
        operation = client.wait(client.replay())
        network.failures.extend([altered, altered])
        with pytest.raises(Unreachable, match="not those of the result"):
            list(client.replayed(operation))


def altered(answer: httpx2.Response) -> httpx2.Response:
    content = answer.read().replace(b"customer", b"customes")
    assert hashlib.sha256(content).hexdigest() != answer.headers["etag"].strip('"')
    return httpx2.Response(200, headers=answer.headers, content=content)


def test_a_preview_says_whom_a_policy_would_make_another(filled: Address) -> None:
    with filled.client() as client:
        operation = client.wait(client.preview(FOUR, from_=NOON - 60 * DAY, to=NOON))
        assert operation.result is not None
        changes = list(client.previewed(operation))
        assert len(changes) == operation.result.changes > 0
        assert {(one.from_, one.to) for one in changes} == {("customer", "client")}
        assert {one.at for one in changes} == {NOON}
        preset = client.wait(client.preview("purchases-only", effective_from=NOON))
        assert preset.state == "succeeded"


def test_an_operation_is_looked_at_until_it_ends_or_the_time_is_up(filled: Address) -> None:
    network = Network()
    with filled.client(network=network) as client:
        operation = client.rebuild("status")
        client.wait(operation, timeout_seconds=0)
        assert network.pauses == []
        ended = client.wait(operation)
        assert (ended.kind, ended.state) == ("rebuild", "succeeded")
        doubling = [min(0.05 * 2**n, MOST_PAUSE_SECONDS) for n in range(len(network.pauses))]
        assert network.pauses == doubling
        assert client.cancel(ended).state == client.operation(ended.id).state == "succeeded"
        with pytest.raises(NotFound):
            list(client.replayed(ended.id))


def test_what_was_believed_and_is_known_better_is_listed(client: Client, clock: Clock) -> None:
    known = NewEvent("contact-registered", registration_event().data, occurred_at=NOON - 90 * DAY)
    client.append("pos:1", known)
    clock.instant += MINUTE  # what is recorded within one minute is one restatement
    late = client.append("pos:1", sale(1, NOON))
    (row,) = client.restatements(min_position=late.position, contact="pos:1", page=1)
    assert (row.believed, row.known, row.from_) == ("contact", "customer", NOON)
    assert (row.event, row.position) == (late.events[0].id, late.position)
    assert list(client.restatements(since_position=late.position)) == []


def test_proofs_hold_against_a_checkpoint_that_was_kept(address: Address) -> None:
    with address.client() as client:
        fill(client, 1)
        client.receipt("pos:0", min_position=3)  # whose position is sealed when it is given
        keys = [Verifier.read(key) for key in client.verifier_keys()]
        kept = verify_checkpoint(client.checkpoint(), keys)
        client.receipt("pos:0", min_position=client.append("pos:0", sale(7, NOON)).position)
        newer = verify_checkpoint(client.checkpoint(), keys)
        proof = client.inclusion(2, tree_size=newer.size)
        assert proof.leaf_hash == merkle.leaf_hash(client.entry(2))
        merkle.verify_inclusion(proof.leaf_hash, 1, newer.size, proof.hashes, newer.root)
        grown = client.consistency(kept.size, newer.size)
        assert (grown.first, grown.second) == (kept.size, newer.size)
        merkle.verify_consistency(kept.size, newer.size, kept.root, newer.root, list(grown.hashes))


def test_a_person_is_shown_everything_and_erased_once(address: Address) -> None:
    with address.client() as client:
        fill(client, 1)
        person = client.person("pos:0")
        assert person.registration.name == "Ada Jansen"
        assert [event.position for event in person.events] == [2, 3, 4]
        assert (person.status.stage, person.history[-1].stage) == ("customer", "customer")
        assert client.person_page("pos:0").startswith(b"<!doctype html>")
    with address.client(lost) as client:
        erased = client.erase("pos:0", requested_by="the person", reason="asked by letter")
        assert [one.position for one in erased.contacts] == [erased.position] == [5]
        assert erased.done[0].code == "recorded"
        assert erased == client.erase("pos:0", requested_by="the person", reason="once more")
        assert client.person("pos:0").erased
        with pytest.raises(Refused) as refused:
            client.append("pos:0", registration_event("Ada"))
        assert refused.value.reason == "contact-erased"


def test_the_asynchronous_client_answers_the_same_queries(filled: Address) -> None:
    async def visit() -> None:
        network = Network()
        async with filled.async_client(network=network) as client:
            operation = await client.wait(await client.replay(as_of=NOON))
            network.failures.extend([cut_after(300), lost])
            rows = [row async for row in client.replayed(operation)]
            assert len(rows) == len({row.contact_id for row in rows}) == 3
            preview = await client.wait(await client.preview(FOUR))
            changes = [one async for one in client.previewed(preview)]
            assert preview.result is not None
            assert len(changes) == preview.result.changes
            rebuilt = await client.wait(await client.rebuild("status"))
            assert (await client.cancel(rebuilt)).state == "succeeded"
            assert (await client.summary()).stages["customer"] == 3
            assert len([row async for row in client.statuses(page=1)]) == 3
            assert isinstance([row async for row in client.restatements()], list)
            assert len([one async for one in client.contacts(stage="customer")]) == 3
            assert (await client.standing("pos:1")).influence == 0
            assert [one async for one in client.standings(policy_version=1)] == []
            assert [one.name async for one in client.policies()] == ["retail"]
            await client.receipt("pos:0")
            proof = await client.inclusion(1)
            assert proof.leaf_hash == merkle.leaf_hash(await client.entry(1))
            assert (await client.consistency(1, 1)).hashes == ()
            assert (await client.person("pos:1")).registration.name == "Ada Jansen"
            assert b"Ada Jansen" in await client.person_page("pos:1")
            assert (await client.erase("pos:1", requested_by="us", reason="-")).position > 0

    asyncio.run(visit())
