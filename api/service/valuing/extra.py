"""Whether the libraries of the fit are installed: they are an extra of the distribution."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from domain.decisions.reasons import refusal

LIBRARIES = ("numpy", "scipy")
"""What the extra ``value`` brings."""


def require_extra() -> None:
    """Let pass where the libraries are installed.

    Raises:
        Refused: ``value-not-installed``, with the command that installs them.
    """
    try:
        for name in LIBRARIES:
            version(name)
    except PackageNotFoundError:
        raise refusal("value-not-installed") from None


def versions() -> dict[str, str]:
    """The versions of all that decides the digits of a fit."""
    names = ("rapport-ledger", "tzdata", *LIBRARIES)
    return {name.removesuffix("-ledger"): version(name) for name in names}
