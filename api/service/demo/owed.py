"""What the town owes: something of every kind on an agenda, whatever day the town is made on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain.instants import parse_date

if TYPE_CHECKING:
    from api.service.demo.script import Script


def tell_owed_by_cafe(script: Script) -> None:
    """A friend who sent friends, thanks, a birthday, a subscription, somebody who stays away."""
    ben = script.contact("ben-brings", "Ben Brings", days_ago=60)
    clara = script.contact("clara-came", "Clara Came", days_ago=12)
    dirk = script.contact("dirk-came", "Dirk Came", days_ago=12)
    ben.refer(12, "ben-1", clara, 4)
    ben.refer(11, "ben-2", dirk, 5)
    clara.purchase(3, 2_400)
    dirk.purchase(2, 1_900)
    ben.did(1, "steward-assigned", steward="Kim (synthetic)")
    ben.did(
        0.5, "action-deferred", item="reciprocity", until=script.instant(-7), reason="after Easter"
    )  # fmt: skip
    tess = script.contact("tess-testimonial", "Tess Testimonial", days_ago=20)
    tess.did(1, "testimonial-given", channel="online", public=True)
    birthday = parse_date(script.date(0)) + timedelta(days=2)
    tess.did(
        19, "occasion-learned", occasion_id="birthday", kind="birthday", month=birthday.month,
        day=birthday.day,
    )  # fmt: skip
    sam = script.contact("sam-subscribes", "Sam Subscribes", days_ago=90)
    sam.did(
        25, "subscription-started", subscription_id="beans", plan="beans every month",
        amount_minor=2_500, currency=script.currency, term_days=30,
    )  # fmt: skip
    _client_who_stays_away(script)
    cora = script.contact("cora-courted", "Cora Courted", days_ago=30)
    cora.did(2, "competitor-noted", competitor="the espresso bar across the street")
    cora.did(1, "complaint-raised", complaint_id="cold", severity=2, public=False)


def _client_who_stays_away(script: Script) -> None:
    """Nobody asked, thanked or surprised them for long: many kinds at once."""
    quin = script.contact("quin-quiet", "Quin Quiet", days_ago=260)
    quin.did(255, "wallet-share-reported", category="coffee", share_percent=90, method="stated")
    for visit in range(100):
        quin.purchase(250 - 2.3 * visit, 320)


def tell_owed_by_estate_agent(script: Script) -> None:
    """A form that nobody signed, a promise, and a need."""
    dina = script.contact("dina-disclose", "Dina Disclose", days_ago=5)
    dina.did(2, "engagement-opened", engagement_id="flat", role="tenant", capacity="client")
    dina.did(2, "promise-made", promise_id="keys", due_on=script.date(-1), summary="the keys")
    dina.did(1, "need-discovered", need_id="school", stated="near a school")
