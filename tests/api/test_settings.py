from __future__ import annotations

from pathlib import Path

import pytest

from api.bootstrap import build, now, read_settings
from api.settings import Settings, SettingsRefused, is_loopback
from domain.errors import LedgerError
from domain.instants import zone
from ledger.access.keys import ACCESS_FILE, AccessKeys
from ledger.access.scopes import SCOPES


def test_without_a_word_the_server_is_for_this_machine_alone() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8400)
    assert settings.folder == Path("rapport-data")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", ""])
def test_the_server_listens_nowhere_else_without_keys(host: str, tmp_path: Path) -> None:
    settings = Settings(host=host, folder=tmp_path / "data")
    with pytest.raises(SettingsRefused, match="loopback"):
        build(settings)
    keys = AccessKeys(tmp_path / "data" / ACCESS_FILE, now)
    made, _ = keys.make("owner", SCOPES)
    keys.revoke(made.id)
    keys.close()
    build(settings).close()


def test_loopback_has_several_names() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "127.8.8.8"))


def test_what_is_chosen_goes_before_the_environment_and_that_before_the_file(
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
        ({"RAPPORT_PORT": "http"}, "port"),
        ({"RAPPORT_PORT": "70000"}, "port"),
        ({"RAPPORT_LOG_LEVEL": "loud"}, "log_level"),
        ({"RAPPORT_MASTER_KEY": "abc"}, "master_key"),
        ({"RAPPORT_MASTER_KEY": "ab" * 16}, "master_key"),
        ({"RAPPORT_LOG_PUBLIC": "perhaps"}, "log_public"),
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
    with pytest.raises(SettingsRefused, match="prot"):
        read_settings({"RAPPORT_CONFIG": str(file)})


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
