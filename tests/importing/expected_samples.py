"""What the rows of the samples say, written down by hand from the files.

Each line is a contact's ref, when it happened, the type of the event, and its data. ``NOW`` is the
moment of the import, for files without days.
"""

from __future__ import annotations

from typing import Any

NOW = "2026-11-01T12:00:00Z"

Event = tuple[str, str, str, dict[str, Any]]


def registered(ref: str, at: str, name: str, **more: Any) -> Event:
    return ref, at, "contact-registered", {"kind": "person", "name": name, **more}


def bought(ref: str, at: str, purchase: str, minor: int, currency: str, *items: str) -> Event:
    data: dict[str, Any] = {"purchase_id": purchase, "amount_minor": minor, "currency": currency}
    if items:
        data["items"] = list(items)
    return ref, at, "purchase-made", {**data, "initiated_by": "contact"}


def returned(ref: str, at: str, purchase: str, minor: int, currency: str) -> Event:
    data = {"purchase_id": purchase, "amount_minor": minor, "currency": currency}
    return ref, at, "purchase-reversed", data


def detail(ref: str, kind: str, value: str, label: str = "", *, at: str = NOW) -> Event:
    data = {"kind": kind, "value": value} | ({"label": label} if label else {})
    return ref, at, "contact-detail-learned", data


def birthday(ref: str, month: int, day: int, year: int | None = None, *, at: str = NOW) -> Event:
    data = {"occasion_id": "birthday", "kind": "birthday", "month": month, "day": day}
    return ref, at, "occasion-learned", data | ({} if year is None else {"year": year})


ANNA, BEN = "9K2ANNAQX0", "7H4BENRT55"
CARD = "9f2c6c1e-0001-4e0b-9d5e-000000000001"
HOME, PHONE = "anna@example.com", "+46 70 174 06 05"

EXPECTED: dict[str, list[Event]] = {
    "square-items": [
        registered(ANNA, "2026-07-18T12:12:30Z", "Anna Lindström"),
        bought(
            ANNA, "2026-07-18T12:12:30Z", "TX1001", 15_50, "USD",
            "1.0 x Sourdough loaf", "2.0 x Butter croissant",
        ),
        registered(BEN, "2026-07-18T13:05:11Z", "Ben O'Neil"),
        bought(BEN, "2026-07-18T13:05:11Z", "TX1003", 1240_00, "USD", "1.0 x Wedding cake"),
        bought(BEN, "2026-07-20T00:20:45Z", "TX1005", 6_50, "USD", "1.0 x Rye loaf"),
        returned(ANNA, "2026-07-19T14:00:00Z", "TX1001", 7_50, "USD"),
    ],
    "square-transactions": [
        registered(ANNA, "2026-07-18T12:12:30Z", "Anna Lindström"),
        bought(ANNA, "2026-07-18T12:12:30Z", "TX1001", 15_50, "USD"),
        registered(BEN, "2026-07-18T13:05:11Z", "Ben O'Neil"),
        bought(BEN, "2026-07-18T13:05:11Z", "TX1003", 1240_00, "USD"),
        bought(BEN, "2026-07-20T00:20:45Z", "TX1005", 6_50, "USD"),
        returned(ANNA, "2026-07-19T14:00:00Z", "TX1001", 7_50, "USD"),
    ],
    "shopify-orders": [
        registered(HOME, "2026-05-01T07:59:00Z", "Anna Lindström"),
        bought(
            HOME, "2026-05-01T07:59:00Z", "#1001", 58_90, "EUR",
            "1 x Matcha 100 g", "2 x Whisk",
        ),
        registered("ben@example.org", "2026-05-02T16:30:15Z", "Ben O'Neil"),
        bought("ben@example.org", "2026-05-02T16:30:15Z", "#1002", 1200_00, "EUR", "12 x Tea set"),
        returned("ben@example.org", "2026-05-02T16:30:15Z", "#1002", 200_00, "EUR"),
        registered("+48600100200", "2026-05-04T06:00:00Z", "Dora Żak"),
        bought(
            "+48600100200", "2026-05-04T06:00:00Z", "#1004", 24_00, "EUR",
            "1 x Matcha 50 g", "1 x Spoon",
        ),
    ],
    "shopify-customers": [
        registered(
            "6940095564", NOW, "Anna Lindström", refs=[{"source": "shopify", "ref": HOME}]
        ),
        detail("6940095564", "email", HOME),
        detail("6940095564", "phone", "+46701740605"),
        (
            "6940095564",
            NOW,
            "contact-detail-learned",
            {
                "kind": "postal",
                "value": "Storgatan 1, 903 26 Umeå, SE",
                "postal_code": "903 26",
            },
        ),
        registered(
            "6940095565", NOW, "Ben O'Neil", refs=[{"source": "shopify", "ref": "ben@example.org"}]
        ),
        detail("6940095565", "email", "ben@example.org"),
        registered("6940095566", NOW, "6940095566"),
        detail("6940095566", "phone", "+48600100200"),
        registered(
            "6940095567", NOW, "Tea & Co. KG",
            refs=[{"source": "shopify", "ref": "office@example.com"}],
        ),
        detail("6940095567", "email", "office@example.com"),
    ],
    "stripe-payments": [
        registered("cus_A1", "2026-09-01T10:00:05Z", "Anna Lindström"),
        bought("cus_A1", "2026-09-01T10:00:05Z", "ch_3A1", 120_00, "EUR"),
        bought("cus_A1", "2026-09-08T16:20:00Z", "ch_3A2", 59_90, "EUR"),
        returned("cus_A1", "2026-09-10T07:45:00Z", "ch_3A2", 10_00, "EUR"),
        registered("ben@example.org", "2026-09-09T11:02:00Z", "ben@example.org"),
        bought("ben@example.org", "2026-09-09T11:02:00Z", "ch_3A4", 5000, "JPY"),
    ],
    "woocommerce-orders": [
        registered("12", "2026-03-02T08:00:00Z", "Anna Lindström"),
        bought("12", "2026-03-02T08:00:00Z", "9001", 55_00, "EUR"),
        registered("ben@example.org", "2026-07-04T21:30:00Z", "Ben O'Neil"),
        bought("ben@example.org", "2026-07-04T21:30:00Z", "9003", 19_99, "EUR"),
        returned("ben@example.org", "2026-07-04T21:30:00Z", "9003", 19_99, "EUR"),
        registered("14", "2026-07-05T06:00:00Z", "Tea & Co. KG"),
        bought("14", "2026-07-05T06:00:00Z", "9004", 310_50, "EUR"),
        bought("12", "2026-07-07T06:00:00Z", "9006", 60_00, "EUR"),
        returned("12", "2026-07-09T06:30:00Z", "9006", 20_00, "EUR"),
        returned("12", "2026-08-01T12:00:00Z", "9006", 5_50, "EUR"),
    ],
    "toast-checks": [
        registered("880001", "2026-03-14T22:45:00Z", "Anna Lindström"),
        bought("880001", "2026-03-14T22:45:00Z", "500000011", 48_20, "USD"),
        registered("ben@example.org", "2026-03-15T16:05:00Z", "Ben O'Neil"),
        bought("ben@example.org", "2026-03-15T16:05:00Z", "500000013", 1024_75, "USD"),
        bought("880001", "2026-03-15T17:30:00Z", "500000014", 12_50, "USD"),
    ],
    "hubspot-contacts": [
        registered("151", "2025-11-03T10:42:00Z", "Anna Lindström"),
        detail("151", "email", HOME, at="2025-11-03T10:42:00Z"),
        detail("151", "phone", "+46 90 100 200", at="2025-11-03T10:42:00Z"),
        detail("151", "phone", PHONE, "mobile", at="2025-11-03T10:42:00Z"),
        birthday("151", 4, 12, 1985, at="2025-11-03T10:42:00Z"),
        registered("152", "2025-11-04T08:00:00Z", "Ben"),
        birthday("152", 2, 29, at="2025-11-04T08:00:00Z"),
        registered("153", NOW, "Tea & Co. KG"),
        detail("153", "email", "office@example.com"),
    ],
    "google-contacts": [
        registered(HOME, NOW, "Anna Maria Lindström"),
        detail(HOME, "email", "Anna@example.com", "home"),
        detail(HOME, "email", "al@example.org", "work"),
        detail(HOME, "email", "lindstrom@example.org", "work"),
        detail(HOME, "phone", PHONE, "mobile"),
        birthday(HOME, 4, 12, 1985),
        registered("555-0100", NOW, "Ben O'Neil"),
        detail("555-0100", "phone", "555-0100", "mobile"),
        detail("555-0100", "phone", "555-0101", "mobile"),
        birthday("555-0100", 2, 29),
        registered("tea & co. kg", NOW, "Tea & Co. KG"),
    ],
    "google-contacts-older": [
        registered(HOME, NOW, "Anna Lindström"),
        detail(HOME, "email", HOME, "home"),
        detail(HOME, "email", "al@example.org", "work"),
        detail(HOME, "phone", PHONE, "mobile"),
        birthday(HOME, 4, 12, 1985),
        registered("ben o'neil", NOW, "Ben O'Neil"),
        birthday("ben o'neil", 2, 29),
        registered("office@example.com", NOW, "Tea & Co. KG"),
        detail("office@example.com", "email", "office@example.com", "work"),
    ],
    "vcard": [
        registered(CARD, NOW, "Anna Maria Lindström"),
        detail(CARD, "email", HOME, "home"),
        detail(CARD, "email", "al@example.org", "work"),
        detail(CARD, "phone", PHONE, "mobile"),
        (
            CARD,
            NOW,
            "contact-detail-learned",
            {
                "kind": "postal",
                "value": "Storgatan 1, 903 26 Umeå, Sweden",
                "label": "home",
                "postal_code": "903 26",
            },
        ),
        birthday(CARD, 4, 12),
        (
            CARD,
            NOW,
            "occasion-learned",
            {
                "occasion_id": "anniversary",
                "kind": "anniversary",
                "month": 6,
                "day": 18,
                "year": 2011,
            },
        ),
        registered("4fbe8971-0bc3-424c-9c26-36c3e1eff6b1", NOW, "Ben O'Neil"),
        detail("4fbe8971-0bc3-424c-9c26-36c3e1eff6b1", "phone", "+1-555-0100", "work"),
        birthday("4fbe8971-0bc3-424c-9c26-36c3e1eff6b1", 2, 29),
        (
            "office@example.com",
            NOW,
            "contact-registered",
            {"kind": "organisation", "name": "Tea & Co. KG"},
        ),
        detail("office@example.com", "email", "office@example.com"),
        registered("dora@example.net", NOW, "Dora Żak"),
        detail("dora@example.net", "email", "dora@example.net", "home"),
        detail("dora@example.net", "phone", "+48600100200", "mobile"),
    ],
}  # fmt: skip  # one line for each event is easier to compare with the files

OUTCOMES = {
    "square-items": (6, 5, 1),
    "square-transactions": (5, 4, 1),
    "shopify-orders": (8, 5, 3),
    "shopify-customers": (4, 4, 0),
    "stripe-payments": (5, 3, 2),
    "woocommerce-orders": (6, 4, 2),
    "toast-checks": (4, 3, 1),
    "hubspot-contacts": (3, 3, 0),
    "google-contacts": (4, 3, 1),
    "google-contacts-older": (3, 3, 0),
    "vcard": (5, 4, 1),
}
"""How many rows there are, how many of them become events, and how many are skipped."""
