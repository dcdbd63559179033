"""The town as a whole: told from a seed and an instant, and appended so that twice is once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.service.demo.butcher import ROAST_MINOR, tell_butcher
from api.service.demo.cafe import FLAT_WHITE_MINOR, tell_cafe
from api.service.demo.crowd import tell_crowd
from api.service.demo.estate_agent import tell_estate_agent
from api.service.demo.owed import tell_owed_by_cafe, tell_owed_by_estate_agent
from api.service.demo.script import SOURCE, Script
from domain.errors import Conflict
from domain.events import CATALOGUE
from domain.events.governance import CustomRecorded
from domain.instants import SECOND, format_instant, parse_instant
from domain.presets import PRESETS
from ledger.drafts import Append, Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.service.server import Server
    from ledger.ledger import Ledger

SEED = 8400

TIME_ZONES = {
    "demo-cafe": "Europe/Amsterdam",
    "demo-butcher": "Europe/London",
    "demo-estate-agent": "America/New_York",
}
"""The town's ledgers and where their days begin."""

BATCH_EVENTS = 400

_MAYOR = "mayor"
_FOUNDED = "synthetic-town"


class OtherTown(Conflict):
    """The ledger holds a town of another seed or instant."""


@dataclass(frozen=True)
class Founding:
    """What a town is made of: the seed, and the instant its days are counted back from."""

    seed: int
    now: int


def build_town(server: Server, *, seed: int | None = None, now: int | None = None) -> int:
    """Make the town in the server's ledgers, or complete it; how many events were new.

    Where there is one already, what is not given is as it was.

    Raises:
        OtherTown: there is one, of another seed or instant.
    """
    ledgers = [server.create(name, time_zone)[0].ledger for name, time_zone in TIME_ZONES.items()]
    present = next(filter(None, map(founding_of, ledgers)), None)
    default = present or Founding(SEED, server.clock() // SECOND * SECOND)
    founding = Founding(default.seed if seed is None else seed, default.now if now is None else now)
    if present not in (None, founding):
        raise OtherTown(
            f"the folder holds a town of seed {default.seed} as of {format_instant(default.now)}: "
            "choose another folder for another town"
        )
    scripts = scripts_of(founding)
    return sum(_settle(ledger, script) for ledger, script in zip(ledgers, scripts, strict=True))


def scripts_of(founding: Founding) -> tuple[Script, ...]:
    """The three businesses' scripts; the same founding gives the same scripts."""
    now = founding.now
    cafe = Script("demo-cafe", "cafe", "EUR", now)
    butcher = Script("demo-butcher", "retail", "GBP", now)
    agent = Script("demo-estate-agent", "real-estate", "USD", now)
    crowds = ((cafe, 60, FLAT_WHITE_MINOR), (butcher, 40, ROAST_MINOR), (agent, 15, 150_000))
    for script, people_count, spend_minor in crowds:
        mayor = script.contact(_MAYOR, "Mara Mayor", days_ago=400)
        attributes = {"seed": founding.seed, "now": format_instant(now)}
        mayor.did(400, "custom-recorded", kind=_FOUNDED, attributes=attributes)
        _TELL[script.ledger](script)
        tell_crowd(script, founding.seed, people_count, spend_minor)
        # Last, since the ids of entries depend on those before: towns from before are completed.
        if (tell_owed := _OWED.get(script.ledger)) is not None:
            tell_owed(script)
    return cafe, butcher, agent


_TELL: dict[str, Callable[[Script], None]] = {
    "demo-cafe": tell_cafe,
    "demo-butcher": tell_butcher,
    "demo-estate-agent": tell_estate_agent,
}


_OWED: dict[str, Callable[[Script], None]] = {
    "demo-cafe": tell_owed_by_cafe,
    "demo-estate-agent": tell_owed_by_estate_agent,
}


def founding_of(ledger: Ledger) -> Founding | None:
    """What the town in this ledger was made of, or None where there is none yet."""
    mayor = ledger.contact_id(f"{SOURCE}:{_MAYOR}")
    for recorded in ledger.stream(mayor, types=["custom-recorded"], decrypt=True):
        event = recorded.event
        if isinstance(event, CustomRecorded) and event.kind == _FOUNDED:
            assert isinstance(event.attributes, dict)
            seed, now = event.attributes["seed"], event.attributes["now"]
            return Founding(int(str(seed)), parse_instant(str(now)))
    return None


def _settle(ledger: Ledger, script: Script) -> int:
    """Append the script to its ledger; how many events were new."""
    if ledger.policies().versions[-1].policy != PRESETS[script.preset]:
        ledger.publish_policy(PRESETS[script.preset], 0).result()
    drafts = _drafts(ledger, script)
    fresh = 0
    for start in range(0, len(drafts), BATCH_EVENTS):
        append = Append(drafts=tuple(drafts[start : start + BATCH_EVENTS]))
        fresh += sum(not event.replayed for event in ledger.append(append).result().events)
    return fresh


def _drafts(ledger: Ledger, script: Script) -> Sequence[Draft]:
    return [
        Draft(
            contact_id=ledger.contact_id(f"{SOURCE}:{entry.ref}"),
            type=entry.type,
            id=entry.id,
            occurred_at=entry.occurred_at,
            source=SOURCE,
            event=CATALOGUE[entry.type].read(entry.data, ledger.contact_id),
        ).told_of(f"{SOURCE}:{entry.ref}", ledger.contact_id)
        for entry in script.entries
    ]
