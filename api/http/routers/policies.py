"""The policies that judge: which were published, and publishing another."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.http.access import allow
from api.http.bodies import body_dependency
from api.http.dependencies import (
    CurrentAudit,
    CurrentExchange,
    CurrentReply,
    LedgerInPath,
    instant_at,
)
from api.http.openapi import examples
from api.http.openapi.responses import problems, response_of
from api.http.ordered_acts import carry_out
from api.http.routing import LedgerRoute
from api.http.wire.path_types import VersionInPath
from api.http.wire.proposals import NewPolicy
from api.service.answers.document import Page
from api.service.answers.policies import PolicyVersion, WholePolicyVersion
from domain.errors import PolicyNotFound
from ledger.access.scopes import ADMIN, READ

router = APIRouter(
    prefix="/v1/ledgers/{ledger}/policies", tags=["Policies"], route_class=LedgerRoute
)


@router.get(
    "",
    dependencies=[allow(READ)],
    summary="List the versions of the policy",
    responses={
        200: response_of(
            "All versions, oldest first, without their documents.",
            Page[PolicyVersion](items=(examples.POLICY,), next_cursor=None),
        )
    },
)
def list_policies(served: LedgerInPath) -> Page[PolicyVersion]:
    """The version in force at an instant is the one with the greatest `effective_from` at or before
    it.
    """
    versions = served.ledger.policies().versions
    items = tuple(PolicyVersion.of(one) for one in versions)
    return Page[PolicyVersion](items=items, next_cursor=None)


@router.get(
    "/{version}",
    dependencies=[allow(READ)],
    summary="Get one version of the policy, with its whole document",
    responses={
        200: response_of("The version with its document.", examples.WHOLE_POLICY, "ETag"),
        **problems("policy-not-found"),
    },
)
def read_policy_version(
    served: LedgerInPath, version: VersionInPath, reply: CurrentReply
) -> WholePolicyVersion:
    """A version never changes. Its document also has what was taken over from a preset."""
    if not re.fullmatch("[1-9][0-9]{0,15}", version):
        raise PolicyNotFound("versions of the policy are whole numbers from 1")
    found = served.ledger.policies().only(int(version)).versions[0]
    reply.digest = True
    return WholePolicyVersion.of(found)


@router.post(
    "",
    dependencies=[allow(ADMIN)],
    summary="Publish a policy: a preset, or a document",
    status_code=201,
    responses={
        201: response_of(
            "The version that was published.", examples.POLICY, "Location", "Rapport-Position"
        ),
        **problems("invalid-time", "refused", "unavailable"),
    },
)
async def publish_policy(
    body: Annotated[NewPolicy, body_dependency(NewPolicy)],
    exchange: CurrentExchange,
    served: LedgerInPath,
    audit: CurrentAudit,
    reply: CurrentReply,
) -> PolicyVersion:
    """It is in force from `effective_from`, which may be in the past, or else from now on.

    A document may leave out whatever is as in the preset that it `extends`, or else in `retail`.
    """
    policy = body.to_policy()
    order = await run_in_threadpool(audit.order, "policy-published", policy.name)
    effective_from = instant_at(served.ledger, body.effective_from)
    publish = partial(served.ledger.publish_policy, policy, effective_from)
    published = await carry_out(order, publish)
    reply.headers["Location"] = f"{exchange.base}/policies/{published.version}"
    reply.position = published.position
    return PolicyVersion.of(published)
