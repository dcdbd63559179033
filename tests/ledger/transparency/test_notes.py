from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from hypothesis import given
from hypothesis import strategies as st

from ledger.transparency.notes import (
    MOST_NOTE_BYTES,
    MOST_SIGNATURES,
    Note,
    NoteRefused,
    Signature,
    SignatureWrong,
    Signer,
    SignerUnknown,
    Verifier,
    VerifierRefused,
    from_base64,
    sign,
    to_base64,
    verify,
)
from tests.golden import published_vectors as published
from tests.ledger.transparency.mutations import many_things_wrong, one_thing_wrong

ALICE = Signer("alice.example/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ALICES_NEXT = Signer("alice.example/log", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
BOB = Signer("bob.example/witness", Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))
TEXT = "Ognuno sta solo\n\nsul cuor della terra — così\n"
NOTE = sign(TEXT, [ALICE]).to_bytes()

texts = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]) | st.just("\n")).map(
    lambda text: text + "\n"
)


def test_the_published_note_is_verified_by_its_published_key() -> None:
    verifier = Verifier.read(published.VERIFIER)
    assert verifier.to_text() == published.VERIFIER
    note = verify(published.NOTE, [verifier])
    assert note.text == published.TEXT
    assert note.to_bytes() == published.NOTE == Note.read(published.NOTE).to_bytes()


def test_the_note_in_the_documentation_of_go_is_signed_byte_for_byte() -> None:
    """Ed25519 leaves nothing to chance, so the same key signs the same bytes."""
    key = Ed25519PrivateKey.from_private_bytes(published.GO_PRIVATE_KEY)
    signer = Signer("PeterNeumann", key)
    assert signer.verifier == Verifier.read(published.GO_VERIFIER)
    assert signer.verifier.to_text() == published.GO_VERIFIER
    assert signer.sign(published.GO_TEXT) == published.GO_SIGNATURE_LINE


@given(texts)
def test_what_is_signed_is_read_back_and_verified(text: str) -> None:
    content = sign(text, [ALICE, BOB]).to_bytes()
    assert Note.read(content).to_bytes() == content
    note = verify(content, [BOB.verifier, ALICE.verifier])
    assert note == sign(text, [ALICE, BOB])


def test_a_text_may_hold_blank_lines_and_lines_like_signatures() -> None:
    for text in ("\n", "\n\n\n", f"a\n\n{ALICE.sign(TEXT)}\n", f"{BOB.sign(TEXT)}\n\n"):
        assert verify(sign(text, [ALICE]).to_bytes(), [ALICE.verifier]).text == text


def test_signatures_by_unknown_keys_are_passed_over() -> None:
    """Also those that share the name or the id of a known key, but not both."""
    namesake = Signature(ALICE.name, b"\x00\x00\x00\x00", b"of a type from the future")
    same_id = Signature("carol.example", ALICE.verifier.key_id, b"?" * 64)
    good = ALICE.signature(TEXT)
    note = Note(TEXT, (namesake, BOB.signature("another text\n"), same_id, good))
    assert verify(note.to_bytes(), [ALICE.verifier]) == Note(TEXT, (good,))


def test_a_note_that_nobody_known_signed_is_refused() -> None:
    with pytest.raises(SignerUnknown):
        verify(NOTE, [BOB.verifier, ALICES_NEXT.verifier])
    with pytest.raises(SignerUnknown):
        verify(NOTE, [])


def test_one_wrong_signature_by_a_known_key_refuses_the_note() -> None:
    good, wrong = ALICE.signature(TEXT), ALICE.signature("another text\n")
    for note in (
        Note(TEXT, (wrong,)),
        Note(TEXT, (good, wrong)),
        Note(TEXT, (wrong, good)),
        Note(TEXT, (BOB.signature(TEXT), wrong)),
        Note(TEXT, (good, Signature(BOB.name, BOB.verifier.key_id, b"short"))),
    ):
        with pytest.raises(SignatureWrong, match=r"signature by .* is not one of this text"):
            verify(note.to_bytes(), [ALICE.verifier, BOB.verifier])


def test_a_doubled_signature_counts_once() -> None:
    good = ALICE.signature(TEXT)
    assert verify(Note(TEXT, (good, good)).to_bytes(), [ALICE.verifier]) == Note(TEXT, (good,))


def test_while_keys_are_exchanged_either_verifies() -> None:
    content = sign(TEXT, [ALICE, ALICES_NEXT]).to_bytes()
    for verifiers in ([ALICE.verifier], [ALICES_NEXT.verifier]):
        assert len(verify(content, verifiers).signatures) == 1
    assert len(verify(content, [ALICES_NEXT.verifier, ALICE.verifier]).signatures) == 2


def test_two_keys_with_one_name_and_id_are_refused_as_ambiguous() -> None:
    impostor = Verifier(ALICE.name, ALICE.verifier.key_id, BOB.verifier.public)
    with pytest.raises(NoteRefused, match="two different keys"):
        verify(NOTE, [ALICE.verifier, impostor])
    assert verify(NOTE, [ALICE.verifier, Verifier.read(ALICE.verifier.to_text())]).text == TEXT


@pytest.mark.parametrize("count", [16, MOST_SIGNATURES])
def test_so_many_signatures_are_read(count: int) -> None:
    others = [Signature("carol.example", b"none", bytes([n])) for n in range(count - 1)]
    note = Note(TEXT, (*others, ALICE.signature(TEXT)))
    assert verify(note.to_bytes(), [ALICE.verifier]).text == TEXT


def test_more_signatures_and_longer_notes_than_the_limits_are_refused() -> None:
    good = ALICE.signature(TEXT)
    with pytest.raises(NoteRefused, match="at most 100 signatures"):
        Note.read(Note(TEXT, (good,) * (MOST_SIGNATURES + 1)).to_bytes())
    with pytest.raises(NoteRefused, match="bytes"):
        Note.read(b"a" * MOST_NOTE_BYTES + NOTE)
    with pytest.raises(NoteRefused, match="1 to 100 signatures"):
        sign(TEXT, [])
    with pytest.raises(NoteRefused, match="1 to 100 signatures"):
        sign(TEXT, [ALICE] * (MOST_SIGNATURES + 1))


@pytest.mark.parametrize(
    "text", ["", "no newline", "a\x00b\n", "a\tb\n", "a\r\n", "a\x1fb\n", "\ud800\n"]
)
def test_what_no_note_can_say_is_not_signed(text: str) -> None:
    with pytest.raises(NoteRefused):
        sign(text, [ALICE])
    with pytest.raises(NoteRefused):
        ALICE.sign(text)


def _note(below: str, text: str = "text\n") -> bytes:
    return f"{text}\n{below}".encode()


GOOD = "— a AAAAAQI="


def test_a_note_of_the_fewest_bytes_is_read() -> None:
    note = Note.read(_note(f"{GOOD}\n", text="\n"))
    assert note == Note("\n", (Signature("a", b"\x00\x00\x00\x01", b"\x02"),))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\n\n",
        b"text\n",
        b"text\n\n",
        b"text\n\n\n",
        f"text\n{GOOD}\n".encode(),
        f"{GOOD}\n".encode(),
        _note(GOOD),  # no newline at the end
        _note(f"{GOOD}\nmore"),
        _note(f"{GOOD}\nmore\n"),
        _note(f" {GOOD}\n"),
        _note(f"{GOOD} \n"),
        _note(f"{GOOD}\r\n"),
        _note("- a AAAAAQI=\n"),
        _note("—a AAAAAQI=\n"),
        _note("—  AAAAAQI=\n"),
        _note("— a\n"),
        _note("— a \n"),
        _note("— a  AAAAAQI=\n"),
        _note("— a+b AAAAAQI=\n"),
        _note("— a\u3000b AAAAAQI=\n"),
        _note("— a\u00a0b AAAAAQI=\n"),
        _note("— a\u0085b AAAAAQI=\n"),
        _note("— a\u2028b AAAAAQI=\n"),
        _note("— a AAAAAA==\n"),  # an id and nothing more
        _note("— a AAAAAQI\n"),
        _note("— a AAAAAQI==\n"),
        _note("— a AAAAAQJ=\n"),  # bits that say nothing
        _note("— a AAAA-_I=\n"),
        _note("— a AAAAéQI=\n"),
        _note(f"{GOOD}\n", text="te\x00xt\n"),
        _note(f"{GOOD}\n", text="te\txt\n"),
        _note(f"{GOOD}\n", text="text\r\n"),
        b"te\xffxt\n\n" + f"{GOOD}\n".encode(),
        b"te\xed\xa0\x80xt\n\n" + f"{GOOD}\n".encode(),  # half of a pair
        b"te\xc1\xa1xt\n\n" + f"{GOOD}\n".encode(),  # longer than needed
    ],
)
def test_what_is_not_a_note_in_every_detail_is_refused(content: bytes) -> None:
    with pytest.raises(NoteRefused):
        Note.read(content)
    with pytest.raises(NoteRefused):
        verify(content, [ALICE.verifier])


def test_a_note_changed_anywhere_is_refused() -> None:
    for changed in one_thing_wrong(NOTE):
        if changed != NOTE:
            with pytest.raises(NoteRefused):
                verify(changed, [ALICE.verifier])


def test_a_note_with_many_changes_is_refused() -> None:
    for changed in many_things_wrong(NOTE, random.Random(1), 4000):
        with pytest.raises(NoteRefused):
            verify(changed, [ALICE.verifier])


@given(st.binary() | st.text().map(lambda text: f"{text}\n\n— {text}".encode(errors="replace")))
def test_any_bytes_are_a_note_or_refused(content: bytes) -> None:
    try:
        note = Note.read(content)
    except NoteRefused:
        return
    assert note.to_bytes() == content


def test_a_verifier_changed_anywhere_is_refused() -> None:
    written = ALICE.verifier.to_text().encode()
    chance = random.Random(2)
    for changed in (*one_thing_wrong(written), *many_things_wrong(written, chance, 4000)):
        if changed != written:
            with pytest.raises(VerifierRefused):
                Verifier.read(changed.decode(errors="surrogateescape"))


@given(st.text() | st.from_regex(r"[^+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}", fullmatch=True))
def test_any_other_text_is_refused_as_a_verifier(text: str) -> None:
    with pytest.raises(VerifierRefused):
        Verifier.read(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\x00b", "a\u2003b", "a\ud800b"])
def test_a_key_cannot_have_such_a_name(name: str) -> None:
    with pytest.raises(VerifierRefused):
        Signer(name, Ed25519PrivateKey.from_private_bytes(bytes(32)))


def test_a_key_of_another_type_is_refused() -> None:
    name, key_id, key = ALICE.verifier.to_text().split("+", 2)
    cosigning = to_base64(b"\x04" + from_base64(key)[1:])
    with pytest.raises(VerifierRefused, match="Ed25519 notes"):
        Verifier.read(f"{name}+{key_id}+{cosigning}")


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    key = to_base64(b"\x01" + bytes(length))
    with pytest.raises(VerifierRefused, match="no Ed25519 key"):
        Verifier.read(f"name+00000000+{key}")


def test_verifiers_are_equal_if_they_are_written_the_same() -> None:
    again = Verifier.read(ALICE.verifier.to_text())
    assert {again, ALICE.verifier} == {again}
    assert again != ALICES_NEXT.verifier
    assert again != again.to_text()


def test_a_point_that_is_no_key_verifies_nothing() -> None:
    chance = random.Random(3)
    for key in (bytes(32), b"\xff" * 32, *(chance.randbytes(32) for _ in range(200))):
        verifier = Verifier("x", b"none", Ed25519PublicKey.from_public_bytes(key))
        assert not verifier.verifies(TEXT, chance.randbytes(64))


@given(st.binary())
def test_base64_is_read_in_the_one_way_it_is_written(content: bytes) -> None:
    written = to_base64(content)
    assert from_base64(written) == content
    for other in (written + "=", written + "\n", " " + written, written + "A"):
        with pytest.raises(ValueError, match=r".+"):
            from_base64(other)
