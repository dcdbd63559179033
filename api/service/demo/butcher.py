"""The butcher: who sends us people and who does not, meat boxes, shares of wallet, refunds.

Under the preset ``retail``: three referrals won in a year make a key partner, two of which one is
won a partner, one of level 1 an introducer, and a partner silent for 180 days is dormant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.service.demo.script import Script, Story

ROAST_MINOR = 2850


def tell_butcher(script: Script) -> None:
    """Everything that happened at the butcher's, but for the crowd."""
    _every_standing(script)
    _referrals_that_failed(script)
    _subscriptions(script)
    _wallets(script)
    _refunds(script)


def _every_standing(script: Script) -> None:
    ken = script.contact("ken-key-partner", "Ken Key-Partner", days_ago=120)
    for number, days_ago in enumerate((100, 60, 30), start=1):
        sent = _newcomer(script, f"ken-{number}", f"Guest {number} of Ken", days_ago)
        ken.refer(days_ago, f"ken-{number}", sent, 3)
        sent.purchase(days_ago - 3, ROAST_MINOR)
    ken.did(98, "referral-qualified", referral_id="ken-1")
    ken.did(
        96, "referral-closed", referral_id="ken-1", outcome="won", amount_minor=ROAST_MINOR,
        currency=script.currency,
    )  # fmt: skip
    ken.did(60, "reward-approved", referral_id="ken-1", amount_minor=142, currency=script.currency)
    ken.did(59, "reward-paid", referral_id="ken-1", amount_minor=142, currency=script.currency)
    ken.did(20, "referral-asked", channel="in person")

    pat = script.contact("pat-partner", "Pat Partner", days_ago=90)
    won = _newcomer(script, "pat-1", "Guest 1 of Pat", 80)
    still_open = _newcomer(script, "pat-2", "Guest 2 of Pat", 40)
    pat.refer(80, "pat-1", won, 1)
    won.purchase(75, ROAST_MINOR)
    pat.refer(40, "pat-2", still_open, 1)
    pat.did(38, "referral-level-raised", referral_id="pat-2", level=2)
    pat.did(
        37, "referral-made", referral_id="to-pat-1", direction="outbound",
        other=_newcomer(script, "for-pat", "Guest for Pat", 37).name, level=2,
    )  # fmt: skip

    ines = script.contact("ines-introducer", "Ines Introducer", days_ago=50)
    ines.refer(45, "ines-1", _newcomer(script, "ines-1", "Guest 1 of Ines", 45), 1)

    dora = script.contact("dora-dormant", "Dora Dormant", days_ago=320)
    for number, days_ago in enumerate((310, 300), start=1):
        sent = _newcomer(script, f"dora-{number}", f"Guest {number} of Dora", days_ago)
        dora.refer(days_ago, f"dora-{number}", sent, 3)
    dora.did(290, "referral-closed", referral_id="dora-1", outcome="won")
    dora.did(289, "reward-declined", referral_id="dora-1", in_kind="a leg of lamb")

    nora = script.contact("nora-none", "Nora None", days_ago=10)
    nora.purchase(10, ROAST_MINOR)


def _referrals_that_failed(script: Script) -> None:
    lou = script.contact("lou-lost", "Lou Lost", days_ago=70)
    for number, outcome in enumerate(("lost", "unqualified", "duplicate"), start=1):
        days_ago = 60 - number
        sent = _newcomer(script, f"lou-{number}", f"Guest {number} of Lou", days_ago)
        lou.refer(days_ago, f"lou-{number}", sent, 1)
        lou.did(days_ago - 5, "referral-closed", referral_id=f"lou-{number}", outcome=outcome)

    clive = script.contact("clive-clawback", "Clive Clawback", days_ago=70)
    sent = _newcomer(script, "clive-1", "Guest 1 of Clive", 60)
    clive.refer(60, "clive-1", sent, 5)
    sent.did(
        58, "purchase-made", purchase_id="returned", amount_minor=10_000,
        currency=script.currency, initiated_by="contact",
    )  # fmt: skip
    clive.did(
        25, "reward-approved", referral_id="clive-1", amount_minor=1000, currency=script.currency
    )
    clive.did(24, "reward-paid", referral_id="clive-1", amount_minor=1000, currency=script.currency)
    sent.did(
        20, "purchase-reversed", purchase_id="returned", amount_minor=10_000,
        currency=script.currency,
    )  # fmt: skip
    clive.did(
        19, "reward-reversed", referral_id="clive-1", amount_minor=1000, currency=script.currency
    )


def _subscriptions(script: Script) -> None:
    sue = script.contact("sue-subscriber", "Sue Subscriber", days_ago=100)
    sue.did(
        100, "subscription-started", subscription_id="box", plan="meat box", amount_minor=4500,
        currency=script.currency, term_days=30,
    )  # fmt: skip
    for days_ago in (70, 40, 10):
        sue.did(
            days_ago, "subscription-renewed", subscription_id="box", automatic=True, reminded=False
        )
    sue.did(35, "subscription-upgraded", subscription_id="box", initiated_by="contact")
    sue.did(30, "detail-updated", initiated_by="contact", detail="a new doorbell code, unprompted")

    colin = script.contact("colin-cancelled", "Colin Cancelled", days_ago=80)
    colin.did(
        80, "subscription-started", subscription_id="box", plan="meat box", amount_minor=4500,
        currency=script.currency, term_days=30,
    )  # fmt: skip
    colin.did(55, "subscription-cancelled", subscription_id="box")


def _wallets(script: Script) -> None:
    walt = script.contact("walt-wallet", "Walt Wallet", days_ago=50)
    for days_ago in range(45, 3, -7):
        walt.purchase(days_ago, ROAST_MINOR, category="meat")
    walt.did(8, "wallet-share-reported", category="meat", share_percent=85, method="stated")
    rank = script.contact("rhea-rank", "Rhea Rank", days_ago=50)
    rank.purchase(40, ROAST_MINOR)
    rank.did(30, "wallet-rank-reported", category="meat", rank=2, brands=3)
    rank.did(25, "competitor-noted", competitor="the supermarket", note="goes there for chicken")


def _refunds(script: Script) -> None:
    fred = script.contact("fred-refunded", "Fred Refunded", days_ago=30)
    fred.did(
        30, "purchase-made", purchase_id="goose", amount_minor=6000, currency=script.currency,
        initiated_by="contact",
    )  # fmt: skip
    fred.did(
        28, "purchase-reversed", purchase_id="goose", amount_minor=1500, currency=script.currency
    )
    fred.did(
        27, "purchase-reversed", purchase_id="goose", amount_minor=4500, currency=script.currency
    )


def _newcomer(script: Script, ref: str, name: str, days_ago: float) -> Story:
    return script.contact(f"guest-{ref}", name, days_ago=days_ago)
