"""What people read: the pages, the descriptions of the OpenAPI document, and the docstrings,
comments and messages of the source.

``RULES`` are the patterns that plain English does without, each with the words to use. The glossary
says what the words mean. ``python -m tests.house.prose`` prints every place that breaks a rule.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from typing import TYPE_CHECKING, NamedTuple

from tests.house.tree import ROOT, files

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_REWRITTEN = "tests/house/not_rewritten.txt"
"""The files and folders that are not rewritten yet, one a line. The list may only get shorter."""

READ = ("docs/", "domain/", "ledger/", "projections/", "api/", "client/")
"""The folders that are read, beside the pages at the top of the repository."""

NEVER_REWRITTEN = (
    "docs/decisions/",
    "docs/reference/measurements.md",
    "CODE_OF_CONDUCT.md",
)
"""Pages that say what was true when they were written, or whose words are another's."""


DESCRIBED = "tests/golden/wire/openapi.json"
"""The OpenAPI document, whose descriptions are read; ``python -m tests.wire`` writes it."""

_DESCRIPTION = re.compile(r' *"(?:description|summary|title)": (".*"),?$')

_CODE = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?ms)^ *```.*?^ *```$",
        r"``[^`]+``",
        r"`[^`\n]+`",
        r"\]\([^)]*\)",
        r"<[^>]*>",
    )
)
"""Fences, literals, addresses and tags: what is code in a text."""


class Rule(NamedTuple):
    """Words that are not used, and what to write in their place."""

    pattern: re.Pattern[str]
    instead: str


def _rule(pattern: str, instead: str) -> Rule:
    return Rule(re.compile(pattern), instead)


RULES = (
    _rule(r"\b(?i:un)?[Ss]eal(?:s|ed|ing)?\b", "encrypted (fields) or signed (checkpoints)"),
    _rule(r"\bnothing that (?:JSON|msgpack)\b", "is not JSON serializable"),
    _rule(r"\bIt does\.", "the whole sentence: The process is running."),
    _rule(r"\bversion is another\b", "Version mismatch"),
    _rule(r"\bHow every\b", "List ... and their state"),
    _rule(r"\bin (?:365|\{needs\[[^]]+\]\}) days\b", "in the last N days"),
    _rule(r"\b[Tt]old (?:apart|by|in|before|after|as|of|how)\b", "distinguished, reported, shown"),
    _rule(r"\b(?:is|are|was|were|be|been) told\b", "gets, receives, is shown"),
    _rule(r"\b[Ww]hoever\b", "anyone who, the person who, the caller"),
    _rule(r"\banew\b", "again, from scratch"),
    _rule(r"\bfor ever\b", "forever"),
    _rule(r"\b[Ss]o many\b", "the number of ..., up to N ..."),
    _rule(r"\bin clear\b", "decrypted, in plain text"),
    _rule(r"\bheld against\b", "compared with, checked against"),
    _rule(r"\bunasked\b", "without a request, without a reminder"),
    _rule(r"\bat hand\b", "available"),
    _rule(r"\b(?:none|nothing) of the kind\b", "name the thing"),
    _rule(r"\b(?:none|nothing) but\b", "only"),
    _rule(r"\blet go of\b", "removed, dropped, released"),
    _rule(r"\b(?:Refused|Left out|Kept|Told|Asked|Said) (?:is|are)\b", "the subject first"),
    _rule(r"\bin a word\b", "in short, summary"),
    _rule(r"\bof old\b", "as before"),
    _rule(r"\b(?:go|goes) on\b", "continue"),
)

RULES_OF_PAGES = (
    _rule(
        r"(?:^|(?<=[.:|!] )|(?<=\n\n)|(?<=\n- ))"
        r"(?:What|Who|Whom|Whose|How (?:much|many|far|long))\b[^.:?|#]*(?:[.:|]|$)",
        "a noun as the subject: 'What counts is X' -> 'X counts', 'How many' -> 'the number of'",
    ),
)
"""What pages and descriptions do without besides: a question that stands where a noun should."""

FORBIDDEN_NAMES = frozenset({"tell", "tells", "say", "says", "ask", "asks"})
"""Verbs of speech: a program reports, returns, requests or answers."""

PARTICIPLES = frozenset(
    """
    asked begun bound bought broken brought built caught chosen done drawn driven fallen found
    forgotten given gone grown heard held hidden kept known laid left lent lost made meant met noted
    paid proven risen said seen sent shown sold sought spent spoken stood sworn taken taught thrown
    told unproven won worn written
    """.split()  # noqa: SIM905  # a list of strings would take forty lines
)
PUBLIC = frozenset(
    {"Appended", "Erased", "Excluded", "Noted", "Previewed", "Replayed", "previewed", "replayed"}
)
"""Names of schemas in the OpenAPI document, and what programs import from ``rapport_client``.

Decision 39 says why they stay.
"""

WITH_PUBLIC_NAMES = ("api/service/answers/", "client/")
"""The folders in which these names are declared."""

OF_THE_WIRE = frozenset({"events with sealed fields opened"})
"""Names in answers to programs that have spaces: decision 39 says why they stay."""

NOUNS_IN_ED = frozenset({"embed", "exceed", "feed", "need", "proceed", "seed", "speed", "succeed"})


class Sentence(NamedTuple):
    """Something that people read: its file, its line and its text without code."""

    place: str
    line: int
    text: str


def rejected(place: str) -> Iterator[str]:
    """The places in one file that break a rule, as ``file:line: words -> what to write``."""
    rules = RULES if place.endswith(".py") else RULES + RULES_OF_PAGES
    for sentence in sentences(place):
        for rule in rules:
            for match in rule.pattern.finditer(sentence.text):
                line = sentence.line + sentence.text.count("\n", 0, match.start())
                yield f"{place}:{line}: {match[0]!r} -> {rule.instead}"
    yield from _rejected_names(place)


def sentences(place: str) -> Iterator[Sentence]:
    """What people read in a page, in descriptions, or in what a module says to people."""
    source = (ROOT / place).read_text(encoding="utf-8")
    if place == DESCRIBED:
        yield from _descriptions(source)
        return
    if not place.endswith(".py"):
        yield Sentence(place, 1, _without_code(source))
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Sentence(place, token.start[0], token.string)
    for node in ast.walk(ast.parse(source, place)):
        if isinstance(node, ast.JoinedStr):
            yield Sentence(place, node.lineno, ast.unparse(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            if node.value in OF_THE_WIRE:
                continue
            yield Sentence(place, node.lineno, _without_code(node.value))


def read() -> Iterator[str]:
    """Every file that is read, without those that are never rewritten."""
    for path in files():
        place = str(path.relative_to(ROOT))
        if place.startswith(NEVER_REWRITTEN):
            continue
        if (path.suffix == ".md" and ("/" not in place or place.startswith(READ))) or (
            path.suffix == ".py" and place.startswith(READ)
        ):
            yield place
    yield DESCRIBED


def not_rewritten() -> tuple[str, ...]:
    """The files and folders that are not rewritten yet."""
    return tuple((ROOT / NOT_REWRITTEN).read_text(encoding="utf-8").split())


def _descriptions(source: str) -> Iterator[Sentence]:
    """The texts for people in an OpenAPI document, each at the line where it stands."""
    for number, line in enumerate(source.splitlines(), 1):
        if match := _DESCRIPTION.match(line):
            yield Sentence(DESCRIBED, number, _without_code(json.loads(match[1])))


def is_rewritten(place: str) -> bool:
    """Whether a file is outside the list of those that are not rewritten yet."""
    return not place.startswith(not_rewritten())


def rejected_of_rewritten() -> list[str]:
    """Every broken rule in the files that are rewritten."""
    return [one for place in read() if is_rewritten(place) for one in rejected(place)]


def _without_code(text: str) -> str:
    """The text with its fences, literals and links blank, with the same lines."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    for pattern in _CODE:
        text = pattern.sub(blank, text)
    return text


def _rejected_names(place: str) -> Iterator[str]:
    if not place.endswith(".py"):
        return
    tree = ast.parse((ROOT / place).read_text(encoding="utf-8"), place)
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        name = node.name.strip("_")
        if isinstance(node, ast.ClassDef) and _is_exception(node):
            continue  # an error is named for its condition: Refused, Unauthenticated
        if place.startswith(WITH_PUBLIC_NAMES) and name in PUBLIC:
            continue
        if any(getattr(one, "id", "").endswith("property") for one in node.decorator_list):
            continue  # an attribute is an adjective: ``result.replayed``
        if _is_participle(name) or name.lower() in FORBIDDEN_NAMES or "seal" in name.lower():
            yield f"{place}:{node.lineno}: {node.name} -> a noun or a verb of the field"


def _is_participle(name: str) -> bool:
    """Whether the name is one participle.

    >>> [_is_participle(name) for name in ("Kept", "folded", "is_folded", "need", "PromiseKept")]
    [True, True, False, False, False]
    """
    if "_" in name or not name.isalpha() or not (name.islower() or name.istitle()):
        return False
    word = name.lower()
    return word in PARTICIPLES or (word.endswith("ed") and word not in NOUNS_IN_ED)


def _is_exception(node: ast.ClassDef) -> bool:
    bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
    return bool(bases & ERRORS) or any(name.endswith(("Error", "Exception")) for name in bases)


ERRORS = frozenset(
    {"Conflict", "Corrupt", "Invalid", "LedgerError", "NotFound", "Problem", "Unavailable"}
)
"""The errors of ours from which others are derived."""


if __name__ == "__main__":
    for place in read():
        for one in rejected(place):
            print(one if is_rewritten(place) else f"(not rewritten yet) {one}")
