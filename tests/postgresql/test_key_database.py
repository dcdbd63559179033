"""``RAPPORT_KEYS_URL``: keys in a database of their own, and what there is to do with them."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from api.bootstrap import build, move_ends, now, store_of
from api.service.settings import Settings, SettingsRefused
from domain.errors import Corrupt, LedgerError, Unavailable
from ledger.data_layout import FolderUnusable
from ledger.moving.moves import move_ledgers
from ledger.stores.postgresql.clusters import is_same_cluster
from ledger.stores.postgresql.connections import connect
from tests.api.shop import problem_of, purchase, registration
from tests.cli.running import attempts, rapport, serving
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.postgresql import another_server
from tests.postgresql.cable import cable
from tests.postgresql.serving import ANNA, BEN, READ, answers, live, shop_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.shop import Shop

WISH = {"requested_by": "the person", "reason": "asked"}
LEDGERS = f"/v1/ledgers/main/contacts/{ANNA}"


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """A database of another cluster than the ledgers'; tests use it one after the other."""
    with another_server() as made:
        yield made


@pytest.fixture
def keys_url(elsewhere: str) -> Iterator[str]:
    yield elsewhere
    with psycopg.connect(elsewhere, autocommit=True) as connection:
        connection.execute('DROP SCHEMA IF EXISTS "rapport_.keys" CASCADE')


def asked(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.replace("keys.", '"rapport_.keys".').encode())
        return cursor.fetchall() if cursor.description else []


def name_of(shop: Shop, contact: str) -> object:
    return shop.get(f"/contacts/{contact}").json()["name"]


def test_all_answers_are_those_with_keys_in_files(url: str, keys_url: str, tmp_path: Path) -> None:
    """On files and on PostgreSQL, and after a restart; no key is in the folder or the ledgers."""
    with shop_at(tmp_path / "plain", None) as shop:
        live(shop)
        wanted = answers(shop)
    for database in (None, url):
        folder = tmp_path / ("files" if database is None else "database")
        with shop_at(folder, database, keys_url=keys_url) as shop:
            live(shop)
            found = answers(shop)
            ended_at = shop.clock.instant
        for path in READ:
            if not path.endswith(("/events", "/policies")):  # which have ids of the ledger's own
                assert json.dumps(found[path]) == json.dumps(wanted[path]), path
        assert list(folder.rglob("keys.sqlite*")) == []
        assert len(list(folder.rglob("keys.json"))) == 2  # of main and of the shop
        with shop_at(folder, database, ended_at, keys_url=keys_url) as again:
            assert answers(again) == found
            assert again.post(f"/contacts/{ANNA}/erasure", WISH).status_code == 200
            assert name_of(again, ANNA) is None
            assert name_of(again, BEN) is not None
    assert asked(keys_url, "SELECT count(*) FROM keys.stores") == [(4,)]
    assert asked(keys_url, "SELECT count(*) FROM keys.data_keys") == [(2,)]
    assert asked(keys_url, "SELECT count(*) FROM keys.destroyed") == [(2,)]
    with pytest.raises(psycopg.errors.RaiseException, match="only added to"):
        asked(keys_url, "DELETE FROM keys.destroyed")


def test_commands_work_on_keys_in_a_database(
    keys_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verify, doctor, backup, a new master key, an old copy of a key, and the end of a ledger."""
    data = tmp_path / "data"
    with shop_at(data, None, keys_url=keys_url) as shop:
        live(shop)
    ((contact, wrapped),) = asked(
        keys_url, "SELECT contact, wrapped FROM keys.data_keys ORDER BY contact LIMIT 1"
    )
    monkeypatch.setenv("RAPPORT_KEYS_URL", keys_url)

    def said(*command: object, code: int = 0) -> str:
        ended = rapport(*command)
        assert ended.code == code, ended.err + ended.out
        return ended.out + ended.err

    said("verify", data)
    said("doctor", "--data", data)
    assert "pg_dump" in said("backup", "--data", data, tmp_path / "backup")
    said("upgrade", "--data", data)
    with shop_at(data, None, keys_url=keys_url) as shop:
        assert shop.post(f"/contacts/{ANNA}/erasure", WISH).status_code == 200
    # An older copy of the row comes back, and the list beside it has stayed.
    with psycopg.connect(keys_url, autocommit=True) as connection:
        connection.execute(
            'INSERT INTO "rapport_.keys".data_keys'
            ' SELECT store, %s, %s FROM "rapport_.keys".destroyed',
            (contact, wrapped),
        )
    assert "key is still there" in said("verify", data, code=1)
    with shop_at(data, None, keys_url=keys_url) as shop:
        assert name_of(shop, ANNA) is None
        assert name_of(shop, BEN) is not None
        acts = [one["act"] for one in shop.get("/trail").json()["items"]]
        assert acts.count("keys-destroyed-again") == 2
    old = (data / "master.key").read_bytes()
    said("master-key", "rotate", "--data", data)
    assert (data / "master.key").read_bytes() != old
    with shop_at(data, None, keys_url=keys_url) as shop:
        assert name_of(shop, BEN) is not None
    said("verify", data)
    (data / "master.key").write_bytes(old)
    with pytest.raises(LedgerError, match="another master key"):
        build(Settings(folder=data, keys_url=keys_url)).close()


def test_the_end_of_a_ledger_destroys_its_keys(keys_url: str, tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path / "data", keys_url=keys_url)
    with closing(build(settings)) as server:
        server.create("side")
        assert asked(keys_url, "SELECT count(*) FROM keys.stores") == [(2,)]
        server.delete("side")
        assert asked(keys_url, "SELECT count(*) FROM keys.stores") == [(1,)]
        assert asked(keys_url, "SELECT count(*) FROM keys.signing_keys") == [(1,)]


def test_while_it_is_away_no_new_key_is_made_and_the_rest_goes_on(url: str, tmp_path: Path) -> None:
    with cable(tmp_path, url) as laid:
        given = "postgresql:///?" + urlencode(conninfo_to_dict(laid.url))
        with shop_at(tmp_path / "data", None, keys_url=given) as shop:
            live(shop)
            head = shop.get("/events", limit=1000).json()["items"][-1]["position"]
            laid.plugged = False
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            assert name_of(shop, ANNA) is not None  # its key is in memory
            assert shop.append(ANNA, purchase("meanwhile")).status_code == 201
            new = str(uuid4())
            told = problem_of(shop.append(new, registration("New")), 503, "unavailable")
            assert "nothing of this was recorded" in told["detail"]
            assert shop.client.get("/readyz").json()["recording"] is False
            assert shop.get("/events", limit=1000).json()["items"][-1]["position"] == head + 1
            laid.plugged = True
            for _ in attempts():
                if shop.client.get("/readyz").json()["recording"]:
                    break
            assert shop.append(new, registration("New")).status_code == 201
            assert name_of(shop, new) == "New"


def test_a_commit_of_keys_without_an_answer_is_made_again(url: str, tmp_path: Path) -> None:
    """The keys are there already: they are those that the events are encrypted with."""
    with cable(tmp_path, url) as laid:
        given = "postgresql:///?" + urlencode(conninfo_to_dict(laid.url))
        with shop_at(tmp_path / "data", None, keys_url=given) as shop:
            live(shop)
            laid.cut_after = b"COMMIT"
            new = str(uuid4())
            problem_of(shop.append(new, registration("New")), 503, "unavailable")
            assert shop.append(new, registration("New")).status_code == 201
        with shop_at(tmp_path / "data", None, shop.clock.instant, keys_url=given) as shop:
            assert name_of(shop, new) == "New"


def test_keys_are_not_in_the_cluster_of_the_ledgers(
    url: str, keys_url: str, tmp_path: Path
) -> None:
    settings = Settings(folder=tmp_path / "data", database_url=url, keys_url=url)
    with pytest.raises(FolderUnusable, match=r"same PostgreSQL.*name a database of another server"):
        build(settings)
    with pytest.raises(SettingsRefused, match="keys_url must begin with postgresql://"):
        Settings(keys_url="vault://ann:secret@host")
    with connect(url) as one, connect(url) as other, connect(keys_url) as third:
        assert is_same_cluster(one, other)
        assert not is_same_cluster(one, third)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS clerk")
        connection.execute("CREATE ROLE clerk")
        connection.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    try:
        with connect(url, role="clerk") as one, connect(url, role="clerk") as other:
            assert is_same_cluster(one, other)
            with connect(keys_url) as third:
                assert not is_same_cluster(one, third)
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC")
            connection.execute("DROP ROLE clerk")


def test_a_ledger_is_not_opened_with_keys_in_another_place(keys_url: str, tmp_path: Path) -> None:
    """Neither a setting that is missing nor one that is new makes a second store of keys."""
    for made, opened, told in (
        (keys_url, None, "by RAPPORT_KEYS_URL"),
        (None, keys_url, "unset RAPPORT_KEYS_URL"),
    ):
        folder = tmp_path / str(made is None)
        build(Settings(folder=folder, keys_url=made)).close()
        with pytest.raises(Unavailable, match=told):
            build(Settings(folder=folder, keys_url=opened))
        build(Settings(folder=folder, keys_url=made)).close()
    asked(keys_url, "DELETE FROM keys.stores")
    with pytest.raises(Corrupt, match="restore them from a backup"):
        build(Settings(folder=tmp_path / "False", keys_url=keys_url))


def test_another_layout_of_the_database_is_refused(keys_url: str, tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path / "data", keys_url=keys_url)
    build(settings).close()
    for number, told in ((99, "newer"), (0, "older")):
        asked(keys_url, f"COMMENT ON SCHEMA \"rapport_.keys\" IS 'rapport keys layout {number}'")
        with pytest.raises(LedgerError, match=told):
            build(settings)
        (layout,) = [
            one for one in store_of(settings)(settings.folder).layouts() if "of keys" in one.part
        ]
        assert (layout.found, layout.wanted) == (number, 1)


def test_keys_stay_where_they_are_when_ledgers_move(
    url: str, keys_url: str, tmp_path: Path
) -> None:
    folder, ended_at = tmp_path / "data", 0
    with shop_at(folder, None, keys_url=keys_url) as shop:
        live(shop)
        before, ended_at = answers(shop), shop.clock.instant
    stores = asked(keys_url, "SELECT id FROM keys.stores ORDER BY id")
    for to, database in ((url, url), (None, None)):
        settings = Settings(folder=folder, database_url=url, keys_url=keys_url)
        source, target = move_ends(settings, to)
        move_ledgers(folder, source, target, clock=now, finishes_rotation=True)
        with shop_at(folder, database, ended_at, keys_url=keys_url) as shop:
            assert answers(shop) == before
    assert asked(keys_url, "SELECT id FROM keys.stores ORDER BY id") == stores


def test_several_processes_read_one_database_of_keys(
    keys_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAPPORT_KEYS_URL", keys_url)
    data = tmp_path / "data"
    with (
        serving("serve", "--port", 0, "--data", data) as first,
        serving("serve", "--join", "--port", 0, "--data", data) as joined,
    ):
        for number, server in enumerate((first, joined)):
            path = server.url + (LEDGERS if not number else LEDGERS.replace(ANNA, BEN))
            sent = httpx.post(path + "/events", json=registration("Ann"), timeout=END_SECONDS)
            assert sent.status_code == 201, sent.text
        names = {
            httpx.get(one.url + LEDGERS, timeout=END_SECONDS).json()["name"]
            for one in (first, joined)
        }
        assert names == {"Ann"}
        gone = httpx.post(joined.url + LEDGERS + "/erasure", json=WISH, timeout=END_SECONDS)
        assert gone.status_code == 200
        for server in (first, joined):
            read = httpx.get(server.url + LEDGERS, timeout=END_SECONDS).json()
            assert read["name"] is None
