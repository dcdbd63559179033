"""Nothing written here works on one machine only."""

from __future__ import annotations

import re
import tomllib

from tests.house.tree import ROOT, texts

# Written so that they do not find themselves.
_PLACES = re.compile(r"(?<![\w.~}])/(?:home|root|work|Users|opt)/\w")
_HOSTS = re.compile(r"pypi\.org|python[h]osted|[i]ndex-url|[f]ind-links|[t]rusted-host")


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    assert _found(_PLACES) == []


def test_no_file_names_the_host_of_a_package_index() -> None:
    assert _found(_HOSTS) == []


def _found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{place}:{number}: {match[0]}"
        for place, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := pattern.search(line))
    ]


def test_every_dependency_is_pinned_exactly() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", pin)] == []
    pinned = {_plain(pin.split("==")[0]) for pin in pins}
    assert {_plain(re.split(r"[<>=\[]", name)[0]) for name in wanted} - pinned == set()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
