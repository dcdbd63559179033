"""UUIDs made of their bytes, as often as events are read."""

from __future__ import annotations

from uuid import UUID, SafeUUID

_new, _set = object.__new__, object.__setattr__

_UNKNOWN = SafeUUID.unknown
"""Kept here, because to look up a member of an enumeration takes longer than to make a UUID."""


def uuid_of(packed: object) -> UUID:
    """The UUID of 16 bytes, as ``UUID(bytes=packed)``, which first asks what else it was given.

    Every event that is folded has one or more. From Python 3.14 on the standard library makes its
    own in this way.

    Raises:
        ValueError: they are not 16 bytes.
    """
    if type(packed) is not bytes or len(packed) != 16:
        raise ValueError("a UUID has 16 bytes")
    made = _new(UUID)
    _set(made, "int", int.from_bytes(packed, "big"))
    _set(made, "is_safe", _UNKNOWN)
    return made
