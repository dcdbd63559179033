"""What the documentation shows of the transparency log: a receipt, and what it rests on."""

from __future__ import annotations

from pathlib import Path

from api.http.openapi.example import example
from api.service.answers.log import ConsistencyProof, InclusionProof
from api.service.answers.receipts import Receipt

RECEIPT = Receipt.model_validate_json(
    Path(__file__).with_name("receipt.json").read_text(encoding="utf-8")
)
"""A receipt that a ledger gave; its key was thrown away."""
CHECKPOINT = RECEIPT.checkpoint
VERIFIER = "".join(f"{one}\n" for one in RECEIPT.verifiers)
INCLUSION = example(
    InclusionProof,
    {
        "leaf_index": 2,
        "tree_size": 3,
        "leaf_hash": "BZhGioltPKH4TkWr527GVI2ENDN51kufW08I2a4jOxU=",
        "root_hash": CHECKPOINT.split("\n")[2],
        "hashes": RECEIPT.events[-1].hashes,
    },
)
CONSISTENCY = example(ConsistencyProof, {"first": 2, "second": 3, "hashes": [INCLUSION.leaf_hash]})
TILE = "the SHA-256 of leaf 0: 32 bytes."
"""Stands for 32 bytes; the example of a tile of width 1."""
ENTRY = "msgpack"
BUNDLE = f"\x00\x07{ENTRY}"
