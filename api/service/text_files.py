"""Text files that people made: mappings, policies, settings, passphrases, lists."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from domain.errors import Invalid

if TYPE_CHECKING:
    from pathlib import Path

_MARKED = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""What a byte-order mark tells of the encoding. Source: Unicode 16.0, section 23.8."""


def read_given_text(path: Path) -> str:
    """The text of a file in UTF-8, or in the encoding of its byte-order mark, without the mark.

    Raises:
        Invalid: it is neither; the message says where, and what to do.
        OSError: the file cannot be read.
    """
    content = path.read_bytes()
    encoding = next((name for mark, name in _MARKED if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        detail = f"{path.name} is not {encoding} text from line {line} on: save it as UTF-8"
        raise Invalid.at("", "unreadable-text", detail) from None
