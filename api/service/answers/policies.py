"""The versions of the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from api.service.answers.document import Document, Instant, Position, schema_named

if TYPE_CHECKING:
    from domain.timeline import PolicyVersion as Published


class PolicyVersion(Document):
    """A version of the policy, without its document."""

    policy_version: int
    name: str
    effective_from: Instant
    sha256: str
    position: Position

    @classmethod
    def of(cls, published: Published) -> Self:
        """A version that was published."""
        return cls.model_validate(cls.fields_of(published))

    @staticmethod
    def fields_of(published: Published) -> dict[str, object]:
        """The values of the fields."""
        return {
            "policy_version": published.version,
            "name": published.policy.name,
            "effective_from": published.effective_from,
            "sha256": published.sha256,
            "position": published.position,
        }


class WholePolicyVersion(PolicyVersion):
    """A version of the policy with its document, in which nothing is left out."""

    policy: Annotated[dict[str, Any], schema_named("Policy")]

    @classmethod
    def of(cls, published: Published) -> Self:
        """A version that was published."""
        document = published.document()
        return cls.model_validate({**cls.fields_of(published), "policy": document})
