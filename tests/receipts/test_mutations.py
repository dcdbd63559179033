"""Thousands of receipts that somebody spoiled: refused with a reason, and never a crash."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from api.http.wire import media
from api.service import strict_parsing
from api.service.receipts.checking import CheckedReceipt, check_receipt
from api.service.receipts.form import ReceiptRefused
from ledger.codec import pack, unpack
from ledger.transparency.notes import from_base64, to_base64
from tests.receipts.given import Json, forged, receipt_of, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.service.server import OpenLedger
    from ledger.transparency.notes import Verifier

STATES = 1500


def tries(few: int, many: int) -> pytest.MarkDecorator:
    """So many changes by chance; those of ``make test`` are the first of them."""
    long = pytest.mark.long(f"{many:,} receipts are checked")
    return pytest.mark.parametrize("tries", [few, pytest.param(many, marks=long)])


STRANGE: list[Any] = [
    None, True, False, 0, 1, -1, 2**53, 10**40, 1.0, 1e300, "", "x", "\0", "\u2014", [], {}, [[]],
]  # fmt: skip  # a list of values reads better in a block
LETTERS = "AaBb019+/=-:.zZ {\n"

Path = tuple[Any, ...]


def places(value: object, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    named = value.items() if isinstance(value, dict) else []
    for name, content in enumerate(value) if isinstance(value, list) else named:
        yield from places(content, (*path, name))


def at(value: Any, path: Path) -> Any:
    for name in path:
        value = value[name]
    return value


def spoil(chance: random.Random, parent: Any, name: Any, others: Any, paths: list[Path]) -> None:
    """Change one value of a JSON document in one of many ways."""
    value = parent[name]
    match chance.randrange(7):
        case 0:
            del parent[name]
        case 1:
            parent[name] = chance.choice(STRANGE)
        case 2 if type(value) is int:
            parent[name] = value + chance.choice([-1, 1, 256, -value, -2 * value])
        case 2 | 3 if isinstance(value, str) and value:
            parent[name] = _flipped(chance, value)
        case 4 if isinstance(parent, list):
            other = chance.randrange(len(parent))
            parent[name], parent[other] = parent[other], parent[name]
        case 5 if isinstance(parent, list):
            parent.insert(name, copy.deepcopy(value))
        case 6 if isinstance(parent, dict):
            parent["more"] = value
        case _:
            parent[name] = copy.deepcopy(at(others, chance.choice(paths)))


def _flipped(chance: random.Random, text: str) -> str:
    """Another letter, or another bit in what the text is in base64."""
    place = chance.randrange(len(text))
    try:
        content = bytearray(from_base64(text))
        content[place % len(content)] ^= 1 << chance.randrange(8)
        return to_base64(bytes(content))
    except (ValueError, ZeroDivisionError):
        return text[:place] + chance.choice(LETTERS) + text[place + 1 :]


def outcome(content: bytes, keys: list[Verifier]) -> CheckedReceipt | None:
    """What is proven, or None where it is refused; anything else is raised here."""
    try:
        return check_receipt(content, keys)
    except ReceiptRefused:
        return None


def is_same(content: bytes, receipt: Json) -> bool:
    """Whether it says the same in another way, such as with more white space."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return json.dumps(document, sort_keys=True) == json.dumps(receipt, sort_keys=True)


def require_refused(content: bytes, receipt: Json, keys: list[Verifier], story: OpenLedger) -> int:
    """1 if it was refused or is true, 0 if nothing was changed."""
    if is_same(content, receipt):
        return 0
    checked = outcome(content, keys)
    if checked is not None:
        document = json.loads(content)
        if document["tzdata"] != receipt["tzdata"]:
            # Nothing stands against it: it is compared with ours, and told.
            assert any("tzdata" in one for one in checked.warnings)
        # Another question may have the same answer by the same events; then this is its receipt.
        asked = document["question"]
        version = asked["policy_version"]
        more = {} if version is None else {"policy_version": version}
        right = receipt_of(story, UUID(asked["contact_id"]), position=asked["as_known_at"], **more)
        assert document == {**right, "tzdata": document["tzdata"]}, content[:2000]
    return 1


@tries(600, 2500)
def test_no_value_can_be_changed_without_being_refused(
    receipt: Json, keys: list[Verifier], story: OpenLedger, tries: int
) -> None:
    chance, paths, count = random.Random(1), list(places(receipt)), 0
    for _ in range(tries):
        document = copy.deepcopy(receipt)
        path = chance.choice(paths)
        spoil(chance, at(document, path[:-1]), path[-1], receipt, paths)
        count += require_refused(written(document), receipt, keys, story)
    assert count > tries * 0.9


@tries(800, 2500)
def test_no_byte_can_be_changed_without_being_refused(
    receipt: Json, keys: list[Verifier], story: OpenLedger, tries: int
) -> None:
    chance, whole, count = random.Random(2), written(receipt), 0
    for _ in range(tries):
        content = bytearray(whole)
        place = chance.randrange(len(whole))
        match chance.randrange(4):
            case 0:
                content[place] ^= 1 << chance.randrange(8)
            case 1:
                del content[place:]
            case 2:
                del content[place]
            case _:
                content.insert(place, chance.randrange(256))
        count += require_refused(bytes(content), receipt, keys, story)
    assert count > tries * 0.9


@tries(400, 1250)
def test_in_msgpack_it_proves_the_same_and_no_byte_of_it_can_be_changed(
    receipt: Json, keys: list[Verifier], tries: int
) -> None:
    packed = media.encode(receipt, strict_parsing.MSGPACK)
    assert check_receipt(packed, keys) == check_receipt(written(receipt), keys)
    chance = random.Random(4)
    for _ in range(tries):
        content = bytearray(packed)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        checked = outcome(bytes(content), keys)
        # What is only compared with ours, and told.
        assert checked is None or any("tzdata" in one for one in checked.warnings)


def test_whatever_a_forger_has_recorded_nothing_crashes(receipt: Json) -> None:
    """Signed and proven by the forger's own log, so that all of it is decoded and folded."""
    chance, believed = random.Random(3), 0
    for _ in range(STATES):
        document = copy.deepcopy(receipt)
        shown = chance.choice([*document["events"], *document["policies"]])
        for _ in range(chance.choice([1, 1, 3])):
            spoil_state(chance, shown)
        believed += outcome(written(forged(document)), []) is not None
    # Most break a rule; some change only what is sealed or what no answer depends on.
    assert 0 < believed < STATES / 2


def spoil_state(chance: random.Random, shown: Json) -> None:
    state = from_base64(shown["state"])
    if chance.random() < 0.2:
        content = bytearray(state)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        shown["state"] = to_base64(bytes(content))
        return
    try:
        values = unpack(state)
        paths = list(places(values))
        path = chance.choice(paths)
        spoil(chance, at(values, path[:-1]), path[-1], values, paths)
        shown["state"] = to_base64(pack(values))
    except (ValueError, TypeError, OverflowError, IndexError):
        pass  # what msgpack cannot hold is no stored state
