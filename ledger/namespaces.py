"""What a ledger does with its namespace, and what it answers where it has none.

The namespace travels only with the keys: with it guesses of refs can be tested, also after an
erasure. A ledger that was imported without it is for audit, and knows its contacts by UUID alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid5

from domain.decisions.reasons import refusal

if TYPE_CHECKING:
    from uuid import UUID


class InNamespace:
    """Makes ids of names and texts, always the same in one ledger."""

    def __init__(self, namespace: UUID | None) -> None:
        self._namespace = namespace

    @property
    def namespace(self) -> UUID:
        """The ledger's own namespace.

        Raises:
            Refused: ``namespace-missing``: the ledger was imported without it.
        """
        if self._namespace is None:
            raise refusal("namespace-missing")
        return self._namespace

    def id_of(self, text: str) -> UUID:
        """The id of a text.

        Raises:
            Refused: ``namespace-missing``.
        """
        return uuid5(self.namespace, text)
