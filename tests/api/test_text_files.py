"""Files that people made are read as they meant them, byte-order mark or not."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import pytest

from api.bootstrap import read_settings
from api.cli.archives.passphrases import passphrase_of
from api.cli.policies.documents import read_document
from api.service.importing.mapping import read_mapping
from api.service.settings import Settings
from domain.errors import LedgerError
from tests.importing.test_mapping import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAPPING = (EXAMPLES / "cdnow.toml").read_text(encoding="utf-8")


def _settings(path: Path) -> object:
    return read_settings({"RAPPORT_CONFIG": str(path)})


def _passphrase(path: Path) -> object:
    return passphrase_of(path, Settings(), confirm=False)


ENTRANCES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "mapping": (read_mapping, "x.toml", MAPPING),
    "policy in TOML": (read_document, "x.toml", 'extends = "retail"\nname = "é"\n'),
    "policy in JSON": (read_document, "x.json", '{"extends": "retail", "name": "é"}'),
    "settings": (_settings, "x.toml", "port = 81\n# é\n"),
    "passphrase": (_passphrase, "x.txt", "correct é horse\n"),
}


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_a_byte_order_mark_changes_nothing(
    tmp_path: Path, entrance: str, mark: bytes, encoding: str
) -> None:
    read, name, text = ENTRANCES[entrance]
    plain = tmp_path / name
    plain.write_text(text, encoding="utf-8")
    expected = read(plain)
    plain.write_bytes(mark + text.encode(encoding))
    assert read(plain) == expected


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_another_encoding_is_refused_with_the_line_and_what_to_do(
    tmp_path: Path, entrance: str
) -> None:
    read, name, _ = ENTRANCES[entrance]
    (tmp_path / name).write_bytes(b"# one\n# caf\xe9\n")
    with pytest.raises(LedgerError, match=r"is not utf-8 text from line 2 on: save it as UTF-8"):
        read(tmp_path / name)
