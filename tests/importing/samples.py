"""The made-up samples of the exports that ready mappings are for, and what each asks for."""

from __future__ import annotations

from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "examples" / "samples"

SETTINGS = {
    "square-items": {"currency": "USD"},
    "square-transactions": {"currency": "USD"},
    "toast-checks": {"currency": "USD", "time_zone": "America/New_York"},
    "woocommerce-orders": {"time_zone": "Europe/Berlin"},
}
"""What the files do not say, by mapping."""


def sample(name: str) -> Path:
    """The sample of a ready mapping."""
    return SAMPLES / f"{name}{'.vcf' if name == 'vcard' else '.csv'}"
