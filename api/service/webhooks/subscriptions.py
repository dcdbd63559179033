"""The webhooks of one ledger: made, changed, removed, and asked what became of their messages."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections import Counter
from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.decisions.reasons import refusal
from domain.errors import Corrupt, Invalid, Refused
from domain.events import CATALOGUE
from domain.notices import EVENT_RECORDED, KINDS, OF_EVENTS
from ledger.stores.keys import NONCE_BYTES
from ledger.stores.webhooks import Backlog, Webhook, WebhookNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.ledger import Ledger
    from ledger.stores.webhooks import Delivery, WebhookStore

SECRET_BYTES = 32
_PREFIX = "whsec_"
_PURPOSE = "webhook secrets"

AFTER_ALL = 2**62
"""A position that nothing reaches."""

MOST_WEBHOOKS = 100
"""How many webhooks a ledger has at most: each reads the log for itself."""


class Webhooks:
    """Who receives what happens in one ledger. Any thread may call.

    Every method raises ``Corrupt`` where the store is damaged, and ``Unavailable`` where it cannot
    be used now.
    """

    def __init__(
        self, ledger: Ledger, notice_before: Callable[[int], int], clock: Callable[[], int]
    ) -> None:
        """``notice_before`` is the newest number in the outbox before all that rest on a position
        or a later one.
        """
        self.ledger = ledger
        self._notice_before = notice_before
        self._clock = clock
        self._lock = RLock()
        self._store: WebhookStore | None = None
        self._known: tuple[Webhook, ...] | None = None
        self.counts: Counter[str] = Counter()
        """How many attempts came to what since the start: ``sent``, ``failed`` and, of these,
        ``dead``.
        """
        self.on_change: Callable[[], object] = lambda: None
        """Called when a webhook was made, changed or removed, or has something to send again."""

    def all(self) -> tuple[Webhook, ...]:
        """Every webhook, the oldest first, as it was described last."""
        with self._lock:
            if self._known is None:
                there = self._store is not None or self.ledger.store.has_webhooks()
                self._known = tuple(self.store.all()) if there else ()
            return self._known

    def with_backlogs(self) -> list[tuple[Webhook, Backlog]]:
        """Every webhook as it stands now, with what is left to deliver."""
        if not self.all():
            return []
        return [(one, self.store.backlog(one.id)) for one in self.store.all()]

    def find(self, webhook_id: UUID) -> Webhook:
        """The webhook of that id, as it stands now.

        Raises:
            WebhookNotFound: there is none.
        """
        if self.all():
            for one in self.store.all():
                if one.id == webhook_id:
                    return one
        raise WebhookNotFound("no webhook has that id")

    @property
    def store(self) -> WebhookStore:
        """The store, made where there is none."""
        with self._lock:
            if self._store is None:
                self._store = self.ledger.store.open_webhooks()
            return self._store

    def backlog(self, webhook: Webhook) -> Backlog:
        """What is left to deliver."""
        return self.store.backlog(webhook.id)

    def whole_backlog(self) -> Backlog:
        """What is left to deliver to all of them."""
        found = [self.store.backlog(one.id) for one in self.all()]
        oldest = min((one.oldest for one in found if one.oldest is not None), default=None)
        return Backlog(sum(one.waiting for one in found), sum(one.dead for one in found), oldest)

    def id_for(self, principal: str, path: str, key: str) -> UUID:
        """The id of a webhook that is made under an ``Idempotency-Key``: always the same."""
        return uuid5(self.ledger.namespace, f"{principal}\n{path}\n{key}")

    def add(
        self,
        webhook_id: UUID,
        *,
        url: str,
        events: Sequence[str],
        types: Sequence[str],
        personal: bool,
        description: str | None,
        enabled: bool,
        by_key: bool,
    ) -> tuple[Webhook, str | None]:
        """A new webhook and its secret; the one that is there, without it, where the key was
        ``by_key`` of the sender and was used before. It receives nothing that is past.

        Raises:
            Refused: the key was used for another webhook, there are too many, or the ledger is for
                audit alone.
            Invalid: the kinds and types do not go together.
        """
        require_sound(events, types)
        if self.ledger.for_audit:
            raise refusal("ledger-for-audit")
        asked = [url, sorted(events), sorted(types), personal, description, enabled]
        content = hashlib.sha256(json.dumps(asked).encode()).digest() if by_key else None
        with self._lock:
            for one in self.all():
                if one.id == webhook_id:
                    if one.content != content:
                        detail = "the Idempotency-Key was used for another webhook"
                        raise Refused("id-in-use", detail)
                    return self.find(webhook_id), None
            if len(self.all()) >= MOST_WEBHOOKS:
                raise Refused("too-many-webhooks", f"a ledger has at most {MOST_WEBHOOKS} webhooks")
            secret = _PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode()
            head = self.ledger.head()
            made = Webhook(
                id=webhook_id,
                url=url,
                events=tuple(events),
                types=tuple(types),
                personal=personal,
                description=description,
                enabled=enabled,
                secret=self._encrypt(webhook_id, secret),
                made_at=self._clock(),
                began_at=head,
                position=head,
                notice=self._notice_before(AFTER_ALL),
                content=content,
            )
            self.store.add(made)
            self._known = None
        self.on_change()
        return made, secret

    def change(self, webhook_id: UUID, changed_of: Callable[[Webhook], Webhook]) -> Webhook:
        """Have a webhook be another one from now on; how far it came stays as it is.

        ``changed_of`` makes the new one of the webhook as it stands then, so that of two changes
        at once neither takes back the other. What it raises is raised, and nothing is changed.
        Where it is sent to is asked at once after a change of that, whatever was tried before.

        Raises:
            WebhookNotFound: there is none of that id.
            Invalid: the kinds and types do not go together.
        """
        with self._lock:
            before = self.find(webhook_id)
            changed = changed_of(before)
            require_sound(changed.events, changed.types)
            # What it did not receive until now it receives from now on, as one that is made now.
            position, notice = before.position, before.notice
            if not OF_EVENTS.intersection(before.events) and OF_EVENTS.intersection(changed.events):
                position = self.ledger.head()
            if OF_EVENTS.issuperset(before.events) and not OF_EVENTS.issuperset(changed.events):
                notice = self._notice_before(AFTER_ALL)
            if (position, notice) != (before.position, before.notice):
                self.store.rewind(webhook_id, position, notice)
            is_elsewhere = changed.url != before.url or (changed.enabled and not before.enabled)
            self.store.change(changed, self._clock() if is_elsewhere else None)
            self._known = None
        self.on_change()
        return self.find(webhook_id)

    def disable(self, webhook: Webhook, because: str) -> None:
        """Send nothing more to a receiver that wants nothing more."""
        self.change(webhook.id, lambda one: replace(one, enabled=False, disabled_because=because))

    def remove(self, webhook_id: UUID) -> None:
        """Forget a webhook with everything that was to be delivered.

        Raises:
            WebhookNotFound: there is none.
        """
        with self._lock:
            self.find(webhook_id)
            self.store.remove(webhook_id)
            self._known = None
        self.on_change()

    def secret_of(self, webhook: Webhook) -> str:
        """The secret by which its messages are signed.

        Raises:
            Corrupt: it is damaged.
        """
        nonce, sealed = webhook.secret[:NONCE_BYTES], webhook.secret[NONCE_BYTES:]
        try:
            return self._cipher().decrypt(nonce, sealed, webhook.id.bytes).decode()
        except InvalidTag:
            raise Corrupt(f"the secret of webhook {webhook.id} is damaged") from None

    def deliveries(
        self, webhook_id: UUID, before: int | None, limit: int, state: str | None
    ) -> list[Delivery]:
        """What became of messages, the newest first.

        Raises:
            WebhookNotFound: there is no such webhook.
        """
        self.find(webhook_id)
        return self.store.deliveries(webhook_id, before, limit, state)

    def replay(self, webhook_id: UUID, from_position: int | None, ids: Sequence[UUID]) -> int:
        """Send again: everything from a position on, or single messages; how many, of the latter.

        Raises:
            WebhookNotFound: there is no such webhook.
        """
        with self._lock:
            self.find(webhook_id)
            found = 0
            if from_position is not None:
                self.store.rewind(webhook_id, from_position - 1, self._notice_before(from_position))
            else:
                found = self.store.revive(webhook_id, ids, self._clock())
            self._known = None
        self.on_change()
        return found

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _encrypt(self, webhook_id: UUID, secret: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher().encrypt(nonce, secret.encode(), webhook_id.bytes)

    def _cipher(self) -> AESGCM:
        return AESGCM(self.ledger.derived_key(_PURPOSE))


def require_sound(events: Sequence[str], types: Sequence[str]) -> None:
    """Let pass kinds of messages and types of events that go together.

    Raises:
        Invalid: naming what does not.
    """
    if not events:
        raise Invalid.at("/events", "too-short", "must name at least one kind of message")
    for place, kind in enumerate(events):
        if kind not in KINDS:
            detail = f"must be one of {', '.join(KINDS)}"
            raise Invalid.at(f"/events/{place}", "not-a-choice", detail)
    for place, name in enumerate(types):
        if name not in CATALOGUE:
            raise Invalid.at(f"/types/{place}", "not-a-choice", "is no type of event")
    if types and EVENT_RECORDED not in events:
        detail = f"chooses among events, and {EVENT_RECORDED} is not named"
        raise Invalid.at("/types", "contradiction", detail)
