"""The point in both times that a request asks about, read from its query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.http.wire.parameters import AS_KNOWN_AT, AS_OF, POLICY_VERSION
from api.service.questions import At, Question, moment_of

if TYPE_CHECKING:
    from api.http.call import Call


def question_of(call: Call) -> Question:
    """What a request asks about.

    Raises:
        Invalid: an instant too far ahead, or a position that is not recorded yet.
        PolicyNotFound: no such version was published.
    """
    open_ledger = call.open_ledger
    asked = At(call.get(AS_OF), call.get(AS_KNOWN_AT), call.get(POLICY_VERSION))
    found = moment_of(open_ledger.ledger, open_ledger.aliases, asked, call.server.clock())
    return Question(open_ledger.ledger, found.at, found.position, found.policies, found.aliases)
