"""The estate agent: acting for people, saying so, advising them, and keeping promises.

Under the preset ``real-estate`` buying makes nobody a client: an engagement as client does (80
points, an anchor), it needs a disclosure, and rewards are in kind, because money is forbidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.service.demo.script import Script


def tell_estate_agent(script: Script) -> None:
    """Everything that happened at the estate agent's, but for the crowd."""
    _acting_for_people(script)
    _care(script)
    _promises(script)
    _introductions(script)


def _acting_for_people(script: Script) -> None:
    vera = script.contact("vera-vendor", "Vera Vendor", days_ago=45)
    vera.did(
        44, "engagement-opened", engagement_id="sale", role="vendor", capacity="client",
        agreement_ref="A-1",
    )  # fmt: skip
    vera.did(
        44, "disclosure-acknowledged", engagement_id="sale", form="agency disclosure",
        form_version="1",
    )  # fmt: skip

    bob = script.contact("bob-buyer", "Bob Buyer", days_ago=44)
    bob.did(43, "engagement-opened", engagement_id="search", role="buyer", capacity="customer")

    dan = script.contact("dan-dual", "Dan Dual", days_ago=44)
    dan.did(43, "engagement-opened", engagement_id="flat", role="landlord", capacity="dual")

    cleo = script.contact("cleo-closed", "Cleo Closed", days_ago=300)
    cleo.did(300, "engagement-opened", engagement_id="sale", role="vendor", capacity="client")
    cleo.did(
        299, "disclosure-acknowledged", engagement_id="sale", form="agency disclosure",
        form_version="1",
    )  # fmt: skip
    cleo.did(90, "engagement-closed", engagement_id="sale")


def _care(script: Script) -> None:
    nell = script.contact("nell-needs", "Nell Needs", days_ago=70)
    nell.did(
        70, "need-discovered", need_id="garden", stated="a bigger garden",
        real="a place near the grandchildren",
    )  # fmt: skip
    nell.did(65, "advice-given", advice_id="stay", need_id="garden", summary="let, do not sell")
    nell.did(60, "advice-accepted", advice_id="stay")
    nell.did(55, "advice-given", advice_id="paint", summary="paint before the viewing")
    nell.did(54, "advice-declined", advice_id="paint")
    nell.did(
        50, "sale-declined", amount_minor=350_000, currency=script.currency,
        reason="selling now would cost them more than waiting",
    )  # fmt: skip
    nell.did(40, "resource-shared", resource="guide to letting", channel="email")
    nell.did(30, "need-met", need_id="garden")
    nell.did(
        20, "touch-made", direction="outbound", purpose="how is the letting going", planned=True,
        channel="telephone",
    )  # fmt: skip
    nell.did(15, "registration-amended", name="Nell Needs-Less (synthetic)")


def _promises(script: Script) -> None:
    prue = script.contact("prue-promised", "Prue Promised", days_ago=40)
    prue.did(
        40, "promise-made", promise_id="photos", due_on=script.date(35), summary="photos by Friday"
    )
    prue.did(36, "promise-kept", promise_id="photos")
    prue.did(30, "promise-made", promise_id="board", due_on=script.date(20))
    prue.did(19, "promise-broken", promise_id="board")


def _introductions(script: Script) -> None:
    firm = script.contact(
        "made-up-mortgages", "Made-Up Mortgages", days_ago=200, kind="organisation"
    )
    ivan = script.contact("ivan-in-kind", "Ivan In-Kind", days_ago=200)
    ivan.did(199, "contact-linked", other=firm.name, relation="works-for")
    sent = script.contact("guest-ivan-1", "Guest 1 of Ivan", days_ago=150)
    ivan.refer(150, "ivan-1", sent, 5)
    ivan.did(100, "referral-closed", referral_id="ivan-1", outcome="won")
    ivan.did(69, "reward-approved", referral_id="ivan-1", in_kind="a fruit basket")
    ivan.did(68, "reward-paid", referral_id="ivan-1", in_kind="a fruit basket")
    ivan.did(67, "thanks-given", channel="letter", personal=True)
