"""Whatever a page names is there: commands, options, settings, paths, codes, files."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import click

from api.cli import cli
from api.http.problems import TITLES
from api.service.settings import Settings
from docs.generate import PAGES
from docs.generating.http import openapi
from docs.generating.problems import FIELD_CODES, IMPORT_CODES
from domain.decisions import REASONS
from tests.docs.fences import pages
from tests.house.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

BESIDE_SETTINGS = {
    "RAPPORT_CONFIG": "names the file of settings",
    "RAPPORT_DATA": "where tests and benchmarks find files that are too large",
}
PYTHONS_WORDS = re.compile(
    r"`None`|\b(?:is|be|or|as|to) None\b|\bTrue\b|\bFalse\b|`\(\)`|<class|object at 0x"
)
"""What a page for people should say in words: a value that is absent, yes, no."""

_CODE = re.compile(r"```[^\n]*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:^|[\s(=|&])rapport((?: [a-z][a-z-]*)+)([^\n|;#)]*)", re.MULTILINE)
_FILE = re.compile(
    r"(?<![\w$/.{\"-])((?:tests|api|client|domain|ledger|projections|examples|benchmarks|docs)/[\w./-]*\w)"
)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def _written() -> Iterator[tuple[str, str]]:
    """Every page that somebody wrote; what was decided once may name what was there then."""
    for page in pages():
        place = str(page.relative_to(ROOT))
        if not place.startswith("docs/decisions/"):
            yield place, page.read_text(encoding="utf-8")


def _codes(text: str) -> Iterator[str]:
    for match in _CODE.finditer(text):
        yield (match[1] or match[2]).replace("\\\n", " ")


@cache
def _resolved(words: tuple[str, ...]) -> click.Command | None:
    """The command that these words begin with, if they are more than the name of a group."""
    command: click.Command = cli
    for word in words:
        if not isinstance(command, click.Group):
            break
        below = command.get_command(click.Context(command), word)
        if below is None:
            return None
        command = below
    return command


def _options(command: click.Command) -> set[str]:
    return {
        name
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
    } | {"-h", "--help"}


def test_every_command_that_a_page_names_exists_and_has_its_options() -> None:
    wrong = []
    for place, text in _written():
        for code in _codes(text):
            for words, rest in _COMMAND.findall(code):
                command = _resolved(tuple(words.split()))
                if command is None:
                    wrong.append(f"{place}: rapport{words}")
                elif unknown := set(_OPTION.findall(rest)) - _options(command):
                    wrong.append(f"{place}: rapport{words} {unknown}")
    assert wrong == []


def test_every_option_that_a_page_names_alone_is_of_some_command() -> None:
    known = set().union(*map(_options, map(_loaded, _commands_by_name())))
    alone = {
        (place, match[1])
        for place, text in _written()
        for match in re.finditer(r"`(--[a-z][a-z-]+)(?: [^`]*)?`", text)
    }
    assert {one for one in alone if one[1] not in known} - OF_OTHERS == set()


def _commands_by_name(words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    command = _loaded(words)
    yield words
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from _commands_by_name((*words, name))


def _loaded(words: tuple[str, ...]) -> click.Command:
    command = _resolved(words)
    assert command is not None
    return command


OF_OTHERS = {
    ("docs/how-to/audit-a-ledger.md", "--bearer_token"),  # of Tessera
    ("docs/how-to/audit-a-ledger.md", "--check"),  # of tlog-tiles
}


def test_every_setting_that_a_page_names_exists() -> None:
    known = {f"RAPPORT_{name.upper()}" for name in Settings.__dataclass_fields__}
    for place, text in _written():
        assert set(re.findall(r"RAPPORT_[A-Z_]+", text)) <= known | BESIDE_SETTINGS.keys(), place


def test_every_path_that_a_page_names_is_served() -> None:
    served = [_shape(path) for path in openapi()["paths"]]
    wrong = []
    for place, text in _written():
        whole = re.findall(r"(?:8400|`(?:[A-Z]+ )?)(/v1/[^\s\"'`?)>|]*)", text)
        ends = re.findall(r"`(?:(?:GET|POST|PUT|DELETE) )?\.\.\.(/[^\s`?]+)", text)
        begun = (_shape(path.partition("$")[0]) for path in whole)
        wrong += [(place, *one) for one in begun if not any(_begins(way, one) for way in served)]
        for one in map(_shape, ends):
            named = (way for way in served if one[0] in way)  # a parameter is no word of the page
            if not any(_ends(way, one) for way in named):
                wrong.append((place, *one))
    assert wrong == []


def _shape(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


def _begins(served: tuple[str, ...], shown: tuple[str, ...]) -> bool:
    """Whether a path of the server begins so."""
    return _ends(served[: len(shown)], shown)


def _ends(served: tuple[str, ...], shown: tuple[str, ...]) -> bool:
    """Whether a path of the server ends so; a parameter stands for any word."""
    if len(shown) > len(served):
        return False
    pairs = zip(served[len(served) - len(shown) :], shown, strict=True)
    return all(one == other or one.startswith("{") for one, other in pairs)


def test_every_code_that_a_page_gives_with_its_status_exists() -> None:
    codes = TITLES.keys() | REASONS.keys() | FIELD_CODES.keys() | IMPORT_CODES.keys()
    wrong = []
    for place, text in _written():
        flat = " ".join(text.split())
        given = re.findall(
            r"\b[45]\d\d `([a-z-]+)`|reasons? `([a-z-]+)`|\([45]\d\d, `([a-z-]+)`", flat
        )
        wrong += [
            f"{place}: {name}" for names in given for name in names if name and name not in codes
        ]
    assert wrong == []


def test_every_file_of_the_repository_that_a_page_names_is_there() -> None:
    """Also one of the generated pages."""
    generated = ((name, make()) for name, make in PAGES.items() if name != "http.md")
    wrong = [
        f"{place}: {path}"
        for place, text in (*_written(), *generated)
        for path in _FILE.findall(text)
        if not (ROOT / path).exists()
    ]
    assert wrong == []


def test_pages_say_no_words_of_python_to_people() -> None:
    texts = [*_written(), *((name, make()) for name, make in PAGES.items())]
    found = [
        f"{place}: {match[0]}"
        for place, text in texts
        for match in PYTHONS_WORDS.finditer(re.sub(r"```python.*?```", "", text, flags=re.DOTALL))
    ]
    assert found == []
