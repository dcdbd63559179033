"""What may be given for a referral, and in which currency.

What was earned rests on two streams: the referral stands on the referrer's, the purchase that wins
it on the referred contact's. Both are read as they are known when this is decided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.credit import credited_edge
from domain.dealings import NOTHING_PAID, Payments
from domain.decisions.reasons import refusal
from domain.earnings import earned_entries, earnings
from domain.events.commerce import PurchaseMade, PurchaseReversed
from domain.events.governance import EventCorrected, EventRetracted
from domain.events.referrals import ReferralReceived
from domain.first_purchases import commerce_of
from domain.history import History, effective_history
from domain.instants import LAST_INSTANT
from domain.referrals import RewardAct, act_of, edges_of
from domain.reward_accounts import Account, accounts_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from domain.contact import ContactState
    from domain.decisions.request import Command, DecidedEvent, World
    from domain.earnings import Entry
    from domain.events.referrals import RewardApproved, RewardDeclined, RewardPaid, RewardReversed
    from domain.first_purchases import Commerce
    from domain.referrals import Edge

_ALL_KNOWN = LAST_INSTANT
"""Decisions look at everything known, whatever its ``occurred_at``."""

_OF_COMMERCE = frozenset({PurchaseMade, PurchaseReversed, EventRetracted, EventCorrected})


def grant_reward(
    state: ContactState, command: Command[RewardApproved | RewardPaid]
) -> tuple[DecidedEvent, ...]:
    """Approve or pay a reward, in money only where the policy in force then allows it.

    A payment without an amount or a kind is of all that is owed, and so it is money where money is
    owed. More than is owed may be paid, and before anything was earned: the answers show it.
    Source: RESPA section 8(a), 12 U.S.C. 2607(a).
    """
    policy = command.world.policy_at(command.at)
    if not policy.rewards.cash_allowed and _is_money(state, command):
        raise refusal(
            "cash-reward-forbidden",
            f"the policy {policy.name!r} forbids money for referrals: RESPA section 8(a)"
            " (12 U.S.C. 2607(a)) bars any fee or kickback for referring settlement business;"
            " thank them, or give in kind",
            policy=policy.name,
        )
    _require_currency(state, command.event, command.world)
    return command.acceptance


def _is_money(state: ContactState, command: Command[RewardApproved | RewardPaid]) -> bool:
    """It says an amount, or is of all that is owed when it occurred and some of that is money."""
    event, world = command.event, command.world
    if event.amount_minor is not None or event.in_kind is not None:
        return event.amount_minor is not None
    edge = _edge(state, event.referral_id, world)
    if edge is None:
        return False
    commerce = _commerce(edge.other, world)
    made = earnings(edge, commerce, world.policy_at, _ALL_KNOWN)
    if not made or not _is_credited(edge, commerce, world):
        return False
    entries = [entry for entry in earned_entries(made, _ALL_KNOWN) if entry.at <= command.at]
    acts = [act for act in _acts(state, event.referral_id) if act.at <= command.at]
    accounts = accounts_of(entries, acts).by_currency.values()
    return any(account.owed_minor > 0 for account in accounts)


def decline_reward(
    state: ContactState, command: Command[RewardDeclined]
) -> tuple[DecidedEvent, ...]:
    """The referrer wants no reward; an amount is in the currency in which it was earned."""
    _require_currency(state, command.event, command.world)
    return command.acceptance


def take_back_reward(
    state: ContactState, command: Command[RewardReversed]
) -> tuple[DecidedEvent, ...]:
    """Take back no more than was paid and not taken back yet; without an amount, all of that.

    What was paid in another currency before anything was earned can be taken back in it.
    """
    event = command.event
    if event.amount_minor is None or event.currency is None:
        return command.acceptance
    paid_minor, taken_back_minor = _payments(
        state, event.referral_id, event.currency, command.world
    )
    if not paid_minor:
        _require_currency(state, event, command.world)
    left_minor = max(0, paid_minor - taken_back_minor)
    if event.amount_minor > left_minor:
        raise refusal(
            "beyond-what-was-paid",
            f"{left_minor} minor units of {event.currency} were paid and not taken back;"
            " record the payment first, or take back less",
            left_minor=left_minor,
            currency=event.currency,
        )
    return command.acceptance


def correct_payment(state: ContactState, command: Command[RewardPaid]) -> tuple[DecidedEvent, ...]:
    """Keep what was paid large enough for what was taken back of it.

    ``state`` is the one without the payment.
    """
    accepted = grant_reward(state, command)
    acts = _acts(state, command.event.referral_id)
    for currency in sorted({act.currency for act in acts if act.currency}):
        account = _account(state, command.event.referral_id, currency, command.world, command)
        if account.taken_back_minor > account.total_minor("paid"):
            raise refusal(
                "beyond-what-was-paid",
                f"{account.taken_back_minor} minor units of {currency} were taken back already",
                reversed_minor=account.taken_back_minor,
                currency=currency,
            )
    return accepted


def _require_currency(
    state: ContactState,
    event: RewardApproved | RewardPaid | RewardReversed | RewardDeclined,
    world: World,
) -> None:
    """Refuse a currency in which nothing was earned, once something was.

    Raises:
        Refused: ``currency-differs``, with the currencies in which something was earned.
    """
    edge = None if event.currency is None else _edge(state, event.referral_id, world)
    if edge is None:
        return
    commerce = _commerce(edge.other, world)
    entries = earned_entries(earnings(edge, commerce, world.policy_at, _ALL_KNOWN), _ALL_KNOWN)
    earned = {entry.currency for entry in entries if entry.kind == "earned" and entry.amount_minor}
    # Whose credit it is takes more streams to tell, so that comes last.
    if earned and event.currency not in earned and _is_credited(edge, commerce, world):
        currencies = sorted(earned)
        raise refusal(
            "currency-differs",
            f"the reward of this referral was earned in {' and '.join(currencies)}",
            currency=entries[-1].currency,
            currencies=currencies,
        )


def _payments(state: ContactState, referral_id: str, currency: str, world: World) -> Payments:
    """What was paid and taken back; only what has no amount takes the whole fold to tell."""
    if referral_id not in state.dealings.unstated:
        return state.dealings.paid.get((referral_id, currency), NOTHING_PAID)
    account = _account(state, referral_id, currency, world)
    return Payments(account.total_minor("paid"), account.taken_back_minor)


def _account(
    state: ContactState,
    referral_id: str,
    currency: str,
    world: World,
    command: Command[RewardPaid] | None = None,
) -> Account:
    """All that is known of a referral's reward in a currency, and what is to be paid.

    Of one whose parties turned out to be one person nothing is earned, and what was paid was paid.
    """
    acts = _acts(state, referral_id)
    edge = _edge(state, referral_id, world)
    if command is not None:
        said = command.event.amount_minor, command.event.currency, command.event.in_kind is not None
        acts.append(RewardAct(command.at, _ALL_KNOWN, state.contact_id, "paid", *said))
    entries: Sequence[Entry] = ()
    if edge and any(act.kind == "paid" and act.amount_minor is None for act in acts):
        commerce = _commerce(edge.other, world)
        if _is_credited(edge, commerce, world):
            made = earnings(edge, commerce, world.policy_at, _ALL_KNOWN)
            entries = earned_entries(made, _ALL_KNOWN)
    return accounts_of(entries, acts).by_currency.get(currency) or Account(currency)


def _acts(state: ContactState, referral_id: str) -> list[RewardAct]:
    """What was done about the reward of a referral, in the order in which it is known."""
    return [act_of(fact) for fact in state.dealings.rewards.get(referral_id, ())]


def _edge(state: ContactState, referral_id: str, world: World) -> Edge | None:
    """The referral as it is known, without what was done about its reward.

    None if the referral turned out to be of the referrer itself.
    """
    told = state.dealings.referrals.get(referral_id, ())
    history = History(
        tuple(sorted(told, key=lambda fact: (fact.occurred_at, fact.position))), (), None
    )
    referrer = world.survivor_of(state.contact_id)
    found = edges_of(history, referrer, world.survivor_of)
    return found[0] if found else None


def _commerce(contact_id: UUID, world: World) -> Commerce:
    """What a contact bought first, by all of its streams; a single one is not read twice."""
    group = world.group(contact_id)
    state = world.contact(group[0])
    if len(group) == 1 and state.bought is not None and state.bought[0] == state.version:
        return state.bought[1]
    events = [
        recorded
        for member in group
        for recorded in world.contact(member).events.values()
        if type(recorded.event) in _OF_COMMERCE
    ]
    found = commerce_of(effective_history(events, group[0]))
    if len(group) == 1:
        state.bought = state.version, found
    return found


def _is_credited(edge: Edge, commerce: Commerce, world: World) -> bool:
    def edges_to(contact_id: UUID) -> list[Edge]:
        return _edges_to(contact_id, world)

    found = credited_edge(edges_to(edge.other), edges_to, commerce, world.policy_at, _ALL_KNOWN)
    return found is not None and found.event_id == edge.event_id


def _edges_to(contact_id: UUID, world: World) -> list[Edge]:
    """The inbound referrals of a contact, from the streams of those who made them."""
    found = []
    for member in world.group(contact_id):
        for recorded in world.contact(member).events.values():
            received = recorded.event
            if isinstance(received, ReferralReceived):
                edge = _edge(world.contact(received.by), received.referral_id, world)
                if edge is not None:
                    found.append(edge)
    return found
