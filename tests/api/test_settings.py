from __future__ import annotations

from pathlib import Path

import pytest

from api.bootstrap import build, now, read_settings
from api.service.settings import Settings, SettingsRefused, is_loopback
from domain.errors import LedgerError
from domain.instants import zone
from ledger.access.opening import open_access_keys
from ledger.access.scopes import SCOPES
from ledger.stores.sqlite.store import SqliteStore

SETTINGS = Settings.__dataclass_fields__


def test_without_a_word_the_server_is_for_this_machine_alone() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8400)
    assert settings.folder == Path("rapport-data")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", ""])
def test_the_server_listens_nowhere_else_without_keys(host: str, tmp_path: Path) -> None:
    settings = Settings(host=host, folder=tmp_path / "data")
    with pytest.raises(SettingsRefused, match="loopback"):
        build(settings)
    keys = open_access_keys(SqliteStore(tmp_path / "data"), now)
    made, _ = keys.make("owner", SCOPES)
    keys.revoke(made.id)
    keys.close()
    build(settings).close()


def test_loopback_has_several_names() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "127.8.8.8"))


def test_an_argument_wins_over_the_environment_which_wins_over_the_file(
    tmp_path: Path,
) -> None:
    file = tmp_path / "rapport.toml"
    file.write_text('port = 1\nhost = "localhost"\nlog_level = "debug"\n')
    environ = {"RAPPORT_CONFIG": str(file), "RAPPORT_PORT": "2", "RAPPORT_HOST": "::1"}
    settings = read_settings(environ, port=3, host=None)
    assert (settings.port, settings.host, settings.log_level) == (3, "::1", "debug")


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"RAPPORT_PORT": "http"}, "port must be a whole number from 0 to 65535"),
        ({"RAPPORT_PORT": "70000"}, "port"),
        ({"RAPPORT_LOG_LEVEL": "loud"}, "log_level"),
        ({"RAPPORT_MASTER_KEY": "abc"}, "master_key must be 32 bytes"),
        ({"RAPPORT_MASTER_KEY": "ab" * 16}, "master_key"),
        ({"RAPPORT_LOG_PUBLIC": "perhaps"}, "log_public must be true or false"),
        ({"RAPPORT_ACCESS_KEY": "rk_one\nrk_two"}, "access_key"),
        ({"RAPPORT_CORS_ORIGINS": "https://a.example *"}, "cors_origins"),
        ({"RAPPORT_TLS_KEY": "key.pem"}, "tls_certificate"),
        ({"RAPPORT_CONFIG": "/nowhere/rapport.toml"}, "settings"),
    ],
)
def test_a_setting_that_cannot_be_is_named(environ: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsRefused, match=says):
        read_settings(environ)


def test_flags_and_lists_are_read_from_the_environment_and_from_a_file(tmp_path: Path) -> None:
    origins = ("https://a.example", "http://b.example:8080")
    environ = {"RAPPORT_LOG_PUBLIC": "true", "RAPPORT_CORS_ORIGINS": " ".join(origins)}
    file = tmp_path / "rapport.toml"
    file.write_text(
        'log_public = true\ncors_origins = ["https://a.example", "http://b.example:8080"]\n'
    )
    for settings in (read_settings(environ), read_settings({"RAPPORT_CONFIG": str(file)})):
        assert (settings.log_public, settings.cors_origins) == (True, origins)


def test_a_file_with_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rapport.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(SettingsRefused, match=r"prot \(did you mean port\?\)"):
        read_settings({"RAPPORT_CONFIG": str(file)})


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("RAPPORT_PROT", r"RAPPORT_PROT \(did you mean RAPPORT_PORT\?\)"),
        ("RAPPORT_LOGLEVEL", r"\(did you mean RAPPORT_LOG_LEVEL\?\)"),
        ("RAPPORT_MASTERKEY", r"\(did you mean RAPPORT_MASTER_KEY\?\)"),
        ("rapport_port", r"rapport_port \(did you mean RAPPORT_PORT\?\)"),
        ("RAPPORT_SERVICE_HOSTNAME", "RAPPORT_SERVICE_HOSTNAME"),
        ("RAPPORT_ZZZZZZ", "no such environment variable: RAPPORT_ZZZZZZ$"),
        ("RAPPORT_", "no such environment variable: RAPPORT_"),
    ],
)
def test_a_mistyped_variable_is_refused_with_the_nearest_name(name: str, says: str) -> None:
    with pytest.raises(SettingsRefused, match=says):
        read_settings({name: "8401"})
    with pytest.raises(SettingsRefused, match=says):
        read_settings({name: ""})


def test_every_variable_that_is_ours_is_taken() -> None:
    read_settings(dict.fromkeys((f"RAPPORT_{name.upper()}" for name in SETTINGS), ""))
    assert read_settings({"RAPPORT_DATA": "elsewhere", "PATH": "x", "rapport_x": "y"}) == Settings()


def test_what_kubernetes_sets_for_a_service_of_that_name_is_left_alone() -> None:
    environ = {
        "RAPPORT_PORT": "tcp://10.0.0.1:8400",
        "RAPPORT_SERVICE_HOST": "10.0.0.1",
        "RAPPORT_SERVICE_PORT": "8400",
        "RAPPORT_SERVICE_PORT_HTTP": "8400",
        "RAPPORT_PORT_8400_TCP": "tcp://10.0.0.1:8400",
        "RAPPORT_PORT_8400_TCP_ADDR": "10.0.0.1",
        "RAPPORT_WEB_SERVICE_HOST": "10.0.0.2",
        "RAPPORT_WEB_PORT": "tcp://10.0.0.2:80",
    }
    assert read_settings(environ) == Settings()


def test_the_master_key_is_never_shown() -> None:
    settings = read_settings({"RAPPORT_MASTER_KEY": "ab" * 32})
    assert settings.master_key == bytes.fromhex("ab" * 32)
    assert "ab" * 4 not in repr(settings)
    assert "\\xab" not in repr(settings)


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    server = build(Settings(folder=tmp_path / "data"))
    try:
        with pytest.raises(LedgerError):
            build(Settings(folder=tmp_path / "data"))
    finally:
        server.close()
    build(Settings(folder=tmp_path / "data")).close()


def test_a_server_that_cannot_start_lets_go_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    build(Settings(folder=folder)).close()
    file = folder / "ledgers" / "main" / "events.sqlite"
    whole = file.read_bytes()
    file.write_bytes(b"no database, but somebody's letter" * 100)
    with pytest.raises(LedgerError):
        build(Settings(folder=folder))
    file.write_bytes(whole)
    build(Settings(folder=folder)).close()


def test_time_zones_come_from_the_installed_package(tmp_path: Path) -> None:
    build(Settings(folder=tmp_path / "data")).close()
    import zoneinfo

    assert zoneinfo.TZPATH == ()
    assert zone("Europe/Amsterdam").key == "Europe/Amsterdam"
