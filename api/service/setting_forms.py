"""The forms of the settings that are no text: how each is read from the environment or a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _read_flag(value: str | bool) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}[value.lower()]


def _read_list(value: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value.split() if isinstance(value, str) else value)


def _read_networks(value: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return _read_list(value.replace(",", " ") if isinstance(value, str) else value)


def _read_key(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else bytes.fromhex(value)


_KEY = "32 bytes, written as 64 hexadecimal digits"

FORMS: Mapping[str, tuple[Callable[[Any], object], str]] = {
    "port": (int, "a whole number from 0 to 65535"),
    "memory_mb": (int, "a whole number of MiB"),
    "folder": (Path, "a path"),
    "master_key": (_read_key, _KEY),
    "next_master_key": (_read_key, _KEY),
    "log_public": (_read_flag, "true or false"),
    "cors_origins": (_read_list, "a list of origins, separated by spaces in the environment"),
    "webhook_allow": (_read_networks, "a list of networks, separated by commas or spaces"),
    "tls_certificate": (Path, "a path"),
    "tls_key": (Path, "a path"),
}
"""How settings are read that are no text, and the form that is asked for."""
