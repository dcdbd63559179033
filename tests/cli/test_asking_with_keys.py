"""Commands ask a server with an access key, and list its keys and what was done on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.cli.running import Ended, rapport, serving
from tests.cli.sold import sold

if TYPE_CHECKING:
    from pathlib import Path

TWELVE = UUID(int=12)


class TestAccessKeys:
    """A server with keys is asked with one, and what is missing is said."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return sold(tmp_path / "data")

    def key(self, folder: Path, *scopes: str) -> str:
        words = [word for scope in scopes for word in ("--scope", scope)]
        ended = rapport("keys", "create", "somebody", "--data", folder, *words)
        assert ended.code == 0, ended.err
        return ended.out.strip()

    def test_a_key_comes_from_the_settings_or_a_file(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read, audit = self.key(folder, "read"), self.key(folder, "audit")
        file = tmp_path / "key"
        question = ("status", TWELVE, "--data", folder)
        with serving("serve", "--data", folder, "--port", 0):
            without = rapport(*question)
            assert without.code == 2
            assert "set RAPPORT_ACCESS_KEY" in without.err
            assert "--access-key-file" in without.err

            proof = rapport("receipt", folder, TWELVE)
            assert proof.code == 2
            assert proof.err.endswith(
                "set RAPPORT_ACCESS_KEY to one; rapport keys create makes one\n"
            )

            file.write_text(f"{read}\n", encoding="utf-8")
            named = rapport(*question, "--access-key-file", file)
            assert named.code == 0, named.err
            assert named.out.startswith("Ann")

            monkeypatch.setenv("RAPPORT_ACCESS_KEY", audit)
            withheld = rapport(*question)
            assert withheld.code == 0, withheld.err
            assert withheld.out.startswith("(name withheld)\n")
            lacking = rapport("policy", "init", "cafe", "--data", folder)
            assert lacking.code == 2
            assert "refuses this to the access key" in lacking.err

            monkeypatch.setenv("RAPPORT_ACCESS_KEY", read.swapcase().replace("RK_", "rk_"))
            wrong = rapport(*question)
            assert wrong.code == 2
            assert "does not accept the access key" in rapport("receipt", folder, TWELVE).err
            assert "does not accept the access key" in wrong.err

            file.write_text("no key\n", encoding="utf-8")
            no_key = rapport(*question, "--access-key-file", file)
            assert no_key.code == 2
            assert "must be an access key" in no_key.err


class TestLists:
    """Keys and trails are read from the folder, also beside its server, or from a named server."""

    def test_a_server_lists_what_its_folder_holds(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = sold(tmp_path / "data")
        words = [word for scope in ("admin", "audit", "read") for word in ("--scope", scope)]
        key = rapport("keys", "create", "owner", "--data", folder, *words).out.strip()
        monkeypatch.setenv("RAPPORT_ACCESS_KEY", key)
        with serving("serve", "--data", folder, "--port", 0) as server:
            assert rapport("policy", "init", "cafe", "--data", folder).code == 0
            for question in (
                ("keys", "list"),
                ("keys", "list", "--json"),
                ("trail",),
                ("trail", "--json"),
                ("trail", "--ledger", "main"),
                ("trail", "--ledger", "main", "--json"),
            ):
                beside = rapport(*question, "--data", folder)
                served = rapport(*question, "--url", server.url)
                assert beside.code == 0, beside.err
                assert seen(served) == seen(beside)
            assert "policy-published" in served.out
            refused = rapport("trail", "--verify", "--url", server.url)
        assert refused.code == 2
        assert "--verify reads the data folder" in refused.err

    def test_ledgers_and_keys_of_a_log_are_listed_from_elsewhere(self, tmp_path: Path) -> None:
        """A server tells less than its folder has; the fields of the JSON are the same."""
        folder = sold(tmp_path / "data")
        made = ("ledgers", "create", "shop", "--time-zone", "Europe/Paris", "--data", folder)
        assert rapport(*made).code == 0
        assert rapport("ledgers", "archive", "shop", "--data", folder).code == 0
        with serving("serve", "--data", folder, "--port", 0) as server:
            for question, kept in (
                (("ledgers", "list"), {"name", "state", "time_zone", "created_at"}),
                (("log-keys", "list"), {"verifier"}),
            ):
                beside = rapport(*question, "--data", folder, "--json").json()
                served = rapport(*question, "--url", server.url, "--json").json()
                assert served == [
                    {name: value if name in kept else None for name, value in one.items()}
                    for one in beside
                ]
                table = rapport(*question, "--url", server.url).out
                assert all(str(one[name] or "") in table for one in beside for name in kept)
            of_shop = ("log-keys", "list", "--url", f"{server.url}/v1/ledgers/shop")
            assert "/shop-" in rapport(*of_shop).out

    def test_a_servers_url_and_a_ledger_name_a_log(self, tmp_path: Path) -> None:
        folder = sold(tmp_path / "data")
        with serving("serve", "--data", folder, "--port", 0) as server:
            for words in (("proof", "checkpoint"), ("verify",)):
                by_ledger = rapport(*words, f"{server.url}/v1/ledgers/main")
                by_server = rapport(*words, server.url, "--ledger", "main")
                assert by_server.code == by_ledger.code == 0
                assert by_server.out.splitlines()[0] == by_ledger.out.splitlines()[0]
            for asked in (("proof", "checkpoint", server.url), ("receipt", server.url, "pos:1")):
                refused = rapport(*asked, "--ledger", "nope")
                assert (refused.code, "no ledger is named 'nope'" in refused.err) == (2, True)

    def test_the_keys_of_the_log_are_listed_beside_a_server(self, tmp_path: Path) -> None:
        folder = sold(tmp_path / "data")
        alone = rapport("log-keys", "list", "--data", folder)
        with serving("serve", "--data", folder, "--port", 0):
            beside = rapport("log-keys", "list", "--data", folder)
        assert beside == alone
        assert beside.out.count("+") >= 2

    def test_a_folder_without_keys_says_so(self, tmp_path: Path) -> None:
        folder = sold(tmp_path / "data")
        listed = rapport("keys", "list", "--data", folder)
        assert listed.code == 0
        assert listed.out.startswith("There are no access keys")
        assert rapport("keys", "list", "--data", folder, "--json").json() == []
        assert rapport("trail", "--data", folder).out.startswith("The audit trail is empty")
        assert rapport("keys", "list", "--data", tmp_path / "none").code == 2


def seen(ended: Ended) -> tuple[int, str, str]:
    """How it ended, without when a key was used last: each question uses it."""
    return ended.code, re.sub(r"20[0-9:.TZ-]{18,25}", "", ended.out), ended.err
