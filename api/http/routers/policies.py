"""The policies that judge: which were published, and publishing another."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from api.http.endpoint import Answer, Body, Routes, Shown
from api.http.openapi import examples, shapes
from api.http.ordered_acts import carry_out
from api.http.wire.bodies import optional, read_object, read_proposed
from api.service.answers.document import Page
from api.service.answers.policies import PolicyVersion, WholePolicyVersion
from domain.errors import PolicyNotFound
from domain.kinds import read_instant
from ledger.access.scopes import ADMIN, READ

if TYPE_CHECKING:
    from api.http.call import Call

ROUTES = Routes("Policies")

_FIELDS = ("preset", "policy", "effective_from")


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/policies",
    scopes=(READ,),
    summary="The versions of the policy",
    answers={
        200: Shown(
            description="All versions, oldest first, without their documents.",
            example=Page[PolicyVersion](items=(examples.POLICY,), next_cursor=None),
        )
    },
)
def list_policies(call: Call) -> Answer:
    """In force at an instant is the one with the greatest `effective_from` at or before it."""
    versions = call.open_ledger.ledger.policies().versions
    items = tuple(PolicyVersion.of(one) for one in versions)
    return Answer(body=Page[PolicyVersion](items=items, next_cursor=None))


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/policies/{version}",
    scopes=(READ,),
    summary="One version of the policy, whole",
    answers={
        200: Shown(
            description="The version with its document.",
            example=examples.WHOLE_POLICY,
            headers=("ETag",),
        )
    },
    problems=("policy-not-found",),
)
def read_policy_version(call: Call) -> Answer:
    """A version never changes; what it leaves out of a preset stands in it too."""
    text = call.text("version")
    for one in call.open_ledger.ledger.policies().versions:
        if str(one.version) == text:
            return Answer(body=WholePolicyVersion.of(one), digest=True)
    number = text if re.fullmatch("[0-9]{1,16}", text) else "of that name"
    raise PolicyNotFound(f"no version {number} of the policy was published")


@ROUTES.on(
    "POST",
    "/v1/ledgers/{ledger}/policies",
    scopes=(ADMIN,),
    summary="Publish a policy: a preset, or a document",
    body=Body(
        schema=shapes.PUBLISH,
        examples={
            "a preset": {"preset": "cafe"},
            "a document": {
                "policy": {"extends": "cafe", "rhythm": {"demotion_floor_days": 28}},
                "effective_from": "2026-03-01T00:00:00Z",
            },
        },
    ),
    answers={
        201: Shown(
            description="The version that was published.",
            example=examples.POLICY,
            headers=("Location", "Rapport-Position"),
        )
    },
    problems=("invalid-time", "refused", "unavailable"),
)
async def publish_policy(call: Call) -> Answer:
    """In force from `effective_from`, which may lie in the past, or else from now on.

    A document may leave out whatever is as in the preset that it `extends`, or else in `retail`.
    """
    body = read_object(call.body, _FIELDS)
    policy = read_proposed(body)
    effective_from = optional(body, "effective_from", read_instant)
    order = await run_in_threadpool(call.order, "policy-published", policy.name)
    publish = partial(call.open_ledger.ledger.publish_policy, policy, effective_from)
    published = await carry_out(order, publish)
    return Answer(
        body=PolicyVersion.of(published),
        status=201,
        headers={"Location": f"{call.base}/policies/{published.version}"},
        position=published.position,
    )
