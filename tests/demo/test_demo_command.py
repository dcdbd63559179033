"""``rapport demo``: what it tells people to paste works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from api.service.demo.guide import STAGES, STANDINGS, lines
from tests.cli.running import rapport, serving
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path


def test_every_line_of_the_guide_answers_with_what_it_announces(tmp_path: Path) -> None:
    with serving("demo", "--port", 0, "--data", tmp_path / "data") as server:
        urls = [line.split()[-1] for line in lines(server.url) if "curl" in line]
        answers = [
            httpx.get(url, params={"min_position": 1}, timeout=END_SECONDS)
            .raise_for_status()
            .json()
            for url in urls
        ]
    announced = [name for name, _, _ in (*STAGES, *STANDINGS)]
    assert [one["stage"] if "stage" in one else one["standing"] for one in answers] == announced


def test_run_again_on_another_day_it_finds_the_town_as_it_was(tmp_path: Path) -> None:
    arguments = ("demo", "--no-serve", "--data", tmp_path / "data")
    first = rapport(*arguments, "--now", "2026-01-01")
    assert "events appended" in first.err
    assert rapport(*arguments).err == "the town was there already\n"


def test_another_town_needs_another_folder(tmp_path: Path) -> None:
    arguments = ("demo", "--no-serve", "--data", tmp_path / "data")
    rapport(*arguments, "--seed", 1)
    ended = rapport(*arguments, "--seed", 2)
    assert ended.code == 1
    assert "choose another folder" in ended.err
