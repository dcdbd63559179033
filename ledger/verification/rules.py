"""Rules that hold wherever a ledger is read from: what is wrong, in words."""

from __future__ import annotations

Place = tuple[bytes, int, int]
"""Where an event stands: its stream, its version in it, and its position."""


def wrong_version(before: Place, found: Place) -> str | None:
    """What is wrong with an event that comes after that one in its stream, if anything.

    The one before the first of a stream has version 0 and position 0.
    """
    _, version, position = before
    if found[1] != version + 1:
        return f"version {found[1]} of its stream stands where {version + 1} must"
    return f"version {found[1]} of its stream stands too early" if found[2] < position else None


def not_signed_by_given(*, older: bool, newer: bool) -> str:
    """What to tell whose keys did not sign the newest checkpoint.

    The log may list one of them as ``older`` than those that did, or as ``newer``.
    """
    detail = "no key that was given signed the newest checkpoint"
    if newer:
        return f"{detail}: the log lists it as its next one, which signs from the next event on"
    if older:
        detail += (
            ": the log lists it as an older one, and its key was rotated since; ask"
            " its operator for the new key, which signed one checkpoint together with the old"
        )
    return detail
