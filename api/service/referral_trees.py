"""Whom contacts brought: trees, the graph of all referrals, connections, and exposures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.answers.money import Amount, NetRevenue
from api.service.answers.referrals import Referral
from api.service.answers.trees import (
    Downstream,
    ExposureItem,
    GraphReferral,
    GraphReferrer,
    ReferralPathStep,
    TreeNode,
    TreeSum,
)
from api.service.known_contacts import KnownContacts, contacts_with
from domain.credit import closes_circle
from domain.errors import ContactNotFound
from domain.events.referrals import ReferralMade
from domain.events.service import ComplaintRaised
from domain.exposure import Exposure, exposure_of, open_complaint_ids
from domain.referral_trees import connection, has_credit, tree_of
from domain.referrals import outcome_at
from domain.revenue import net_of_a_year_and_ever, next_leaving_at, sum_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from api.service.labels import Labels
    from domain.referral_trees import Branch
    from domain.referrals import Edge
    from ledger.ledger import Ledger
    from projections.folding import Moment


class Trees:
    """The trees of a ledger at a moment; each contact is read once."""

    def __init__(self, contacts: KnownContacts) -> None:
        self.contacts = contacts
        self._at = contacts.moment.at

    def credits_of(self, contact: UUID) -> list[Edge]:
        """The referrals of a contact that have the credit for whom they brought."""
        return [edge for edge in self.contacts.edges(contact) if self.has_credit(edge)]

    def has_credit(self, edge: Edge) -> bool:
        """Whether a referral has the credit for the contact referred."""
        known = self.contacts
        if not edge.inbound:
            return False
        bought = known.commerce(edge.other)
        return has_credit(edge, known.edges_to, bought, known.policy_at, self._at)

    def of(self, contact: UUID) -> tuple[Branch, ...]:
        """The tree of a contact."""
        return tree_of(contact, self.credits_of, self._at)

    def exposure(self, contact: UUID) -> dict[str, int]:
        """What a complaint of a contact puts at risk, by currency."""
        known = self.contacts
        tree = [known.history(branch.edge.other) for branch in self.of(contact)]
        return exposure_of(known.history(contact).facts, tree, self._at)

    def exposure_changes_at(self, contact: UUID) -> int | None:
        """The next instant at which the exposure changes with no fact; None if never."""
        known = self.contacts
        people = [contact, *(branch.edge.other for branch in self.of(contact))]
        leaving = [next_leaving_at(known.history(one).facts, self._at) for one in people]
        return min((one for one in leaving if one is not None), default=None)

    def outcome(self, edge: Edge) -> str:
        """What had become of a referral."""
        known = self.contacts
        by_purchase = known.policy_at(self._at).partner.won_by_purchase
        bought = known.commerce(edge.other)
        return outcome_at(edge, bought, self._at, by_purchase=by_purchase).name


def known_contact(contacts: KnownContacts, contact_id: UUID) -> UUID:
    """The survivor that answers for a contact.

    Raises:
        ContactNotFound: nobody had registered it by then.
    """
    survivor = contacts.moment.aliases.survivor_of(contact_id)
    if not contacts.is_known(survivor):
        raise ContactNotFound("no such contact is registered, as far as was known")
    return survivor


def downstream_of(
    ledger: Ledger,
    moment: Moment,
    contact_id: UUID,
    depth: int | None,
    labels: Labels,
    most_events: int | None,
) -> Downstream:
    """The tree of a contact down to a depth, with what each of its contacts is and brought.

    Raises:
        ContactNotFound: nobody had registered it by then.
        Invalid: there is more to read than one answer may.
    """
    trees = Trees(KnownContacts(ledger, moment, most_events))
    survivor = known_contact(trees.contacts, contact_id)
    branches = trees.of(survivor)
    shown = [one for one in branches if depth is None or one.depth <= depth]
    nodes = [_node(trees, branch, labels) for branch in shown]
    return Downstream(
        contact_id=survivor,
        position=moment.position,
        as_of=moment.at,
        contacts=len(branches),
        nodes=tuple(nodes),
        sums=_sums(nodes),
        exposure=Amount.each(trees.exposure(survivor)),
    )


def _node(trees: Trees, branch: Branch, labels: Labels) -> TreeNode:
    known, edge, at = trees.contacts, branch.edge, trees.contacts.moment.at
    contact = edge.other
    net = net_of_a_year_and_ever(known.history(contact).facts, at)
    return TreeNode(
        contact_id=contact,
        name=labels.name_of(contact),
        by=edge.referrer,
        depth=branch.depth,
        referral_id=edge.referral_id,
        level=edge.level_at(at),
        outcome=trees.outcome(edge),
        stage=known.relationship(contact).stage,
        standing=known.standing(contact).standing,
        net=tuple(NetRevenue.model_validate(one) for one in net),
    )


def _sums(nodes: Sequence[TreeNode]) -> tuple[TreeSum, ...]:
    lately = sum_of({one.currency: one.days_365_minor for one in node.net} for node in nodes)
    ever = sum_of({one.currency: one.ever_minor for one in node.net} for node in nodes)
    return tuple(
        TreeSum(
            currency=currency,
            contacts=sum(any(one.currency == currency for one in node.net) for node in nodes),
            days_365_minor=lately[currency],
            ever_minor=minor,
        )
        for currency, minor in ever.items()
    )


def referrers_at(ledger: Ledger, moment: Moment, most_events: int | None) -> list[UUID]:
    """The contacts who had sent us somebody by the moment, in the order of their ids.

    Raises:
        Invalid: there is more to read than one answer may.
    """
    contacts = KnownContacts(ledger, moment, most_events)
    return [
        one
        for one in contacts_with(ledger, moment, ReferralMade.TYPE)
        if any(edge.inbound and edge.made_at <= moment.at for edge in contacts.edges(one))
    ]


def graph_rows(
    ledger: Ledger, moment: Moment, referrers: Iterable[UUID], most_events: int | None
) -> list[GraphReferrer]:
    """The inbound referrals of each of these, and which of them have the credit.

    Raises:
        Invalid: there is more to read than one answer may.
    """
    trees = Trees(KnownContacts(ledger, moment, most_events))
    return [
        GraphReferrer(
            contact_id=referrer,
            standing=trees.contacts.standing(referrer).standing,
            referrals=tuple(_graph_referrals(trees, referrer)),
        )
        for referrer in referrers
    ]


def _graph_referrals(trees: Trees, referrer: UUID) -> Iterable[GraphReferral]:
    known, at = trees.contacts, trees.contacts.moment.at
    streams = known.referral_streams(referrer)
    by_purchase = known.policy_at(at).partner.won_by_purchase
    for edge in known.edges(referrer):
        if edge.inbound and edge.made_at <= at:
            bought, stream = known.commerce(edge.other), streams[edge.event_id]
            shown = Referral.of(edge, bought, at, stream, by_purchase=by_purchase)
            credited = trees.has_credit(edge)
            yield GraphReferral.model_validate({**dict(shown), "credited": credited})


def connection_between(
    ledger: Ledger, moment: Moment, start: UUID, end: UUID, most_events: int | None
) -> list[ReferralPathStep]:
    """How two contacts are connected by referrals; empty where they are not.

    Raises:
        ContactNotFound: nobody had registered one of them by then.
        Invalid: there is more to read than one answer may.
    """
    known = KnownContacts(ledger, moment, most_events)
    ends = known_contact(known, start), known_contact(known, end)
    steps = connection(*ends, known.edges, known.edges_to, moment.at)
    return [
        ReferralPathStep(
            contact_id=step.contact_id,
            referral_id=None if step.edge is None else step.edge.referral_id,
        )
        for step in steps
    ]


def circles_of(
    ledger: Ledger, moment: Moment, contact: UUID, most_events: int | None
) -> frozenset[tuple[str, UUID]]:
    """The referrals of a contact without credit because whom they name had brought the contact.

    Each is its id and whom it names.

    Raises:
        Invalid: there is more to read than one answer may.
    """
    trees = Trees(KnownContacts(ledger, moment, most_events))
    known, at = trees.contacts, moment.at
    policy = known.policy_at(at)
    return frozenset(
        (edge.referral_id, edge.other)
        for edge in known.edges(contact)
        if edge.inbound
        and edge.made_at <= at
        and not trees.has_credit(edge)
        and closes_circle(edge, known.edges_to, policy, at)
    )


def exposures_at(ledger: Ledger, moment: Moment, most_events: int | None) -> list[Exposure]:
    """What the open complaints put at risk, the greatest first.

    Raises:
        Invalid: there is more to read than one answer may.
    """
    trees = Trees(KnownContacts(ledger, moment, most_events))
    found = []
    for contact in contacts_with(ledger, moment, ComplaintRaised.TYPE):
        if trees.contacts.is_known(contact):
            facts = trees.contacts.history(contact).facts
            if complaints := open_complaint_ids(facts, moment.at):
                found.append(Exposure(contact, complaints, trees.exposure(contact)))
    return sorted(found, key=lambda one: one.order)


def exposure_items(found: Iterable[Exposure]) -> list[ExposureItem]:
    """Exposures as an answer shows them."""
    return [
        ExposureItem(
            contact_id=one.contact_id,
            complaint_ids=one.complaint_ids,
            exposure=Amount.each(one.amounts),
        )
        for one in found
    ]
