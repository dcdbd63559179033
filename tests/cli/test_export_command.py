"""``rapport export`` and ``rapport import`` of what it wrote, as a person runs them."""

from __future__ import annotations

import fcntl
import json
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.bootstrap import build, read_settings
from api.service.demo.town import Founding, build_town, scripts_of
from api.service.settings import Settings
from domain.instants import parse_instant
from ledger.archive.checking import is_archive, verify_archive
from ledger.stores.sqlite.sorting import SqliteSorting
from ledger.transparency.notes import Verifier
from tests.cli.running import PROGRAM, ROOT, Ended, rapport, serving
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

NOW = parse_instant("2026-03-01T12:00:00Z")
PASSPHRASE = "a passphrase of the tests"
LEDGER = "demo-cafe"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo town's data folder."""
    folder: Path = tmp_path_factory.mktemp("town") / "data"
    server = build(Settings(folder=folder), clock=lambda: NOW)
    assert build_town(server, now=NOW)
    server.close()
    assert scripts_of(Founding(8400, NOW))
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a passphrase in a file."""
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def export(town: Path, file: object, *more: object) -> Ended:
    return rapport("export", "--data", town, "--ledger", LEDGER, file, *more)


def export_with_keys(town: Path, file: object) -> Ended:
    return export(town, file, "--with-keys", "--passphrase-file", "passphrase")


def test_it_writes_an_archive_and_says_what_is_in_it(town: Path, here: Path) -> None:
    ended = export(town, "cafe.tar")
    assert (ended.code, ended.out) == (0, "")
    verified = verify_archive(here / "cafe.tar", SqliteSorting())
    assert f"{verified.head.position:,} events up to position" in ended.err
    assert verified.last.root.hex() in ended.err
    assert (here / "cafe.tar").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in here.iterdir()) == ["cafe.tar", "passphrase"]


def test_a_suffix_compresses_it_and_the_same_bytes_come_every_time(town: Path, here: Path) -> None:
    for name in ("one.tar.gz", "two.tgz", "plain.tar"):
        assert export(town, name, "--json").code == 0
    assert (here / "one.tar.gz").read_bytes() == (here / "two.tgz").read_bytes()
    small, large = ((here / name).stat().st_size for name in ("one.tar.gz", "plain.tar"))
    assert 2 * small < large
    assert is_archive(here / "one.tar.gz")
    assert verify_archive(here / "one.tar.gz", SqliteSorting()) == verify_archive(
        here / "plain.tar", SqliteSorting()
    )


def test_json_tells_a_program(town: Path, here: Path) -> None:
    told = export(town, "cafe.tar", "--json").json()
    verified = verify_archive(here / "cafe.tar", SqliteSorting())
    assert told.pop("seconds") > 0
    assert told.pop("events_per_second") > 0
    assert told == {
        "file": "cafe.tar",
        "ledger": LEDGER,
        "origin": verified.head.origin,
        "position": verified.head.position,
        "root": verified.last.root.hex(),
        "checkpoints": verified.counts["checkpoints"],
        "data_keys": 0,
        "namespace": False,
        "sha256sums_sha256": verified.sums.hex(),
    }


def test_it_can_be_piped(town: Path, here: Path) -> None:
    with (here / "piped.tar").open("wb") as out:
        subprocess.run(
            [*PROGRAM, "export", "--data", town, "--ledger", LEDGER, "-"],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    assert export(town, "cafe.tar").code == 0
    assert (here / "piped.tar").read_bytes() == (here / "cafe.tar").read_bytes()
    assert export(town, "-", "--json").code == 2


def test_no_file_is_overwritten(town: Path, here: Path) -> None:
    (here / "letters").write_text("dear")
    ended = export(town, "letters")
    assert (ended.code, ended.err) == (2, "rapport: letters exists already: name another file\n")
    assert (here / "letters").read_text() == "dear"


def test_what_a_killed_export_left_is_removed_by_the_next_to_that_name(
    town: Path, here: Path
) -> None:
    left, held, other = (here / f".{name}.1.unfinished" for name in ("cafe.tar", "x.tar", "y.tar"))
    for file in (left, held, other):
        file.write_bytes(b"half")
    with held.open("rb") as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        for name in ("cafe.tar", "x.tar"):
            ended = export(town, name)
            assert ended.code == 0
            assert ("which an export that was killed had left" in ended.err) == (name != "x.tar")
    assert [file.exists() for file in (left, held, other)] == [False, True, True]


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("--ledger", "branch", "x.tar"), 2, "no ledger is named 'branch'"),
        (("--data", "nowhere", "x.tar"), 3, "nowhere is no data folder"),
        (("no/folder/x.tar",), 3, "no/folder is no folder: make it first"),
        (("--passphrase-file", "passphrase", "x.tar"), 2, "is for --with-keys"),
        (("--with-keys", "x.tar"), 2, "there is no terminal to ask on"),
    ],
)
def test_what_cannot_be_done_is_told_and_leaves_nothing(
    town: Path, here: Path, arguments: tuple[object, ...], code: int, why: str
) -> None:
    ended = rapport("export", "--data", town, *arguments)
    assert ended.code == code
    assert why in ended.err
    assert [path.name for path in here.iterdir()] == ["passphrase"]


def test_a_passphrase_is_never_too_short(town: Path, here: Path) -> None:
    (here / "passphrase").write_text("short\n")
    ended = export_with_keys(town, "cafe.tar")
    assert (ended.code, "at least 8 characters" in ended.err) == (2, True)
    (here / "passphrase").write_text("")
    assert export_with_keys(town, "cafe.tar").code == 2


def test_beside_a_server_it_ends_at_the_last_checkpoint(tmp_path: Path) -> None:
    data, archive = tmp_path / "data", tmp_path / "main.tar"
    with serving("serve", "--port", 0, "--data", data) as server:
        path = f"{server.url}/v1/ledgers/main/contacts/pos:ann/events"
        event = {"type": "contact-registered", "data": {"kind": "person", "name": "Ann"}}
        httpx.post(path, json=event, timeout=END_SECONDS).raise_for_status()
        ended = rapport("export", "--data", data, archive, "--json")
        assert ended.code == 0
        keys = rapport("export", "--data", data, "--with-keys", tmp_path / "keys.tar")
        assert keys.code == 2
        (tmp_path / "passphrase").write_text(PASSPHRASE)
        keys = rapport(
            "export", "--data", data, tmp_path / "keys.tar",
            "--with-keys", "--passphrase-file", tmp_path / "passphrase",
        )  # fmt: skip  # one argument a line would bury the call
        assert keys.code == 3
        assert f"in use by process {server.process.pid}" in keys.err
        httpx.post(
            path, json={"type": "purchase-made", "data": SALE}, timeout=END_SECONDS
        ).raise_for_status()
    position = ended.json()["position"]
    assert 1 <= position <= 2
    assert verify_archive(archive, SqliteSorting()).head.position == position


SALE = {"purchase_id": "p1", "amount_minor": 1, "currency": "EUR", "initiated_by": "contact"}


# -- and back ---------------------------------------------------------------------------------


def import_(archive: object, *more: object) -> Ended:
    return rapport("import", "--data", "elsewhere", archive, *more)


AS_OF = "2026-02-01T00:00:00Z"


def answers(folder: Path, name: str, position: int) -> Iterator[Any]:
    """What a server says of a ledger at that position."""
    with (
        serving("serve", "--port", 0, "--data", folder) as server,
        httpx.Client(base_url=f"{server.url}/v1/ledgers/{name}", timeout=END_SECONDS) as client,
    ):
        asked = {"as_of": AS_OF, "min_position": str(position), "limit": "1000"}
        listed = client.get("statuses", params=asked).raise_for_status().json()
        yield listed
        for one in listed["items"][:25]:
            path = f"contacts/{one['contact_id']}"
            for question in ("status", "standing", "status/history"):
                found = client.get(f"{path}/{question}", params={"as_of": AS_OF})
                yield found.raise_for_status().json()
            yield client.get(f"{path}/events").raise_for_status().json()
        yield client.get("policies").raise_for_status().json()


@pytest.mark.parametrize("keys", [False, True])
def test_every_answer_is_the_same_afterwards(town: Path, here: Path, keys: bool) -> None:
    assert (export_with_keys if keys else export)(town, "cafe.tar.gz").code == 0
    more = ("--passphrase-file", "passphrase") if keys else ()
    ended = import_("cafe.tar.gz", *more, "--json")
    assert ended.code == 0, ended.err
    assert ended.json()["for_audit"] is not keys
    assert rapport("verify", here / "elsewhere").code == 0
    position = ended.json()["position"]
    before, after = (
        list(answers(folder, LEDGER, position)) for folder in (town, here / "elsewhere")
    )
    assert len(before) > 50
    assert after == before if keys else unread(after) == unread(before)


def unread(answer: Any) -> Any:
    """The answer without what only keys can read."""
    if isinstance(answer, list):
        return [unread(one) for one in answer]
    if isinstance(answer, dict):
        return {name: unread(one) for name, one in answer.items() if name not in PERSONAL}
    return answer


PERSONAL = {"data", "actor", "name", "reason"}


def test_rebuilds_give_the_same_digests(town: Path, here: Path) -> None:
    assert export(town, "cafe.tar").code == import_("cafe.tar").code == 0
    digests = [
        [
            (one["projection"], one["position"], one["events"])
            for one in rapport(
                "rebuild", "--all", "--data", folder, "--ledger", LEDGER, "--json"
            ).json()
        ]
        for folder in (town, here / "elsewhere")
    ]
    assert digests[0] == digests[1]


def test_the_import_says_what_it_made(town: Path, here: Path) -> None:
    export(town, "cafe.tar")
    ended = import_("cafe.tar", "--as", "copy")
    assert ended.code == 0
    assert ended.out.startswith("imported as copy: ")
    assert "It is for audit" in ended.err
    assert "--key" in ended.err
    assert sorted(p.name for p in (here / "elsewhere" / "ledgers").iterdir()) == ["copy", "main"]


def test_a_dry_run_checks_everything_and_writes_nothing(town: Path, here: Path) -> None:
    export(town, "cafe.tar")
    assert import_("cafe.tar", "--dry-run").out.startswith("sound, nothing written: would be ")
    (here / "cafe.tar").write_bytes((here / "cafe.tar").read_bytes()[:-2000])
    assert import_("cafe.tar", "--dry-run").code == 3
    assert not (here / "elsewhere").exists()


def test_a_tampered_archive_leaves_no_data_folder(town: Path, here: Path) -> None:
    export(town, "cafe.tar")
    content = (here / "cafe.tar").read_bytes()
    for at in range(2000, len(content), len(content) // 40):
        changed = content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]
        (here / "cafe.tar").write_bytes(changed)
        ended = import_("cafe.tar")
        assert ended.code == 3
        assert ended.err.startswith("rapport: ")
        assert ended.err.count("\n") == 1
    assert not (here / "elsewhere").exists()


def test_a_key_known_from_elsewhere_is_asked_for(town: Path, here: Path) -> None:
    export(town, "cafe.tar")
    known = verify_archive(here / "cafe.tar", SqliteSorting()).known_keys[0].verifier
    assert import_("cafe.tar", "--key", known, "--json").json()["pinned"] is True
    other = Verifier.of("example.org/log", Ed25519PrivateKey.generate().public_key())
    ended = import_("cafe.tar", "--as", "other", "--key", other.to_text())
    assert (ended.code, "ledger.note" in ended.err) == (3, True)
    assert import_("cafe.tar", "--as", "other", "--key", "no key").code == 2


def test_keys_need_the_passphrase_or_the_word_that_they_stay(town: Path, here: Path) -> None:
    export_with_keys(town, "cafe.tar")
    assert import_("cafe.tar").code == 2
    (here / "wrong").write_text("another passphrase")
    assert import_("cafe.tar", "--passphrase-file", "wrong").code == 2
    assert not (here / "elsewhere").exists()
    assert import_("cafe.tar", "--for-audit", "--json").json()["for_audit"] is True


def test_the_passphrase_may_come_from_the_environment(
    town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAPPORT_ARCHIVE_PASSPHRASE", PASSPHRASE)
    assert export(town, "cafe.tar", "--with-keys", "--json").json()["data_keys"] > 0
    ended = import_("cafe.tar", "--json")
    assert ended.json()["for_audit"] is False
    assert PASSPHRASE not in repr(read_settings())


def test_a_ledger_that_is_there_is_left_alone(town: Path) -> None:
    export(town, "cafe.tar")
    assert import_("cafe.tar").code == 0
    ended = import_("cafe.tar")
    assert ended.code == 2
    hint = "choose another name (--as), or --replace it if it holds only its first policy"
    assert ended.err == f"rapport: there is a ledger {LEDGER} already: {hint}\n"
    assert import_("cafe.tar", "--replace").code == 2
    assert import_("cafe.tar", "--as", "main").code == 2
    assert import_("cafe.tar", "--as", "main", "--replace").code == 0


def test_a_ledger_called_main_comes_into_a_folder_that_is_not_there_yet(here: Path) -> None:
    rapport("policy", "init", "cafe", "--data", "data")
    assert rapport("export", "--data", "data", "main.tar").code == 0
    assert import_("main.tar").code == 0
    names = [
        json.loads(p.read_text())["name"] for p in here.glob("elsewhere/ledgers/*/ledger.json")
    ]
    assert names == ["main"]


def test_options_of_the_other_kind_of_file_are_refused(town: Path, here: Path) -> None:
    export(town, "cafe.tar")
    (here / "rows.csv").write_text("receipt\n1\n")
    (here / "map.toml").write_text("")
    for arguments, option in (
        (("cafe.tar", "--mapping", "map.toml"), "--mapping"),
        (("cafe.tar", "--ledger", "main"), "--ledger"),
        (("rows.csv", "--as", "shop"), "--as"),
        (("rows.csv", "--replace"), "--replace"),
    ):
        ended = import_(*arguments)
        assert ended.code == 2
        assert f"{option} is not for that" in ended.err
    ended = import_("rows.csv")
    assert (ended.code, "rows.csv is no archive: its rows need a --mapping" in ended.err) == (
        2,
        True,
    )


def test_a_folder_that_a_server_holds_takes_none(town: Path, here: Path) -> None:
    export(town, "cafe.tar")
    with serving("serve", "--port", 0, "--data", here / "elsewhere") as server:
        ended = import_("cafe.tar")
    assert ended.code == 3
    assert f"in use by process {server.process.pid}" in ended.err


def test_a_ledger_for_audit_says_so_to_who_appends(town: Path, here: Path) -> None:
    assert export(town, "cafe.tar").code == import_("cafe.tar").code == 0
    with serving("serve", "--port", 0, "--data", here / "elsewhere") as server:
        base = f"{server.url}/v1/ledgers/{LEDGER}"
        event = {"type": "contact-registered", "data": {"kind": "person", "name": "Ann"}}
        new = "6f1f64f5-1c0c-4ee3-8a83-9a0b6f3d0a11"
        single = httpx.post(f"{base}/contacts/{new}/events", json=event, timeout=END_SECONDS)
        line = json.dumps({**event, "contact": new})
        bulk = httpx.post(
            f"{base}/events",
            content=line,
            headers={"content-type": "application/jsonl"},
            timeout=END_SECONDS,
        )
        ready = httpx.get(f"{server.url}/readyz", timeout=END_SECONDS).status_code
    assert ready == 200
    assert single.status_code == 409
    assert single.json()["reason"] == "ledger-for-audit"
    assert bulk.json()["problem"]["reason"] == "ledger-for-audit"


def test_the_doctor_finds_a_ledger_for_audit_sound(town: Path) -> None:
    assert export(town, "cafe.tar").code == import_("cafe.tar").code == 0
    ended = rapport("doctor", "--data", "elsewhere", "--json")
    assert ended.code == 0, ended.out
    assert any("for audit" in one["detail"] for one in ended.json())
