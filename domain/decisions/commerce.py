"""What was bought and given back, and how subscriptions continue and end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.decisions.reasons import refusal
from domain.decisions.request import ALREADY_SO
from domain.events.commerce import PurchaseMade
from domain.instants import format_instant

if TYPE_CHECKING:
    from domain.contact import ContactState
    from domain.decisions.request import Command, DecidedEvent
    from domain.events.commerce import (
        PurchaseReversed,
        SubscriptionCancelled,
        SubscriptionRenewed,
        SubscriptionUpgraded,
    )


def reverse_purchase(
    state: ContactState, command: Command[PurchaseReversed]
) -> tuple[DecidedEvent, ...]:
    """Give back what is left of a purchase, in part or whole, in its own currency."""
    event = command.event
    purchase = state.dealings.opened["purchase_id", event.purchase_id]
    assert isinstance(purchase, PurchaseMade)
    if event.currency != purchase.currency:
        raise refusal(
            "currency-differs",
            f"the purchase was made in {purchase.currency}",
            currency=purchase.currency,
        )
    so_far = state.dealings.reversed.get(event.purchase_id)
    left_minor = max(0, purchase.amount_minor - (so_far.amount_minor if so_far else 0))
    if event.amount_minor > left_minor:
        raise refusal(
            "beyond-what-is-left",
            f"{left_minor} minor units of the purchase are left to reverse",
            left_minor=left_minor,
        )
    return command.acceptance


def correct_purchase(
    state: ContactState, command: Command[PurchaseMade]
) -> tuple[DecidedEvent, ...]:
    """Keep a purchase large enough, and in the right currency, for what was given back of it.

    ``state`` is the one without the purchase.
    """
    reversed_so_far = state.dealings.reversed.get(command.event.purchase_id)
    if reversed_so_far is not None:
        if reversed_so_far.currency != command.event.currency:
            raise refusal(
                "currency-differs",
                f"the purchase was reversed in {reversed_so_far.currency}",
                currency=reversed_so_far.currency,
            )
        if reversed_so_far.amount_minor > command.event.amount_minor:
            raise refusal(
                "beyond-what-is-left",
                f"{reversed_so_far.amount_minor} minor units of the purchase were reversed already",
                reversed_minor=reversed_so_far.amount_minor,
            )
    return command.acceptance


def continue_subscription(
    state: ContactState, command: Command[SubscriptionRenewed | SubscriptionUpgraded]
) -> tuple[DecidedEvent, ...]:
    """Renew or upgrade a subscription that is not cancelled by then.

    A renewal from before the cancellation may still arrive after it.
    """
    ended = state.dealings.settled.get(("subscription_id", command.event.subscription_id))
    if ended is not None and command.at >= ended.at:
        raise refusal(
            "subscription-cancelled",
            f"the subscription was cancelled at {format_instant(ended.at)}",
        )
    return command.acceptance


def cancel_subscription(
    state: ContactState, command: Command[SubscriptionCancelled]
) -> tuple[DecidedEvent, ...]:
    """End a subscription for good, also where renewals of a later instant are known."""
    key = ("subscription_id", command.event.subscription_id)
    return ALREADY_SO if key in state.dealings.settled else command.acceptance
