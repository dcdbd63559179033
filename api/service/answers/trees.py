"""Whom contacts brought: trees, the graph of referrals, connections and exposures."""

from __future__ import annotations

from uuid import UUID

from api.service.answers.contacts import ContactDocument
from api.service.answers.document import Document, Instant, Position, Stage, StandingName
from api.service.answers.money import Amount, NetRevenue
from api.service.answers.referrals import Referral


class TreeNode(Document):
    """A contact in a tree: by whom and with which referral they came, and what they brought."""

    contact_id: UUID
    name: str | None
    by: UUID
    depth: int
    referral_id: str
    level: int
    outcome: str
    stage: Stage
    standing: StandingName
    net: tuple[NetRevenue, ...]


class TreeSum(NetRevenue):
    """The sums of the nodes in a currency; ``contacts`` is the number of those who bought in it."""

    contacts: int


class Downstream(Document):
    """The tree of a contact, nearest first.

    ``contacts`` is the number in the whole tree; ``nodes`` and ``sums`` go down to the depth that
    was asked for. ``exposure`` is of the contact and the whole tree.
    """

    contact_id: UUID
    position: Position
    as_of: Instant
    contacts: int
    nodes: tuple[TreeNode, ...]
    sums: tuple[TreeSum, ...]
    exposure: tuple[Amount, ...]


class GraphReferral(Referral):
    """A referral, and whether it has the credit for whom it brought."""

    credited: bool


class GraphReferrer(ContactDocument):
    """A contact who sent us somebody, with all of their inbound referrals, oldest first."""

    contact_id: UUID
    standing: StandingName
    referrals: tuple[GraphReferral, ...]


class ReferralPathStep(ContactDocument):
    """A contact on the way, and the referral between them and the one before; null at first."""

    contact_id: UUID
    referral_id: str | None


class ReferralPath(Document):
    """The way from one contact to another; empty where referrals do not connect them."""

    path: tuple[ReferralPathStep, ...]


class ExposureItem(ContactDocument):
    """A contact with open complaints, and the revenue that these put at risk, by currency."""

    contact_id: UUID
    complaint_ids: tuple[str, ...]
    exposure: tuple[Amount, ...]
