"""The wheels that ``make wheel`` builds: complete, and working where the repository is not.

They are installed into new environments, which are lent exactly what the wheels ask for.
"""

from __future__ import annotations

import tomllib
import zipfile
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.docs.readme import session, shown
from tests.docs.shell import needs_a_shell, run
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.waiting import until
from tests.house.tree import PACKAGES, ROOT, files
from tests.installing.environments import Environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.installing.conftest import Wheels

SERVER = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CLIENT = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONTACT = "v1/ledgers/main/contacts/pos:17850"


def written(*packages: str) -> set[str]:
    """The files of these packages, named as in a wheel: modules, markers, pages and styles."""
    folders = [(ROOT / "client" if name == "rapport_client" else ROOT) / name for name in packages]
    return {
        str(path.relative_to(folder.parent))
        for folder in folders
        for path in files(folder)
        if path.suffix != ".pyc"
    }


def packed(wheel: Path) -> set[str]:
    """The files of a wheel, without what describes it."""
    with zipfile.ZipFile(wheel) as opened:
        return {name for name in opened.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def installed(wheels: Wheels, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Where the server's wheel is installed."""
    made = Environment(tmp_path_factory.mktemp("server"), SERVER["dependencies"])
    made.run("-m", "pip", "install", "--quiet", str(wheels.server))
    return made


@pytest.fixture(scope="module")
def with_client(wheels: Wheels, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Where the client's wheel is installed, and no server."""
    made = Environment(tmp_path_factory.mktemp("client"), CLIENT["dependencies"])
    made.run("-m", "pip", "install", "--quiet", str(wheels.client))
    return made


def test_the_wheels_hold_every_file_that_was_written_and_no_other(wheels: Wheels) -> None:
    """Modules and what lies beside them, such as pages, styles, statements and ``py.typed``."""
    assert packed(wheels.server) == written(*PACKAGES)
    assert packed(wheels.client) == written("rapport_client")
    assert {f"{name}/py.typed" for name in PACKAGES} <= packed(wheels.server)


def test_what_the_wheels_ask_for_is_enough(
    installed: Environment, with_client: Environment
) -> None:
    for environment in (installed, with_client):
        environment.run("-m", "pip", "check")
    found = installed.run("-c", "import api; print(api.__file__)").strip()
    assert found == str(installed.packages / "api" / "__init__.py")


@needs_a_shell
def test_the_first_minute_of_the_readme_works(
    installed: Environment, with_client: Environment, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with installed.serving(data) as url:
        answers = run(session(int(url.rpartition(":")[2])))
        assert "client" in [answer.get("stage") for answer in answers]
        program = shown("python").replace("http://127.0.0.1:8400", url)
        printed = with_client.run("-W", "error", "-c", program).splitlines()
        assert printed == ["customer", "contact-unregistered"]
        page = httpx.get(
            f"{url}/{CONTACT}/export", headers={"Accept": "text/html"}, timeout=END_SECONDS
        )
        assert page.status_code == 200
        assert "Anna de Wit" in page.text
        people = f"{url}/console/ledgers/main/people"  # the process beside may be starting still
        until(lambda: "Anna de Wit" in httpx.get(people, timeout=END_SECONDS).text)
        assert httpx.get(f"{url}/docs", timeout=END_SECONDS).status_code == 200
        document = httpx.get(f"{url}/openapi.json", timeout=END_SECONDS).json()
        assert document["info"]["version"] == SERVER["version"]
    told = installed.program(
        "rapport", "status", "pos:17850", "--data", str(data), "--as-of", "2025-02-20"
    )
    assert "Anna de Wit has been a client since 14 February" in told
    verified = installed.program("rapport", "verify", str(data))
    assert "main" in verified


def test_the_installed_program_says_its_version(installed: Environment) -> None:
    assert SERVER["version"] in installed.program("rapport", "--version")
