"""Where to look in the town: one contact for every stage and standing, as lines to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.agendas.answering import AgendaQuestion, whole_agenda
from api.service.demo.town import TIME_ZONES
from api.service.labels import LabelsWanted
from api.service.questions import At, moment_of
from domain.kinds import MAX_WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.service.server import Server

STAGES = (
    ("contact", "demo-cafe", "connie-contact"),
    ("prospect", "demo-cafe", "paula-prospect"),
    ("customer", "demo-cafe", "carl-customer"),
    ("client", "demo-cafe", "clara-client"),
    ("lapsed_customer", "demo-cafe", "lana-lapsed-customer"),
    ("lapsed_client", "demo-cafe", "leo-lapsed-client"),
    ("ended", "demo-cafe", "enid-ended"),
)
"""Who shows which stage, and in which ledger."""

STANDINGS = (
    ("key_partner", "demo-butcher", "ken-key-partner"),
    ("partner", "demo-butcher", "pat-partner"),
    ("introducer", "demo-butcher", "ines-introducer"),
    ("dormant", "demo-butcher", "dora-dormant"),
    ("none", "demo-butcher", "nora-none"),
)
"""Who shows which partner standing, and in which ledger."""


FIRST_THINGS = 3
"""How many things of each ledger's agenda are shown when the town starts."""


def agenda_lines(server: Server) -> Iterator[str]:
    """What the town's businesses are to do today, a line for each."""
    for name in TIME_ZONES:
        served = server.ledger(name)
        moment = moment_of(served.ledger, served.aliases, At(), server.clock())
        question = AgendaQuestion(labels=LabelsWanted(names=True))
        found = whole_agenda(served.ledger, moment, question, MAX_WHOLE).items
        due = [one.reason for one in found if one.state in ("overdue", "today")]
        first = "; ".join(one[0].lower() + one.rstrip(".")[1:] for one in due[:FIRST_THINGS])
        yield f"{len(due)} things today at {name}: {first}" + (" ..." if due else "nothing")


def lines(base_url: str) -> Iterator[str]:
    """The guide, as text for a terminal."""
    yield "The town is synthetic: nobody in it exists. Three ledgers: demo-cafe (preset cafe),"
    yield "demo-butcher (retail), demo-estate-agent (real-estate). One contact for every stage:"
    yield ""
    for stage, ledger, ref in STAGES:
        yield f"  # {stage}"
        yield f"  curl -s {base_url}/v1/ledgers/{ledger}/contacts/demo:{ref}/status"
    yield ""
    yield "One for every standing as a referral partner:"
    yield ""
    for standing, ledger, ref in STANDINGS:
        yield f"  # {standing}"
        yield f"  curl -s {base_url}/v1/ledgers/{ledger}/contacts/demo:{ref}/standing"
    yield ""
    yield "How someone got there: .../status/history; from what: .../events."
