"""The CHANGELOG keeps its form: what is new stands under the headings of Keep a Changelog.

Source: Keep a Changelog 1.1.0.
"""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise

from tests.house.tree import ROOT

KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def parts() -> list[str]:
    """What is said of each version, with its heading, the newest first."""
    return re.split(r"^(?=## )", TEXT, flags=re.MULTILINE)[1:]


def test_what_is_not_released_stands_first_and_versions_follow_with_dates() -> None:
    headings = [part.splitlines()[0] for part in parts()]
    assert headings[0] == "## [Unreleased]"
    released = [re.fullmatch(r"## \[([\d.]+)\] - (\d{4}-\d\d-\d\d)", one) for one in headings[1:]]
    assert all(released)
    dates = [one[2] for one in released if one]
    assert all(later >= earlier for later, earlier in pairwise(dates))


def test_it_names_the_version_that_is_built() -> None:
    newest = parts()[1] if len(parts()) > 1 else parts()[0]
    assert VERSION in "".join(newest.splitlines()[:3])


def test_every_line_stands_under_a_kind_of_change_once() -> None:
    for part in parts():
        _, *sections = re.split(r"^### ", part, flags=re.MULTILINE)
        kinds = [section.splitlines()[0] for section in sections]
        assert len(kinds) == len(set(kinds))
        assert set(kinds) <= KINDS
        assert all("\n- " in section for section in sections)
        assert "\n- " not in part.partition("\n### ")[0]


def test_no_line_was_left_twice_by_a_merge() -> None:
    lines = [line for line in TEXT.splitlines() if len(line) > 40]
    assert [line for line in lines if lines.count(line) > 1] == []
