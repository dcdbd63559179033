"""The bills of materials that ``make sbom`` writes name what runs, and nothing else."""

from __future__ import annotations

import json
import tomllib
from importlib.metadata import distribution
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

from tests.house.requirements import needed_by
from tests.house.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.installing.conftest import Wheels


@pytest.mark.parametrize("project", [ROOT, ROOT / "client"], ids=["server", "client"])
def test_a_bill_names_every_package_that_runs_with_its_version(
    wheels: Wheels, project: Path
) -> None:
    about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bill = wheels.folder / f"{about['name']}.cdx.json"
    if not bill.is_file():
        pytest.skip("make sbom writes it")
    document = json.loads(bill.read_text(encoding="utf-8"))
    assert document["bomFormat"] == "CycloneDX"
    subject = document["metadata"]["component"]
    assert (subject["name"], subject["version"]) == (about["name"], about["version"])
    named = {canonicalize_name(one["name"]): one["version"] for one in document["components"]}
    runs = {name: distribution(name).version for name in needed_by(about["dependencies"])}
    assert named == runs
