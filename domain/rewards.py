"""What a referral earned, what was paid of it, and what is owed, at an instant.

Source: the care document, section 5 ("Rewards are a small ledger"); the domain document, section 6,
"Rewards" (E2: as to their level of involvement) and its legal gate (RESPA section 8(a), 12 U.S.C.
2607(a), forbids fees for referrals in mortgage settlements).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from domain.credit import credited_edge
from domain.earnings import earned_entries, earnings
from domain.first_purchases import Commerce
from domain.reward_accounts import Account, accounts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from domain.earnings import Earning, Entry, PolicyAt
    from domain.referrals import Edge
    from domain.reward_accounts import Accounts

STATES = ("held", "due", "approved", "paid", "declined", "overpaid", "clawed_back", "none")
"""The states of a reward, as they are written on the wire."""

NOT_WON = "not-won"
"""Why nothing was earned: the referral is not won."""

NO_CREDIT = "no-credit"
"""Why nothing was earned: another referral, or nobody, has the credit for the contact."""

OTHER_CURRENCY = "other-currency"
"""Why nothing was earned in this currency: it was earned in another one."""

_NOTHING_BOUGHT = Commerce()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """The reward for one referral in one currency at an instant. Amounts are its minor units.

    ``amount_minor`` is what the newest win in this currency earned, before ``clawback_minor``; null
    with a ``reason`` where there is none. ``base_minor`` is what it is reckoned from and
    ``purchase`` the purchase that is, null where it is the amount given at closing. ``won_at`` and
    ``due_at`` are null where nothing was won with credit.

    ``earned_minor`` to ``declined_minor`` are the sums of the ``entries`` of each kind without
    their sign; ``owed_minor`` is the sum of all entries, below 0 where more was paid than earned.
    ``in_kind`` counts payments in kind; of a referral with several currencies, the first has them.
    ``state`` is one of ``STATES``. ``currency`` is null where nothing of it has one.
    """

    referrer: UUID
    referred: UUID
    referral_id: str
    event_id: UUID
    level: int
    won_at: int | None
    due_at: int | None
    base_minor: int | None
    purchase: UUID | None
    amount_minor: int | None
    clawback_minor: int
    currency: str | None
    state: str
    reason: str | None
    earned_minor: int
    clawed_back_minor: int
    paid_minor: int
    reversed_minor: int
    declined_minor: int
    owed_minor: int
    in_kind: int
    entries: tuple[Entry, ...]


def rewards(
    edges: Iterable[Edge],
    edges_to: Callable[[UUID], Iterable[Edge]],
    commerce: Mapping[UUID, Commerce],
    policy_at: PolicyAt,
    at: int,
) -> tuple[Reward, ...]:
    """What a referrer's own ``edges`` have earned, and what was paid for them, by the instant.

    Oldest referral first, one item for each of its currencies, that of the newest win first. A
    referral has none before it is won with credit or anything is paid for it. ``edges_to`` gives
    every referral of a contact by whomever; ``commerce`` is that of the contacts referred, and may
    leave out those that never bought. ``policy_at`` gives the policy in force at an instant.

    A purchase reversed in full, with no other to take its place, stays the base, and all is clawed
    back. So a referral that is open again because its purchase was reversed still shows what it
    earned and lost.
    """
    found: list[Reward] = []
    for edge in sorted(edges, key=lambda edge: edge.place):
        bought = commerce.get(edge.other, _NOTHING_BOUGHT)
        won = earnings(edge, bought, policy_at, at) if edge.made_at <= at else ()
        credited = won and credited_edge(edges_to(edge.other), edges_to, bought, policy_at, at)
        earned = won if credited and credited.event_id == edge.event_id else ()
        acts = [act for act in edge.rewards if act.at <= at]
        accounts = accounts_of(earned_entries(earned, at), acts)
        uncredited = NO_CREDIT if won else NOT_WON
        found.extend(_items(edge, earned, accounts, uncredited, at))
    return tuple(found)


def _items(
    edge: Edge, earned: Sequence[Earning], accounts: Accounts, uncredited: str, at: int
) -> Iterator[Reward]:
    newest = earned[-1] if earned else None
    currency = newest.currency if newest else None
    kept = [account for account in accounts.by_currency.values() if account.entries]
    kept.sort(key=lambda account: (account.currency != currency, account.currency))
    for place, account in enumerate(kept):
        own = [one for one in earned if one.currency == account.currency]
        basis = _Basis(own[-1] if own else None, newest, uncredited)
        in_kind = 0 if place else accounts.in_kind
        state = _state_in_money(account, basis.win, in_kind, at)
        yield _reward(edge, basis, account, in_kind, state, at)
    if not kept and (newest or accounts.in_kind or accounts.handed_over):
        basis = _Basis(newest, newest, uncredited)
        state = _state_in_kind(accounts, newest, at)
        yield _reward(edge, basis, Account(currency), accounts.in_kind, state, at)


class _Basis(NamedTuple):
    """What a reward rests on: the newest win in its currency, and the newest of the referral."""

    own: Earning | None
    newest: Earning | None
    uncredited: str

    @property
    def win(self) -> Earning | None:
        """The win whose instants are shown."""
        return self.own or self.newest

    @property
    def reason(self) -> str | None:
        """Why there is no amount, null where there is one."""
        if self.own is not None:
            return self.own.reason
        if self.newest is None:
            return self.uncredited
        return self.newest.reason or OTHER_CURRENCY

    def clawback_minor(self, at: int) -> int:
        """What is taken back of the amount: all of it where another win took its place."""
        if self.own is None:
            return 0
        lost = self.own.purchase is None and self.own is not self.newest
        return (self.own.amount_minor or 0) if lost else self.own.clawback_minor(at)


def _reward(
    edge: Edge, basis: _Basis, account: Account, in_kind: int, state: str, at: int
) -> Reward:
    own, win = basis.own, basis.win
    return Reward(
        referrer=edge.referrer,
        referred=edge.other,
        referral_id=edge.referral_id,
        event_id=edge.event_id,
        level=win.level if win else edge.level_at(at),
        won_at=win.won_at if win else None,
        due_at=win.due_at if win else None,
        base_minor=own.base_minor if own else None,
        purchase=own.purchase.event_id if own and own.purchase else None,
        amount_minor=own.amount_minor if own else None,
        clawback_minor=basis.clawback_minor(at),
        currency=account.currency,
        state=state,
        reason=basis.reason,
        earned_minor=account.total_minor("earned"),
        clawed_back_minor=account.total_minor("clawed-back"),
        paid_minor=account.total_minor("paid"),
        reversed_minor=account.total_minor("reversed"),
        declined_minor=account.total_minor("declined"),
        owed_minor=account.owed_minor,
        in_kind=in_kind,
        entries=tuple(account.entries),
    )


def _state_in_money(account: Account, earning: Earning | None, in_kind: int, at: int) -> str:
    """What is owed decides first; a payment in kind settles nothing of it."""
    if account.owed_minor < 0:
        return "overpaid"
    if account.owed_minor > 0:
        return _state_of_what_is_owed(earning, at, approved=account.approved)
    if account.declined and (account.total_minor("declined") or not account.kept_minor):
        return "declined"
    if account.kept_minor or in_kind:
        return "paid"
    return "clawed_back" if account.total_minor("clawed-back") else "none"


def _state_in_kind(accounts: Accounts, earning: Earning | None, at: int) -> str:
    """The state of a reward of which nothing is money: what was decided last counts."""
    if accounts.last == "declined" and earning is not None:
        return "declined"
    if accounts.in_kind or accounts.handed_over:
        return "paid"
    if earning is None:
        return "none"
    if earning.purchase is not None and earning.purchase.is_gone(at):
        return "clawed_back"
    return _state_of_what_is_owed(earning, at, approved=accounts.last == "approved")


def _state_of_what_is_owed(earning: Earning | None, at: int, *, approved: bool) -> str:
    if approved:
        return "approved"
    return "held" if earning is not None and at < earning.due_at else "due"
