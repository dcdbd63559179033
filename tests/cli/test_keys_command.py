from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx

from ledger.access.scopes import SCOPES
from tests.cli.running import rapport, serving
from tests.fixtures.patience import END_SECONDS
from tests.trail_entries import done

if TYPE_CHECKING:
    from pathlib import Path


def create(folder: Path, name: str, *options: str) -> str:
    ended = rapport("keys", "create", name, "--data", folder, *options)
    assert ended.code == 0, ended.err
    secret = ended.out.strip()
    assert re.fullmatch("rk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", secret)
    assert "shown once" in ended.err
    return secret


def test_keys_made_before_the_start_are_required_and_revoked_ones_refused(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    every = [word for scope in SCOPES for word in ("--scope", scope)]
    secret = create(folder, "owner", *every)
    with serving("serve", "--data", folder, "--port", 0) as server:
        url = f"{server.url}/v1/ledgers"
        assert httpx.get(url, timeout=END_SECONDS).status_code == 401
        headers = {"Authorization": f"Bearer {secret}"}
        assert httpx.get(url, headers=headers, timeout=END_SECONDS).status_code == 200
        till = create(folder, "till", "--scope", "append", "--ledger", "main")
        answer = httpx.get(url, headers={"Authorization": f"Bearer {till}"}, timeout=END_SECONDS)
        deadline = 100
        while answer.status_code == 401 and deadline:  # within a second
            answer = httpx.get(
                url, headers={"Authorization": f"Bearer {till}"}, timeout=END_SECONDS
            )
            deadline -= 1
        listed = rapport("keys", "list", "--data", folder, "--json").json()
        assert [(key["name"], key["ledger"]) for key in listed] == [
            ("owner", None),
            ("till", "main"),
        ]
        assert rapport("keys", "revoke", listed[0]["id"], "--data", folder).code == 0
        for _ in range(1000):
            if httpx.get(url, headers=headers, timeout=END_SECONDS).status_code == 401:
                break
        assert httpx.get(url, headers=headers, timeout=END_SECONDS).status_code == 401
    acts = rapport("trail", "--data", folder, "--verify")
    assert acts.code == 0
    assert [line.split()[3] for line in acts.out.splitlines() if " key-" in line] == [
        "key-made",
        "key-made",
        "key-revoked",
        "key-revoked",
    ]
    assert "entries are as recorded" in acts.out
    own = rapport("trail", "--data", folder, "--ledger", "main", "--json").json()
    assert done(own) == [("key-made", "till")]


def test_a_rotated_key_has_another_secret(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = create(folder, "owner", "--scope", "admin")
    key_id = first.split("_")[1]
    ended = rapport("keys", "rotate", key_id, "--data", folder, "--json")
    assert ended.json()["secret"] != first
    assert ended.json()["id"] == key_id


def test_what_cannot_be_is_told_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert rapport("keys", "list", "--data", folder).code == 2
    assert rapport("keys", "create", "x", "--data", folder).code == 2, "no scope"
    assert rapport("keys", "create", "x", "--scope", "root", "--data", folder).code == 2
    create(folder, "owner", "--scope", "admin")
    assert rapport("keys", "revoke", "0" * 16, "--data", folder).code == 2
    lost = rapport("keys", "create", "x", "--scope", "read", "--ledger", "gone", "--data", folder)
    assert lost.code == 2
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear")
    assert rapport("keys", "create", "x", "--scope", "read", "--data", tmp_path / "other").code == 3


def test_acts_of_commands_are_in_the_trail(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving("serve", "--data", folder, "--port", 0):
        pass
    assert rapport("rebuild", "--all", "--data", folder).code == 0
    assert rapport("export", "--data", folder, tmp_path / "main.tar").code == 0
    assert rapport("log-keys", "rotate", "--data", folder).code == 0
    own = rapport("trail", "--data", folder, "--ledger", "main", "--json").json()
    assert [act for act, _ in done(own) if act != "rebuild-started"] == [
        "ledger-exported",
        "log-key-rotated",
    ]
    assert {act["principal"] for act in own} == {"command-line"}


def test_what_the_program_writes_is_for_whoever_runs_it_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving("serve", "--data", folder, "--port", 0):
        files = [file for file in folder.rglob("*") if file.is_file()]
        assert len(files) > 5
        assert [file.name for file in files if file.stat().st_mode & 0o077] == []


def test_a_key_is_revoked_though_its_trail_is_damaged(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    create(folder, "owner", "--scope", "admin")
    leaked = create(folder, "leaked", "--scope", "read").split("_")[1]
    for name in ("trail.sqlite-wal", "trail.sqlite-shm"):
        (folder / name).unlink(missing_ok=True)
    (folder / "trail.sqlite").write_bytes(b"no database" * 500)
    ended = rapport("keys", "revoke", leaked, "--data", folder)
    assert ended.code == 0
    assert "unrecorded" in ended.err
    listed = rapport("keys", "list", "--data", folder, "--json").json()
    assert [key["name"] for key in listed if key["revoked_at"]] == ["leaked"]


def test_keys_and_acts_are_listed_as_a_server_answers_them(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    secret = create(folder, "owner", "--scope", "read", "--scope", "admin", "--scope", "audit")
    with serving("serve", "--data", folder, "--port", 0) as server:
        headers = {"Authorization": f"Bearer {secret}"}
        listed = rapport("keys", "list", "--data", folder, "--json").json()
        answered = httpx.get(f"{server.url}/v1/keys", headers=headers, timeout=END_SECONDS).json()[
            "items"
        ]
        acts = rapport("trail", "--data", folder, "--json").json()
        recorded = httpx.get(f"{server.url}/v1/trail", headers=headers, timeout=END_SECONDS).json()[
            "items"
        ]
    assert [one | {"last_used_at": None} for one in answered] == listed
    assert (listed[0]["scopes"], acts) == (["admin", "audit", "read"], recorded)
    assert "admin audit read" in rapport("keys", "list", "--data", folder).out
