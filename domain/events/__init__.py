"""The catalogue of events: every fact that a ledger can hold.

Importing this package fills ``CATALOGUE``. Source: the domain document, section 1.
"""

from domain.events import care, commerce, contacts, governance, referrals, service
from domain.events.base import CATALOGUE, STAGES, EncryptedValue, Event, Field

__all__ = [
    "CATALOGUE",
    "STAGES",
    "EncryptedValue",
    "Event",
    "Field",
    "care",
    "commerce",
    "contacts",
    "governance",
    "referrals",
    "service",
]
