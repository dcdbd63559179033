"""Trees and a signed note that others published, with their source said in the file."""

from __future__ import annotations

import json
from pathlib import Path

_VECTORS = json.loads(Path(__file__).with_name("rfc6962_vectors.json").read_text(encoding="utf-8"))

LEAVES: tuple[bytes, ...] = tuple(bytes.fromhex(leaf) for leaf in _VECTORS["leaves_hex"])
ROOTS: tuple[bytes, ...] = tuple(bytes.fromhex(root) for root in _VECTORS["roots_hex_by_size"])
"""The root of the tree of the first so many leaves."""

VERIFIER: str = _VECTORS["signed_note"]["vkey"]
TEXT: str = _VECTORS["signed_note"]["text"]
SIGNATURE_LINE: str = (
    f"— {_VECTORS['signed_note']['signer']} {_VECTORS['signed_note']['signature_base64']}"
)
NOTE: bytes = f"{TEXT}\n{SIGNATURE_LINE}\n".encode()
