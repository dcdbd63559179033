from __future__ import annotations

from ledger.transparency.notes import Note, Verifier, verify
from tests.golden.published_vectors import NOTE, TEXT, VERIFIER


def test_the_published_note_is_verified_by_its_published_key() -> None:
    verifier = Verifier.read(VERIFIER)
    assert verifier.written() == VERIFIER
    note = verify(NOTE, [verifier])
    assert note.text == TEXT
    assert note.written() == NOTE == Note.read(NOTE).written()
