"""What is installed is what we ask for, pinned, and under a licence that we have looked at."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.house.requirements import needed_by
from tests.house.tree import ROOT

OURS = "rapport-ledger"
INSTALLERS = {"pip", "setuptools", "wheel"}
LICENCES = {
    "Apache-2.0",
    "Apache-2.0 AND BSD-2-Clause",
    "Apache-2.0 OR BSD-2-Clause",
    "Apache-2.0 OR BSD-3-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0",
    "LGPL-3.0-only",  # psycopg, which is installed beside the server and not changed
    "MIT",
    "MIT-0",
    "PSF-2.0",
}
"""Licences under which a server may be run and passed on; others want a look first."""

LOOKED_UP = {
    "jinja2": "BSD-3-Clause",
    "partd": "BSD-3-Clause",
    "scipy": "BSD-3-Clause",
    "sortedcontainers": "Apache-2.0",
    "zict": "BSD-3-Clause",
}
"""Licences that no metadata names exactly, as the distribution's own file of it has them."""


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    named = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in named}


CLIENT = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUNTIME = needed_by([f"{OURS}[dask,postgresql,value]"]) - {OURS}
CLIENT_RUNTIME = needed_by(CLIENT["dependencies"])


def licence(name: str) -> str:
    """As the distribution says it, in the words of SPDX."""
    metadata = distribution(name).metadata
    # By get_all, since what else is missing raises where a library put its own finder in place.
    given = metadata.get_all("License-Expression") or metadata.get_all("License") or ("",)
    said = str(given[0])
    for classifier in metadata.get_all("Classifier", ()) if not said else ():
        if classifier.startswith("License ::"):
            said = classifier.rpartition(" :: ")[2]
    return LOOKED_UP.get(name, said.removesuffix(" License"))


@pytest.mark.parametrize("name", sorted(RUNTIME | CLIENT_RUNTIME))
def test_what_runs_is_pinned_and_is_that_version(name: str) -> None:
    assert distribution(name).version == pins()[name]


def test_nothing_is_installed_that_we_did_not_ask_for() -> None:
    wanted = needed_by([f"{OURS}[dev,client]"]) - {OURS}
    installed = {
        canonicalize_name(one.metadata["Name"])
        for one in distributions()
        if Path(str(one.locate_file(""))) != ROOT / "client"  # pip install ./client leaves that
    }
    assert installed - wanted - INSTALLERS - {OURS} == set()
    assert wanted <= set(pins())


def test_every_pin_is_of_something_that_we_ask_for() -> None:
    """What is left of a package that is gone would be installed by the next one who needs it."""
    wanted = needed_by([f"{OURS}[dev,client]"]) - {OURS}
    unasked = set(pins()) - wanted
    for name in unasked:  # needed elsewhere: on another system, or by another Python
        with pytest.raises(PackageNotFoundError):
            distribution(name)


@pytest.mark.parametrize("name", sorted(RUNTIME | CLIENT_RUNTIME))
def test_what_runs_is_listed_with_a_licence_that_we_have_looked_at(name: str) -> None:
    page = (ROOT / "docs" / "reference" / "dependencies.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| ([a-z0-9-]+) \| ([^|]+) \|", page, re.MULTILINE))
    assert licence(name) in LICENCES, f"{name} is under {licence(name)}: look at it"
    assert listed.get(name) == licence(name), f"list {name} in docs/reference/dependencies.md"


def test_make_client_installs_what_the_client_asks_for() -> None:
    server = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert server["optional-dependencies"]["client"] == CLIENT["dependencies"]
    assert len(CLIENT["dependencies"]) == 1, "the client stands on an HTTP library alone"
    assert server["version"] == CLIENT["version"]
    assert "rapport-client" not in " ".join(server["dependencies"])


def test_what_is_installed_fits_together() -> None:
    """``pip check``, which asks nobody."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
