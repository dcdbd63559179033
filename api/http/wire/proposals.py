"""Policies that a client proposes, to be published or to be tried: a preset, or a document."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from api.http.wire.coordinates import MOMENT, Moment, read_sent_moment
from api.http.wire.query import Reads
from api.http.wire.sent import SentObject
from api.service.answers.document import SCHEMA_NAMED
from domain.errors import Invalid
from domain.fitting.fit import Target
from domain.kinds import Choice, Whole
from domain.policy import Policy
from domain.presets import PRESETS, read_policy


def _read_preset(value: object) -> Policy:
    return PRESETS[Choice(tuple(PRESETS)).read(value)]


class ProposedPolicy(SentObject):
    """A policy that is sent: either of the two."""

    preset: Annotated[
        Policy | None,
        Reads(_read_preset, {"type": "string", "enum": list(PRESETS)}, nullable=True),
    ] = None
    policy: Annotated[
        Policy | None, Reads(read_policy, {SCHEMA_NAMED: "SentPolicy"}, nullable=True)
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _either(cls, sent: dict[str, Any]) -> dict[str, Any]:
        if sent.keys() <= cls.names() and (sent.get("preset") is None) == (
            sent.get("policy") is None
        ):
            raise Invalid.at("", "missing", "must have either preset or policy")
        return sent

    @classmethod
    def names(cls) -> set[str]:
        """The names of the fields, as they are sent."""
        return {one.alias or name for name, one in cls.model_fields.items()}

    @classmethod
    def schema_of(cls) -> dict[str, Any]:
        """Either of the two objects; each has a title, which generated clients name it by."""
        whole = super().schema_of()
        more = dict(whole["properties"])
        preset, document = (more.pop(name)["anyOf"][0] for name in ("preset", "policy"))
        nothing = {"type": "null"}
        return {
            "description": whole["description"],
            "oneOf": [
                {
                    "type": "object",
                    "title": f"{cls.__name__}{kind}",
                    "properties": {**chosen, **more},
                    "required": [required],
                    "additionalProperties": False,
                }
                for kind, required, chosen in (
                    ("Preset", "preset", {"preset": preset, "policy": nothing}),
                    ("Document", "policy", {"policy": document, "preset": nothing}),
                )
            ],
        }

    def to_policy(self: Self) -> Policy:
        """The policy, whole."""
        policy = self.policy if self.preset is None else self.preset
        assert policy is not None, "there is either of the two"
        return policy


class NewPolicy(ProposedPolicy):
    """A policy to be published: either of the two. In force from an instant on, or from now."""

    EXAMPLES: ClassVar = {
        "a preset": {"preset": "cafe"},
        "a document": {
            "policy": {"extends": "cafe", "rhythm": {"demote_after_days": 28}},
            "effective_from": "2026-03-01T00:00:00Z",
        },
    }

    effective_from: Annotated[Moment, Reads(read_sent_moment, MOMENT, nullable=True)] = None


class PolicyPreview(NewPolicy):
    """A policy to be tried, on stages at ``to``, or at any time since ``from``."""

    EXAMPLES: ClassVar = {
        "a preset": {"preset": "cafe"},
        "a document, over a window": {
            "policy": {"extends": "retail", "signals": {"regularity": {"purchase_days": 4}}},
            "from": "2026-01-01T00:00:00Z",
            "to": "2026-03-01T00:00:00Z",
        },
    }

    from_at: Annotated[Moment, Reads(read_sent_moment, MOMENT, nullable=True)] = Field(
        default=None, alias="from"
    )
    to_at: Annotated[Moment, Reads(read_sent_moment, MOMENT, nullable=True)] = Field(
        default=None, alias="to"
    )


MOST_FALLS = 1000
"""The greatest number in a target."""

_NUMBER = Reads(Whole(1, MOST_FALLS).read, {"type": "integer", "minimum": 1, "maximum": MOST_FALLS})


class FitTarget(SentObject):
    """The number of falls by silence that are to stay falls for 90 days: ``stay`` of ``of``."""

    stay: Annotated[int, _NUMBER]
    of: Annotated[int, _NUMBER]


def _read_target(value: object) -> Target:
    sent = FitTarget.read(value)
    if sent.stay >= sent.of:
        raise Invalid.at("/stay", "contradiction", f"must be less than of, which is {sent.of}")
    return Target(sent.stay, sent.of)


class PolicyFit(ProposedPolicy):
    """A policy whose wait and purchase days are to be fitted, and how many falls are to stay."""

    EXAMPLES: ClassVar = {
        "a preset": {"preset": "retail"},
        "a document and a target": {
            "policy": {"extends": "cafe"},
            "target": {"stay": 3, "of": 4},
        },
    }

    target: Annotated[
        Target | None, Reads(_read_target, {SCHEMA_NAMED: "FitTarget"}, nullable=True)
    ] = None
    as_of: Annotated[Moment, Reads(read_sent_moment, MOMENT, nullable=True)] = None
