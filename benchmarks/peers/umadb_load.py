"""``python -m benchmarks.peers.umadb_load PORT CLIENTS``: append the bodies of standard input.

Each line is an event, appended by one of so many clients, the next as soon as one is answered.
Prints the seconds on the wall, the positions and the newest position as JSON. It runs where
``umadb`` is installed and imports nothing else.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import umadb


def main(port: int, client_count: int) -> None:
    """Append everything, and print what came of it."""
    events = [_event(line) for line in sys.stdin]
    clients = [umadb.Client(f"http://127.0.0.1:{port}") for _ in range(client_count)]
    ready = Barrier(client_count + 1)

    def work(place: int) -> list[int]:
        client, own = clients[place], events[place::client_count]
        client.head()
        ready.wait()
        return [client.append([event]) for event in own]

    with ThreadPoolExecutor(client_count) as pool:
        working = [pool.submit(work, place) for place in range(client_count)]
        ready.wait()
        started = time.perf_counter()
        positions = [position for one in working for position in one.result()]
        taken = time.perf_counter() - started
    print(json.dumps({"seconds": taken, "positions": positions, "head": clients[0].head()}))


def _event(line: str) -> umadb.Event:
    contact, _, body = line.rstrip("\n").partition(" ")
    return umadb.Event(
        event_type="purchase-made", data=body.encode(), tags=[contact], uuid=uuid.uuid4()
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
