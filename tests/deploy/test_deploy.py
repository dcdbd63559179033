"""Images, units and manifests: well formed, hardened, and only with settings that there are."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import fields
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from api.cli import COMMANDS
from api.service.settings import PREFIX, Settings
from tests.fixtures.patience import END_SECONDS
from tests.house.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
COMPOSE = DEPLOY / "compose" / "compose.yaml"
VARIABLES = {PREFIX + one.name.upper() for one in fields(Settings)}
NO_SETTINGS = {"RAPPORT_DB_PASSWORD"}
"""What only the files of compose use."""


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


def run(*command: object, **variables: str) -> str:
    ran = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
        check=False,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", **variables},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def test_only_settings_that_there_are_stand_in_the_files() -> None:
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            named = set(re.findall(r"RAPPORT_[A-Z_]+", path.read_text(encoding="utf-8")))
            assert named <= VARIABLES | NO_SETTINGS, path


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
@needs("systemd-analyze")
def test_a_unit_is_accepted_by_systemd_and_exposes_little(path: Path, tmp_path: Path) -> None:
    """With a program that is there in the place of ours; 1.3 of 10 is what a line less exceeds."""
    unit = tmp_path / path.name
    content = path.read_text(encoding="utf-8")
    program, command = re.findall(r"(?m)^ExecStart=(\S+) (\S+)", content)[0]
    assert command in COMMANDS
    unit.write_text(content.replace(program, sys.executable), encoding="utf-8")
    for other in UNITS:
        if other != path:
            text = other.read_text(encoding="utf-8").replace(program, sys.executable)
            (tmp_path / other.name).write_text(text, encoding="utf-8")
    said = run("systemd-analyze", "verify", "--man=no", unit)
    assert path.stem not in said, said
    run("systemd-analyze", "security", "--offline=yes", "--threshold=13", unit)


@pytest.mark.skipif(not find_spec("kubernetes_validate"), reason="kubernetes-validate is missing")
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_manifest_is_what_kubernetes_reads(path: Path) -> None:
    import kubernetes_validate  # only where it is installed

    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        kubernetes_validate.validate(document, "1.33", strict=True)


def test_containers_of_manifests_may_do_little() -> None:
    found = 0
    for path in MANIFESTS:
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if document["kind"] == "Deployment":
                pod = document["spec"]["template"]["spec"]
                assert pod["securityContext"]["runAsNonRoot"] is True
                for container in pod["containers"]:
                    found += 1
                    context = container["securityContext"]
                    assert context["readOnlyRootFilesystem"] is True
                    assert context["allowPrivilegeEscalation"] is False
                    assert context["capabilities"] == {"drop": ["ALL"]}
                    assert container["args"][0] in COMMANDS
    assert found


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return read


def test_the_files_that_compose_mounts_are_there_and_its_volumes_are_named() -> None:
    read = compose()
    for service in read["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert source == "./tls" or (COMPOSE.parent / source).is_file(), source
            else:
                assert source in read["volumes"]
    for name in ("rapport", "rapport-standby"):
        service = read["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["command"][0] in COMMANDS


@needs("docker-compose")
def test_compose_accepts_its_file() -> None:
    run("docker-compose", "--file", COMPOSE, "config", "--quiet", RAPPORT_DB_PASSWORD="x")


@needs("bash")
@pytest.mark.parametrize("path", sorted((DEPLOY / "compose").glob("*.sh")), ids=lambda p: p.name)
def test_a_script_can_be_parsed(path: Path) -> None:
    run("bash", "-n", path)


@needs("haproxy")
def test_the_proxy_accepts_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "rapport.pem").write_text("", encoding="utf-8")
    said = run("haproxy", "-c", "-V", "-f", DEPLOY / "proxy" / "haproxy.cfg")
    assert "valid" in said


def test_the_image_is_built_of_what_is_here_and_runs_as_nobody_special() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    build = lines[: lines.index("", lines.index("WORKDIR /src"))]
    for line in build:
        if line.startswith("COPY "):
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source}" in ignored
    assert "USER 10001:10001" in lines
    assert lines.index("USER 10001:10001") < lines.index('ENTRYPOINT ["rapport"]')
