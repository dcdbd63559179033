"""What is survived: killed servers and databases, stopped writers, and promoted standbys."""

from __future__ import annotations

import shutil
import signal
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from rapport_client import Client
from tests.cli.running import serving
from tests.crash.evidence import check
from tests.crash.load import ONCE, Sent
from tests.crash.rounds import PAGE, Load, endured, loaded, one_server
from tests.fixtures.registrations import registration_event
from tests.soak.cluster import Cluster, url_of
from tests.soak.several import Several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from random import Random

    Round = Callable[[Load], None]

_ACKNOWLEDGED = (10, 60)
"""After how many answers something dies."""

_DATABASE_SHARE = 0.3
"""In which share of the rounds of several processes the database dies too."""

_WAITS = "waiting for the writer"
"""What a server says that was followed by another one, after it noticed."""


class Endured(NamedTuple):
    """How often something died, and how much had been acknowledged in the end."""

    rounds: int
    acknowledged: int


def deaths(
    data: Path, database: Cluster, chance: Random, goes_on: Callable[[int], bool]
) -> Endured:
    """Rounds of load: the server dies, the database, or both. ``goes_on`` gets how many there were.

    After each round, and in the end: nothing that was acknowledged is lost or stands twice,
    positions have no gaps, and the projection is what a rebuild makes.
    """
    done = 0

    def rounds() -> Iterator[Round]:
        nonlocal done
        while goes_on(done):
            yield chance.choice([_kill_server, _database_killer(database), _kill_both(database)])
            done += 1

    sent = endured(chance, rounds(), partial(one_server, data))
    return Endured(done, acknowledged_of(sent))


def deaths_of_several(
    data: Path, database: Cluster, chance: Random, goes_on: Callable[[int], bool]
) -> Endured:
    """As ``deaths``, of two servers on one folder and three processes that follow.

    Each round kills some of them, with the database or without; while one server is left, what it
    is sent is recorded. In the end of a round both servers are killed.
    """
    done = 0
    with ExitStack() as opened:
        several = Several(data, opened)

        def kill(load: Load) -> None:
            acknowledged = load.watch.acknowledged
            acknowledged.more(load.chance.randint(*_ACKNOWLEDGED))
            several.kill_some(load.chance)
            if load.chance.random() < _DATABASE_SHARE:
                load.watch.clear.clear()
                database.kill()
                database.start()
                load.watch.clear.set()
            acknowledged.more(load.chance.randint(*_ACKNOWLEDGED))
            load.kill()

        def rounds() -> Iterator[Round]:
            nonlocal done
            while goes_on(done):
                yield kill
                done += 1

        sent = endured(chance, rounds(), several.started)
    return Endured(done, acknowledged_of(sent))


def _kill_server(load: Load) -> None:
    load.watch.acknowledged.more(load.chance.randint(*_ACKNOWLEDGED))
    load.kill()


def _database_killer(database: Cluster) -> Round:
    def kill(load: Load) -> None:
        load.watch.acknowledged.more(load.chance.randint(*_ACKNOWLEDGED))
        load.watch.clear.clear()
        database.kill()
        database.start()
        load.watch.clear.set()
        load.watch.acknowledged.more(load.chance.randint(*_ACKNOWLEDGED))

    return kill


def _kill_both(database: Cluster) -> Round:
    def kill(load: Load) -> None:
        load.watch.acknowledged.more(load.chance.randint(*_ACKNOWLEDGED))
        first, second = load.chance.choice([(load.kill, database.kill), (database.kill, load.kill)])
        first()
        second()
        database.start()

    return kill


def fenced_out(data: Path, copied: Path, chance: Random) -> Endured:
    """A server is stopped past its lease and continued, while another one records.

    The other one has a copy of the data folder, for the lock of one folder would keep it out. What
    the first was sent after that, it records nothing of.
    """
    shared = uuid4()
    beginning = Sent([(shared, registration_event())])
    with serving("serve", "--port", 0, "--data", data) as old:
        with Client(old.url, retries=ONCE) as client:
            assert beginning.send(client)
        load = Load([old], shared, chance)
        with loaded(load):
            load.watch.acknowledged.more(chance.randint(*_ACKNOWLEDGED))
            old.process.send_signal(signal.SIGSTOP)
            shutil.copytree(data, copied, ignore=shutil.ignore_patterns("*.sock"))
            with serving("serve", "--port", 0, "--data", copied) as new:
                ours = [Sent([(uuid4(), registration_event())]) for _ in range(5)]
                with Client(new.url, retries=ONCE) as client:
                    assert all(one.send(client) for one in ours)
                    old.process.send_signal(signal.SIGCONT)
                    load.watch.refused.more(1)
                    load.kill()
                    sent = [beginning, *ours, *(one for w in load.writers for one in w.sent)]
                    for one in sent:
                        one.refusals = [said for said in one.refusals if _WAITS not in str(said)]
                    check(list(client.log(page=PAGE)), sent)
    return Endured(1, acknowledged_of(sent))


def failovers(
    data: Path,
    primary: Cluster,
    chance: Random,
    goes_on: Callable[[int], bool],
    environment: Callable[[str], object],
) -> tuple[Endured, Cluster]:
    """The primary dies under load, its synchronous standby is promoted, and all goes on.

    ``environment`` gets the URL that the next servers use. Each promoted standby gets one of its
    own, for the next time. Answers the last primary too.
    """
    shared = uuid4()
    sent, done = [Sent([(shared, registration_event())])], 0
    while goes_on(done):
        standby = primary.standby()
        environment(url_of(primary, standby))
        with serving("serve", "--port", 0, "--data", data) as server:
            with Client(server.url, retries=ONCE) as client:
                assert sent[0].send(client)
            load = Load([server], shared, chance)
            with loaded(load):
                load.watch.acknowledged.more(chance.randint(*_ACKNOWLEDGED))
                load.watch.clear.clear()
                primary.kill()
                standby.promote()
                load.watch.clear.set()
                load.watch.acknowledged.more(chance.randint(*_ACKNOWLEDGED))
            sent += [one for writer in load.writers for one in writer.sent]
        primary.remove()
        primary = standby
        _look(data, sent)
        done += 1
    return Endured(done, acknowledged_of(sent)), primary


def _look(data: Path, sent: list[Sent]) -> None:
    """Everything acknowledged is there, and sending it again changes nothing."""
    with (
        serving("serve", "--port", 0, "--data", data) as server,
        Client(server.url, retries=ONCE) as client,
    ):
        log = list(client.log(page=PAGE))
        check(log, sent)
        assert all(one.send(client) for one in sent if one.places is not None)
        assert list(client.log(page=PAGE)) == log


def acknowledged_of(sent: Iterable[Sent]) -> int:
    """How many events were acknowledged."""
    return sum(len(one.pairs) for one in sent if one.places is not None)
