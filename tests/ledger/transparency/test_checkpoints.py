from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Unproven
from ledger.transparency.checkpoints import Checkpoint, CheckpointRefused, verify_checkpoint
from ledger.transparency.merkle import EMPTY_ROOT, MOST_LEAVES
from ledger.transparency.notes import Note, Signer, SignerUnknown, sign, to_base64
from tests.golden import published_vectors as published
from tests.ledger.transparency.mutations import many_things_wrong, one_thing_wrong

ORIGIN = "rapport.invalid/main-0a1b2c3d"
LOG = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
WITNESS = Signer("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
ROOT = bytes(range(100, 132))
CHECKPOINT = Checkpoint(ORIGIN, 20852163, ROOT)

lines = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=30)


def test_the_published_checkpoint_is_read() -> None:
    checkpoint = Checkpoint.read(Note.read(published.CHECKPOINT).text)
    assert checkpoint.origin == "example.com/behind-the-sofa"
    assert checkpoint.size == 20852163
    assert checkpoint.root.hex()[:8] == "0ac5186a"
    assert f"{checkpoint.text()}\n" == published.CHECKPOINT.decode().partition("—")[0]


@given(lines, st.integers(1, MOST_LEAVES), st.binary(min_size=32, max_size=32), st.lists(lines))
def test_what_is_written_is_read_back(
    origin: str, size: int, root: bytes, extensions: list[str]
) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert Checkpoint.read(checkpoint.text()) == checkpoint


def test_the_empty_tree_has_a_checkpoint_with_its_one_root() -> None:
    checkpoint = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert checkpoint.text() == f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    assert Checkpoint.read(checkpoint.text()) == checkpoint
    with pytest.raises(CheckpointRefused):
        Checkpoint.read(f"{ORIGIN}\n0\n{to_base64(ROOT)}\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n\n",
        "origin\n7\n",
        f"origin\n7\n{to_base64(ROOT)}",
        f"\n7\n{to_base64(ROOT)}\n",
        f"origin\n7\n{to_base64(ROOT)}\n\n",
        f"origin\n7\n{to_base64(ROOT)}\nmore\n\n",
        f"origin\n7\n{to_base64(ROOT)}\n\nmore\n",
        f"origin\n7\n{to_base64(ROOT)}\nmore",
        f"origin\n07\n{to_base64(ROOT)}\n",
        f"origin\n00\n{to_base64(ROOT)}\n",
        f"origin\n+7\n{to_base64(ROOT)}\n",
        f"origin\n-7\n{to_base64(ROOT)}\n",
        f"origin\n 7\n{to_base64(ROOT)}\n",
        f"origin\n7_0\n{to_base64(ROOT)}\n",
        f"origin\n7.0\n{to_base64(ROOT)}\n",
        f"origin\n\u0667\n{to_base64(ROOT)}\n",  # a digit, but not ours
        f"origin\n7\u0667\n{to_base64(ROOT)}\n",
        f"origin\n0x7\n{to_base64(ROOT)}\n",
        f"origin\n\n{to_base64(ROOT)}\n",
        f"origin\n{MOST_LEAVES + 1}\n{to_base64(ROOT)}\n",
        f"origin\n{'9' * 5000}\n{to_base64(ROOT)}\n",
        f"origin\n7\n{ROOT.hex()}\n",
        f"origin\n7\n{to_base64(ROOT)[:-1]}\n",
        f"origin\n7\n{to_base64(ROOT)}=\n",
        f"origin\n7\n{to_base64(ROOT[:31])}\n",
        f"origin\n7\n{to_base64(ROOT + ROOT)}\n",
        f"origin\n7\n {to_base64(ROOT)}\n",
        "origin\n7\n\n",
        "origin\n7\né\n",
    ],
)
def test_what_is_not_a_checkpoint_in_every_detail_is_refused(text: str) -> None:
    with pytest.raises(CheckpointRefused):
        Checkpoint.read(text)


@pytest.mark.parametrize(
    ("origin", "size", "root", "extensions"),
    [
        ("", 7, ROOT, ()),
        ("a\nb", 7, ROOT, ()),
        ("a", -1, ROOT, ()),
        ("a", MOST_LEAVES + 1, ROOT, ()),
        ("a", 0, ROOT, ()),
        ("a", 7, ROOT[1:], ()),
        ("a", 7, ROOT, ("",)),
        ("a", 7, ROOT, ("one\ntwo",)),
    ],
)
def test_a_checkpoint_cannot_say_that(
    origin: str, size: int, root: bytes, extensions: tuple[str, ...]
) -> None:
    with pytest.raises(CheckpointRefused):
        Checkpoint(origin, size, root, extensions)


@given(st.text(st.sampled_from("ab07+/=\n —")))
def test_any_text_is_a_checkpoint_or_refused(text: str) -> None:
    try:
        checkpoint = Checkpoint.read(text)
    except CheckpointRefused:
        return
    assert checkpoint.text() == text


def test_a_changed_text_is_another_checkpoint_or_none() -> None:
    """There are never two ways to write one."""
    written = Checkpoint(ORIGIN, 20852163, ROOT, ("extended",)).text().encode()
    read = 0
    for changed in (*one_thing_wrong(written), *many_things_wrong(written, random.Random(4), 4000)):
        text = changed.decode(errors="replace")
        try:
            checkpoint = Checkpoint.read(text)
        except CheckpointRefused:
            continue
        read += 1
        assert checkpoint.text() == text
    assert read


def test_a_checkpoint_signed_by_its_log_is_verified() -> None:
    content = sign(CHECKPOINT.text(), [WITNESS, LOG]).to_bytes()
    assert verify_checkpoint(content, [LOG.verifier]) == CHECKPOINT
    assert verify_checkpoint(content, [WITNESS.verifier, LOG.verifier]) == CHECKPOINT


def test_a_checkpoint_that_only_others_signed_is_refused() -> None:
    content = sign(CHECKPOINT.text(), [WITNESS, LOG]).to_bytes()
    with pytest.raises(CheckpointRefused, match="no key with the name of the log"):
        verify_checkpoint(content, [WITNESS.verifier])
    with pytest.raises(SignerUnknown):
        verify_checkpoint(content, [])


def test_a_signed_text_that_is_no_checkpoint_is_refused() -> None:
    with pytest.raises(CheckpointRefused):
        verify_checkpoint(sign("anything else\n", [LOG]).to_bytes(), [LOG.verifier])


def test_a_signed_checkpoint_changed_anywhere_is_refused() -> None:
    content = sign(CHECKPOINT.text(), [LOG]).to_bytes()
    chance = random.Random(5)
    for changed in (*one_thing_wrong(content), *many_things_wrong(content, chance, 3000)):
        if changed != content:
            with pytest.raises(Unproven):
                verify_checkpoint(changed, [LOG.verifier])
