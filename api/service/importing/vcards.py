"""vCards as rows: each card is one, with columns for what is read of it.

Versions 2.1, 3.0 and 4.0 differ in how values are written, not in what they say of a person.
Sources: RFC 6350 (4.0), RFC 2426 (3.0), and the specification of the Versit Consortium (2.1).
"""

from __future__ import annotations

import quopri
import re
from dataclasses import dataclass, replace
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, BinaryIO

from api.service.importing.lines import UnreadableFile, open_text
from api.service.importing.records import Record, rejected_rows
from api.service.importing.rejects import HEADINGS, REJECTS_ENCODING, columns_mark
from api.service.importing.row import Row
from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from api.service.importing.row import FileShape

MOST_OF_A_KIND = 8
"""How many e-mail addresses, telephone numbers and postal addresses of one card are read."""

SINGLE = ("uid", "name", "first", "last", "organisation", "kind", "birthday", "anniversary")
COLUMNS = (
    *SINGLE,
    *(
        f"{kind}_{number}{part}"
        for kind, parts in (
            ("email", ("", "_label")),
            ("phone", ("", "_label")),
            ("postal", ("", "_label", "_code")),
        )
        for number in range(1, MOST_OF_A_KIND + 1)
        for part in parts
    ),
)
"""The columns of a row; a card that lacks something has them empty."""

_BEGIN = re.compile(r"BEGIN:VCARD\s*", re.IGNORECASE)
_FIRST, _LAST = "BEGIN:VCARD", "END:VCARD"
_CUT_OFF = "the card has no END:VCARD: the file was cut off, or is damaged"
_END = re.compile(r"END:VCARD\s*", re.IGNORECASE)
_HEAD = re.compile(
    r"(?:(?P<group>[\w.-]+)\.)?(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;(?:\"[^\"]*\"|[^\":;])*)*):"
)
_BINARY = re.compile(r"(?:[\w-]+\.)?(?:PHOTO|LOGO|SOUND|KEY)\b", re.IGNORECASE)
_WHOLE_DAY = re.compile(r"(?:[0-9]{4}|--)-?[0-9]{2}-?[0-9]{2}(?:[T ].*)?")

_NO_LABELS = {"pref", "internet", "voice", "x400", "text", "msg", "parcel", "dom", "intl"}
"""Types that do not say which of several addresses one is."""

_LABELS = {"cell": "mobile"}


@dataclass(frozen=True)
class _Property:
    """One line of a card, with its value as it is written."""

    group: str
    name: str
    parameters: Mapping[str, tuple[str, ...]]
    value: str

    @property
    def text(self) -> str:
        """The value as a text."""
        return _without_escapes(self.value).strip()

    def parts(self) -> list[str]:
        """The values between semicolons, which stand for one thing each."""
        return [_without_escapes(one).strip() for one in re.split(r"(?<!\\);", self.value)]


def is_vcard(path: Path) -> bool:
    """Whether the file begins as files of vCards do.

    Raises:
        OSError: it cannot be opened.
    """
    with path.open("rb") as raw:
        try:
            return begins_with_card(open_text(raw, "utf-8").peek())
        except UnreadableFile:
            return False


def begins_with_card(first_line: str) -> bool:
    """Whether a file with this first line is one of vCards."""
    return _BEGIN.fullmatch(first_line) is not None


class CardFile:
    """An open file of vCards. Iterating reads it once, a card at a time."""

    header_line = None

    def __init__(self, raw: BinaryIO, shape: FileShape) -> None:
        """Begin to read.

        Raises:
            UnreadableFile: it does not begin with a vCard, and is no reject file.
        """
        self._raw = raw
        self._lines = open_text(raw, shape.encoding)
        first_line = self._lines.peek()
        self._rejects_mark = columns_mark(first_line)
        if self._rejects_mark is not None:
            self._lines.encoding = REJECTS_ENCODING
        self.encoding = self._lines.encoding
        """In which encoding the file is read."""
        if self._rejects_mark is None and not begins_with_card(first_line):
            raise UnreadableFile("the data file is no file of vCards: those begin with BEGIN:VCARD")
        self.columns_in_file = COLUMNS
        self._named = [(one.name, one.reader(COLUMNS)) for one in shape.named]
        self.columns = (*COLUMNS, *(name for name, _ in self._named))
        """The columns of each row, and then the mapping's own."""

    def bytes_read(self) -> int:
        """How far the file has been read, in its bytes on disk."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[Row]:
        """A row for each card.

        Raises:
            UnreadableFile: the compressed data is damaged or cut short.
        """
        if self._rejects_mark is not None:
            yield from self._rejected_cards(self._rejects_mark)
            return
        for card in _cards(self._numbered_lines()):
            yield self._row(*card)

    def _row(self, number: int, lines: list[str], is_whole: bool) -> Row:
        shown = (line for line in lines if not _BINARY.match(line))
        text = "\n".join((_FIRST, *shown, *((_LAST,) if is_whole else ())))
        if not is_whole:
            return Row(number, text, {}, Invalid.at("", "malformed", _CUT_OFF))
        columns = _columns(_properties(lines))
        for name, read in self._named:
            columns[name] = read(columns)
        return Row(number, text, columns)

    def _numbered_lines(self) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(self._lines, 1):
            self._lines.take()  # a line that is too long is a picture's, which nobody reads
            yield number, line

    def _rejected_cards(self, mark: str) -> Iterator[Row]:
        """The cards that an earlier import rejected."""
        for rejected in rejected_rows(self._lines, mark):
            if isinstance(rejected, Record):
                wrong = rejected.fields
                if not isinstance(wrong, Invalid):
                    detail = f"has {len(wrong)} columns, not {len(HEADINGS)}"
                    wrong = Invalid.at("", "wrong-columns", detail)
                yield Row(rejected.line, rejected.text, {}, wrong)
                continue
            lines = rejected.text.splitlines()
            if not (lines and begins_with_card(lines[0])):
                lines = [_FIRST, *lines, _LAST]  # as earlier versions wrote cards that are whole
            for card in _cards((rejected.line, line) for line in lines):
                row = self._row(*card)
                spoiled = rejected.problem
                yield row if spoiled is None else replace(row, columns={}, problem=spoiled)


def _cards(numbered: Iterable[tuple[int, str]]) -> Iterator[tuple[int, list[str], bool]]:
    """The number of the line on which each card begins, its lines, unfolded, and whether it ends.

    ``numbered`` are the lines of a file, or of a part of it, with their numbers.
    """
    begun, card, is_open = 1, list[str](), False
    for number, line in numbered:
        text = line.rstrip("\r\n")
        if _BEGIN.fullmatch(text):
            if is_open:
                yield begun, card, False
            begun, card, is_open = number, [], True
        elif _END.fullmatch(text):
            yield begun, card, True
            card, is_open = [], False
        elif card and text[:1] in {" ", "\t"}:
            card[-1] += text[1:]
        elif card and card[-1].endswith("=") and _is_quoted(card[-1]):
            card[-1] = card[-1][:-1] + text
        elif text.strip():
            card.append(text)
    if is_open:
        yield begun, card, False


def _is_quoted(line: str) -> bool:
    return "QUOTED-PRINTABLE" in line.partition(":")[0].upper()


def _properties(lines: list[str]) -> Iterator[_Property]:
    for line in lines:
        if (head := _HEAD.match(line)) is None:
            continue
        parameters: dict[str, tuple[str, ...]] = {}
        for one in re.findall(r';((?:"[^"]*"|[^";])*)', head["parameters"]):
            # In version 2.1 a type stands without its name.
            name, mark, value = one.partition("=")
            key = name.upper() if mark else "TYPE"
            words = re.findall(r'"[^"]*"|[^,]+', value if mark else name)
            values = (part.lower() for word in words for part in word.strip('"').split(","))
            parameters[key] = (*parameters.get(key, ()), *values)
        value = line[head.end() :]
        if "quoted-printable" in (*parameters.get("ENCODING", ()), *parameters.get("TYPE", ())):
            value = _decode_quoted(value, next(iter(parameters.get("CHARSET", ())), "utf-8"))
        yield _Property((head["group"] or "").lower(), head["name"].upper(), parameters, value)


def _decode_quoted(value: str, charset: str) -> str:
    content = quopri.decodestring(value.encode())
    try:
        return content.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return content.decode("utf-8", errors="replace")


def _without_escapes(text: str) -> str:
    return re.sub(r"\\(.)", lambda mark: "\n" if mark[1] in "nN" else mark[1], text)


def _columns(properties: Iterator[_Property]) -> dict[str, str]:
    columns = dict.fromkeys(COLUMNS, "")
    listed = list(properties)
    labels = {
        one.group: _label(one.text) for one in listed if one.name == "X-ABLABEL" and one.group
    }
    several: dict[str, list[tuple[str, str, str]]] = {"email": [], "phone": [], "postal": []}
    for one in listed:
        label = labels.get(one.group, "") if one.group else ""
        label = label or _type_label(one.parameters.get("TYPE", ()))
        if one.name in _SEVERAL:
            value, code = _value(one)
            if value:
                several[_SEVERAL[one.name]].append((value, label, code))
        else:
            for column, text in _single(one, label):
                columns[column] = columns[column] or text
    for kind, found in several.items():
        for number, (value, label, code) in enumerate(islice(found, MOST_OF_A_KIND), 1):
            columns[f"{kind}_{number}"] = value
            columns[f"{kind}_{number}_label"] = label
            if kind == "postal":
                columns[f"{kind}_{number}_code"] = code
    return columns


_SEVERAL = {"EMAIL": "email", "TEL": "phone", "ADR": "postal"}


def _value(one: _Property) -> tuple[str, str]:
    """The address, and its postal code."""
    if one.name != "ADR":
        return re.sub("^(?:tel|mailto):", "", one.text, flags=re.IGNORECASE), ""
    box, more, street, city, region, code, country = islice(chain(one.parts(), repeat("")), 7)
    place = " ".join(filter(None, (code, city)))
    lines = (box, more, street, place, region, country)
    return ", ".join(line.replace("\n", ", ") for line in lines if line), code


def _single(one: _Property, label: str) -> Iterator[tuple[str, str]]:
    """The columns that a property fills."""
    if one.name == "UID":
        yield "uid", one.text.removeprefix("urn:uuid:")
    elif one.name == "FN":
        yield "name", " ".join(one.text.split())
    elif one.name == "N":
        last, first, *_ = (*one.parts(), "", "")
        yield "first", first
        yield "last", last
    elif one.name == "ORG":
        yield "organisation", one.parts()[0]
    elif one.name in ("KIND", "X-ADDRESSBOOKSERVER-KIND"):
        yield "kind", one.text.lower()
    elif one.name == "X-ABSHOWAS":
        yield "kind", "org" if one.text.upper() == "COMPANY" else ""
    elif one.name == "BDAY":
        yield "birthday", _day(one)
    elif one.name in ("ANNIVERSARY", "X-ANNIVERSARY") or (
        one.name == "X-ABDATE" and label == "anniversary"
    ):
        yield "anniversary", _day(one)


def _day(one: _Property) -> str:
    """A day; empty where it is said in words, or without its month or day."""
    whole = "text" not in one.parameters.get("VALUE", ()) and _WHOLE_DAY.fullmatch(one.text)
    return one.text if whole else ""


def _label(text: str) -> str:
    """A label of Apple's, whose own ones stand between marks."""
    return text.removeprefix("_$!<").removesuffix(">!$_").strip().lower()


def _type_label(types: tuple[str, ...]) -> str:
    named = (one for one in types if one not in _NO_LABELS and not one.startswith("quoted"))
    first = next(named, "")
    return _LABELS.get(first, first)
