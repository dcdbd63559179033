"""The cafe: one contact in every stage, named after it, and the small attentions of a good host.

Under the preset ``cafe``: twelve purchase days in 28 days are regularity (35 points, an anchor),
two visits with guests in 90 days are 25, and 60 make a client. They are due after two days; clients
fall 35 days after that, and lapse after 70.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.service.demo.script import Script

FLAT_WHITE_MINOR = 420


def tell_cafe(script: Script) -> None:
    """Everything that happened in the cafe, but for the crowd."""
    _every_stage(script)
    _attentions(script)
    _complaints(script)
    _put_right(script)


def _every_stage(script: Script) -> None:
    script.contact("connie-contact", "Connie Contact", days_ago=40)

    paula = script.contact("paula-prospect", "Paula Prospect", days_ago=5)
    paula.did(
        5, "touch-made", direction="inbound", purpose="asks for catering", planned=False,
        channel="telephone",
    )  # fmt: skip

    carl = script.contact("carl-customer", "Carl Customer", days_ago=3)
    carl.purchase(3, FLAT_WHITE_MINOR)

    clara = script.contact("clara-client", "Clara Client", days_ago=24)
    for days_ago in range(24, 0, -2):
        clara.purchase(days_ago, FLAT_WHITE_MINOR)
    clara.did(20, "visit-made", guests=2)
    clara.did(6, "visit-made", guests=1)

    lana = script.contact("lana-lapsed-customer", "Lana Lapsed-Customer", days_ago=100)
    lana.purchase(100, FLAT_WHITE_MINOR)

    leo = script.contact("leo-lapsed-client", "Leo Lapsed-Client", days_ago=150)
    for days_ago in range(150, 126, -2):
        leo.purchase(days_ago, FLAT_WHITE_MINOR)
    leo.did(140, "visit-made", guests=3)
    leo.did(130, "visit-made", guests=1)

    enid = script.contact("enid-ended", "Enid Ended", days_ago=60)
    enid.purchase(60, FLAT_WHITE_MINOR)
    enid.did(10, "relationship-ended", by="contact", reason="moved to another town")

    olga = script.contact("olga-overridden", "Olga Overridden", days_ago=30)
    olga.did(
        7, "stage-overridden", stage="client", reason="the owner's sister: treat as a client",
        expires_at=script.instant(-60),
    )  # fmt: skip


def _attentions(script: Script) -> None:
    kate = script.contact("kate-known", "Kate Known", days_ago=90)
    first = kate.purchase(90, FLAT_WHITE_MINOR)
    kate.did(89, "thanks-given", for_event=first, channel="in person", personal=True)
    kate.did(80, "profile-fact-learned", section="work", key="profession", value="glassblower")
    kate.did(80, "preference-learned", key="table", value="by the window")
    kate.did(79, "preference-learned", key="drink", value="flat white, oat milk")
    kate.did(
        78, "contact-detail-learned", kind="email", value="kate@example.com", label="newsletter"
    )
    kate.did(77, "contact-detail-learned", kind="phone", value="+31 20 555 0123", label="home")
    kate.did(76, "contact-detail-removed", kind="phone", value="+31 20 555 0123")
    kate.did(78, "occasion-learned", occasion_id="birthday", kind="birthday", month=2, day=29)
    kate.did(70, "consent-changed", purpose="news", channel="email", granted=True)
    kate.did(20, "recognition-given", how="greeted by name, seated by the window")
    kate.did(
        19, "gesture-made", gesture="free coffee", cost_minor=110, currency=script.currency,
        reason="waited long",
    )  # fmt: skip
    kate.did(18, "thanks-received", channel="in person", public=False)
    kate.did(15, "greeting-sent", occasion_id="birthday", channel="card")
    kate.did(12, "testimonial-given", channel="web", public=True)
    kate.did(11, "survey-answered", metric="nps", score=9)
    kate.did(10, "visit-made", guests=0)
    kate.purchase(10, FLAT_WHITE_MINOR, category="coffee", items=["flat white"])


def _complaints(script: Script) -> None:
    cora = script.contact("cora-complaint", "Cora Complaint", days_ago=50)
    cora.purchase(50, FLAT_WHITE_MINOR)
    cora.did(30, "complaint-raised", complaint_id="cold", severity=1, public=False)
    cora.did(29, "complaint-acknowledged", complaint_id="cold")
    cora.did(29, "complaint-resolved", complaint_id="cold", satisfied=True)
    cora.did(9, "complaint-raised", complaint_id="nut", severity=2, public=True)
    cora.did(8.5, "complaint-resolved", complaint_id="nut", satisfied=False)
    cora.did(8, "complaint-reopened", complaint_id="nut")
    cora.purchase(2, FLAT_WHITE_MINOR)


def _put_right(script: Script) -> None:
    rex = script.contact("rex-retracted", "Rex Retracted", days_ago=20)
    mistake = rex.purchase(20, FLAT_WHITE_MINOR)
    rex.did(19, "event-retracted", target=mistake, reason="rung up for the wrong guest")

    cory = script.contact("cory-corrected", "Cory Corrected", days_ago=20)
    wrong = cory.purchase(20, 42_000, category="coffee")
    cory.did(
        19, "event-corrected", target=wrong, occurred_at=script.instant(21),
        data={
            "purchase_id": "till-corrected", "amount_minor": FLAT_WHITE_MINOR,
            "currency": script.currency, "initiated_by": "contact",
        },
    )  # fmt: skip

    may = script.contact("may-merged", "May Merged", days_ago=20)
    mae = script.contact("mae-merged", "Mae Merged", days_ago=20)
    mae.purchase(15, FLAT_WHITE_MINOR)
    mae.did(14, "contact-merged", into=may.name)

    uma = script.contact("uma-unmerged", "Uma Unmerged", days_ago=20)
    uma.purchase(15, FLAT_WHITE_MINOR)
    uma.did(14, "contact-merged", into=may.name)
    uma.did(13, "merge-reversed", into=may.name)
    uma.did(13, "contacts-distinguished", other=may.name)
