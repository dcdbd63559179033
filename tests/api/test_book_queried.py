"""The book against a query in SQL over the exported lines of the log, which shares no code with it.

Figures that rest on stages are held in tests/money, by a second reading of the stages.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from domain.instants import DAY, format_instant
from tests.api.shop import START, Json, Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

KNOWN = """
CREATE TABLE exported (id, stream, type, position, at, data);
CREATE VIEW standing AS SELECT * FROM exported WHERE id NOT IN (
    SELECT data ->> 'target' FROM exported WHERE type = 'event-retracted');
CREATE VIEW correction AS SELECT data ->> 'target' AS target, data ->> 'occurred_at' AS at,
    data -> 'data' AS data, max(position) FROM standing WHERE type = 'event-corrected' GROUP BY 1;
CREATE VIEW merge AS SELECT stream, data ->> 'into' AS into_, type, max(position) FROM standing
    WHERE type IN ('contact-merged', 'merge-reversed') GROUP BY stream;
CREATE VIEW known AS SELECT s.stream, s.type, coalesce(c.at, s.at) AS at,
    coalesce(m.into_, s.stream) AS who, coalesce(c.data, s.data) AS data FROM standing AS s
    LEFT JOIN correction AS c ON c.target = s.id
    LEFT JOIN merge AS m ON m.stream = s.stream AND m.type = 'contact-merged';
CREATE VIEW purchase AS SELECT *, data ->> 'purchase_id' AS number,
    data ->> 'category' AS category FROM known WHERE type = 'purchase-made';
CREATE VIEW refund AS SELECT r.*, p.category FROM known AS r JOIN purchase AS p
    ON p.stream = r.stream AND p.number = r.data ->> 'purchase_id'
    WHERE r.type = 'purchase-reversed';
CREATE VIEW line AS
    SELECT at, who, category, data ->> 'currency' AS currency, data ->> 'amount_minor' AS gross,
        0 AS refunds, 0 AS gestures, 0 AS rewards, who AS buyer FROM purchase
    UNION ALL SELECT at, who, category, data ->> 'currency', 0, data ->> 'amount_minor', 0, 0, NULL
        FROM refund
    UNION ALL SELECT at, who, NULL, data ->> 'currency', 0, 0, data ->> 'cost_minor', 0, NULL
        FROM known WHERE type = 'gesture-made'
    UNION ALL SELECT at, who, NULL, data ->> 'currency', 0, 0, 0,
        iif(type = 'reward-paid', 1, -1) * (data ->> 'amount_minor'), NULL
        FROM known WHERE type IN ('reward-paid', 'reward-reversed');
"""
FIGURES = """
SELECT {key}, currency, sum(gross), sum(refunds), sum(gross - refunds), count(buyer),
    count(DISTINCT buyer), sum(gestures), sum(rewards), sum(gross - refunds - gestures - rewards)
FROM line WHERE substr(at, 1, 7) BETWEEN ? AND ? AND ({only}) GROUP BY 1, 2
"""
KEYS = {"month": "substr(at, 1, 7)", "contact": "who", "category": "category"}
NAMES = (
    "gross_minor", "refunds_minor", "net_minor", "purchases", "contacts", "gestures_cost_minor",
    "rewards_paid_minor", "contribution_minor",
)  # fmt: skip
BESIDE = """
WITH brought AS (SELECT currency, who, sum(gross - refunds) AS net, count(buyer) AS bought FROM line
        WHERE buyer NOTNULL OR refunds > 0 GROUP BY 1, 2),
    referred AS (SELECT DISTINCT data ->> 'other' AS who FROM known WHERE type = 'referral-made'
        AND data ->> 'direction' = 'inbound' AND data ->> 'level' >= 1),
    gone AS (SELECT p.stream, p.number FROM purchase AS p JOIN refund AS r ON r.stream = p.stream
        AND r.data ->> 'purchase_id' = p.number GROUP BY 1, 2
        HAVING sum(r.data ->> 'amount_minor') >= max(p.data ->> 'amount_minor')),
    often AS (SELECT who FROM purchase WHERE (stream, number) NOT IN (SELECT * FROM gone)
        GROUP BY who HAVING count(DISTINCT substr(at, 1, 10)) > 1)
SELECT currency, 100 * sum(bought > 0 AND who IN (SELECT who FROM often)) / sum(bought > 0),
    100 * sum(iif(who IN (SELECT who FROM referred), net, 0)) / sum(net) FROM brought GROUP BY 1
"""


def event(type_name: str, day: int, **data: object) -> Json:
    return {"type": type_name, "data": data, "occurred_at": format_instant(START - day * DAY)}


def buys(number: int, day: int, amount_minor: int, currency: str, **more: object) -> Json:
    data = {"purchase_id": str(number), "amount_minor": amount_minor, "currency": currency}
    return event("purchase-made", day, initiated_by="contact", **data, **more)


def tell(shop: Shop) -> None:
    """Refunds in other months, a merge, one that was undone, a correction and a retraction."""
    for name in ("ann", "bob", "cas", "dan", "eve"):
        shop.register(f"t:{name}", name)
    ids = {name: shop.get(f"/contacts/t:{name}").json()["contact_id"] for name in ("ann", "dan")}

    def tells(name: str, *events: Json) -> list[str]:
        answer = shop.append(f"t:{name}", *events)
        assert answer.status_code == 201, answer.text
        return [one["id"] for one in answer.json()["events"]]

    for place, (currency, whole) in enumerate((("EUR", 100), ("JPY", 1), ("KWD", 1000))):
        for name, share in (("ann", 7), ("bob", 5), ("cas", 3), ("dan", 2)):
            tells(
                name,
                buys(place, 55 - place, 40 * share * whole, currency, category="tea"),
                buys(10 + place, 25, 30 * share * whole, currency),
                event("purchase-reversed", 20, purchase_id=str(place), amount_minor=9 * share,
                      currency=currency),
                event("gesture-made", 5, gesture="cake", cost_minor=3 * share, currency=currency,
                      reason="kind"),
            )  # fmt: skip
    made = event("referral-made", 57, referral_id="r", direction="inbound", other="t:bob", level=4)
    tells("ann", made)
    paid = {"referral_id": "r", "currency": "EUR"}
    tells("ann", event("reward-paid", 15, amount_minor=80, **paid))
    tells("ann", event("reward-reversed", 2, amount_minor=30, **paid))
    tells("cas", event("contact-merged", 1, into=ids["ann"]))
    tells("dan", event("contact-merged", 1, into=ids["ann"]))
    tells("dan", event("merge-reversed", 1, into=ids["ann"]))
    tells("cas", buys(20, 3, 77, "EUR"))
    # Only in January: all of it went back in February.
    tells("dan", buys(21, 40, 60, "EUR", category="milk"))
    tells("dan", event("purchase-reversed", 4, purchase_id="21", amount_minor=60, currency="EUR"))
    tells("eve", buys(40, 12, 88, "EUR"))
    wrong, never = tells("bob", buys(30, 30, 1, "JPY"), buys(31, 30, 9_999, "JPY"))
    right = {"purchase_id": "30", "amount_minor": 500, "currency": "JPY",
             "initiated_by": "contact", "category": "beans"}  # fmt: skip
    moved = format_instant(START - 33 * DAY)
    for data in ({**right, "amount_minor": 2}, right):
        correction = {"target": wrong, "data": data, "occurred_at": moved}
        tells("bob", {"type": "event-corrected", "data": correction})
    retraction = {"target": never, "reason": "never happened"}
    tells("bob", {"type": "event-retracted", "data": retraction})


def exported(shop: Shop) -> Iterator[tuple[object, ...]]:
    """The log as lines."""
    answer = shop.client.get(f"{shop.base}/events", headers={"Accept": "application/jsonl"})
    for line in answer.text.splitlines():
        one = json.loads(line)
        names = ("id", "contact_id", "type", "position", "occurred_at")
        yield (*(one[name] for name in names), json.dumps(one["data"]))


def test_figures_are_those_of_a_query_over_the_exported_events(shop: Shop) -> None:
    tell(shop)
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(KNOWN)
        database.executemany("INSERT INTO exported VALUES (?, ?, ?, ?, ?, ?)", exported(shop))
        for by, key in KEYS.items():
            only = "buyer NOTNULL OR refunds > 0" if by == "category" else "1"
            query = FIGURES.format(key=key, only=only)
            for first, last in (("2026-01", "2026-02"), ("2026-01", "2026-01"), ("2026-02",) * 2):
                found = {tuple(row[:2]): row[2:] for row in database.execute(query, (first, last))}
                book = shop.get("/book", by=by, **{"from": first, "to": last}).json()
                count = 5 if by == "category" else len(NAMES)
                answered = {
                    (row["key"], row["currency"]): tuple(row[name] for name in NAMES[:count])
                    for row in book["rows"]
                }
                assert answered == {place: row[:count] for place, row in found.items()}
        beside = [
            (one["currency"], one["repeat_percent"], one["referred_percent"])
            for one in shop.get("/book").json()["beside"]
        ]
        assert beside == database.execute(BESIDE).fetchall()
    assert [row[0] for row in beside] == ["EUR", "JPY", "KWD"]
    assert beside[0][1] < 100, "somebody did not come back"
    assert all(0 < row[2] < 100 for row in beside)
