"""The log read and checked by ``golang.org/x/mod/sumdb``, of which not a line is ours."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import serving
from tests.fixtures.patience import END_SECONDS
from tests.house.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.interoperability.conftest import Auditor

GO = shutil.which("go") or ""
DEBIAN = "/usr/share/gocode"
"""Where golang-golang-x-mod-dev puts its source."""


@pytest.fixture(scope="module")
def logcheck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built from what is installed: nothing is fetched."""
    if not GO:
        pytest.skip("there is no go (in Debian: golang-go)")
    folder = tmp_path_factory.mktemp("go")
    paths = os.pathsep.join([os.environ.get("GOPATH", str(folder)), DEBIAN])
    offline = {"GO111MODULE": "off", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    alone = {"GOPATH": paths, "GOCACHE": str(folder / "cache"), "GOFLAGS": ""}
    environment = {**os.environ, **offline, **alone}

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [GO, *map(str, arguments)]
        return subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=END_SECONDS,
        )

    if run("list", "golang.org/x/mod/sumdb/tlog").returncode:
        pytest.skip("there is no golang.org/x/mod (in Debian: golang-golang-x-mod-dev)")
    program = folder / "logcheck"
    built = run("build", "-o", program, ROOT / "examples" / "logcheck.go")
    assert built.returncode == 0, built.stderr
    return program


def checked(program: Path, log: str, *files: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program), log, *map(str, files)],
        capture_output=True, text=True, check=False, timeout=END_SECONDS,
    )  # fmt: skip  # one argument a line would bury the call


def test_the_client_of_the_checksum_database_finds_everything_in_order(
    logcheck: Path, auditor: Auditor
) -> None:
    """Checkpoints of both keys, every tile and entry, and proofs from each size that was kept."""
    ran = checked(logcheck, auditor.log, auditor.keys, *auditor.kept)
    assert ran.returncode == 0, ran.stderr
    assert "770 entries: the root is the signed one, and each leaf is in its tile" in ran.stdout
    assert ran.stdout.count("the log of 770 events extends it") == len(auditor.kept)


def test_it_refuses_a_checkpoint_that_the_log_never_signed(
    logcheck: Path, auditor: Auditor, tmp_path: Path
) -> None:
    forged = tmp_path / "forged.txt"
    forged.write_bytes(auditor.kept[3].read_bytes().replace(b"\n256\n", b"\n257\n"))
    ran = checked(logcheck, auditor.log, auditor.keys, forged)
    assert ran.returncode == 1
    assert "invalid signature" in ran.stderr


def test_it_finds_an_event_that_was_changed_in_the_files(
    logcheck: Path, auditor: Auditor, tmp_path: Path
) -> None:
    """The server serves what is there, and the reader sees that it is not what was signed."""
    copy = tmp_path / "data"
    shutil.copytree(auditor.folder, copy, ignore=shutil.ignore_patterns("rapport.lock"))
    with closing(sqlite3.connect(copy / "ledgers" / "main" / "events.sqlite")) as events:
        events.execute("UPDATE stored_events SET topic = 'contact-renamed' WHERE position = 200")
        events.commit()
    with serving("serve", "--data", copy, "--port", 0) as server:
        ran = checked(logcheck, f"{server.url}/v1/ledgers/main/log", auditor.keys)
    assert ran.returncode == 1
    assert "entry 199 is not that of its tile" in ran.stderr
