"""Writes the golden answers and the golden OpenAPI document anew: ``python -m tests.wire``."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from api.http.app import create_app
from tests.api.shop import Clock, built, listening
from tests.fixtures.patience import END_SECONDS
from tests.wire.recording import Recorder
from tests.wire.story import tell

if TYPE_CHECKING:
    from tests.wire.recording import Json

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "wire"
ANSWERS = GOLDEN / "answers.json"
DOCUMENT = GOLDEN / "openapi.json"


def recorded(folder: Path) -> tuple[Json, list[Json]]:
    """The OpenAPI document of a new server, and the exchanges of the story that it is told."""
    clock = Clock()
    with (
        built(folder / "data", clock) as server,
        listening(create_app(server)) as address,
        httpx.Client(base_url=address, timeout=END_SECONDS) as client,
    ):
        document: Json = client.get("/openapi.json").json()
        recorder = Recorder(client)
        tell(recorder, clock)
        return document, recorder.exchanges


def written(value: object) -> str:
    """The text that is kept: fields stay in the order in which they were sent."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write both files."""
    with tempfile.TemporaryDirectory() as folder:
        document, exchanges = recorded(Path(folder))
    GOLDEN.mkdir(exist_ok=True)
    DOCUMENT.write_text(written(document), encoding="utf-8")
    ANSWERS.write_text(written(exchanges), encoding="utf-8")


if __name__ == "__main__":
    main()
