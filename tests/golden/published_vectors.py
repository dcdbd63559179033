"""Trees, signed notes and a checkpoint that others published, with their source in the file."""

from __future__ import annotations

import base64
import json
from pathlib import Path

_VECTORS = json.loads(Path(__file__).with_name("rfc6962_vectors.json").read_text(encoding="utf-8"))
_NOTE, _GO_NOTE = _VECTORS["signed_note"], _VECTORS["go_note"]

LEAVES: tuple[bytes, ...] = tuple(bytes.fromhex(leaf) for leaf in _VECTORS["leaves_hex"])
ROOTS: tuple[bytes, ...] = tuple(bytes.fromhex(root) for root in _VECTORS["roots_hex_by_size"])
"""The root of the tree of the first so many leaves."""

VERIFIER: str = _NOTE["vkey"]
TEXT: str = _NOTE["text"]
NOTE: bytes = f"{TEXT}\n— {_NOTE['signer']} {_NOTE['signature_base64']}\n".encode()

GO_VERIFIER: str = _GO_NOTE["vkey"]
GO_PRIVATE_KEY: bytes = base64.b64decode(_GO_NOTE["published_private_key_base64"])
GO_TEXT: str = _GO_NOTE["text"]
GO_SIGNATURE_LINE: str = _GO_NOTE["signature_line"]

CHECKPOINT: bytes = _VECTORS["checkpoint"].encode()
