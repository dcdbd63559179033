"""How details of contacts are read and kept."""

from __future__ import annotations

import pytest

from domain.details import DETAIL_KINDS, compared_detail, kept_detail
from domain.errors import Invalid
from domain.events.contacts import ContactDetailLearned, ContactDetailRemoved


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("email", " Ann.Lee@Example.ORG ", "Ann.Lee@example.org"),
        ("email", "o'neil+tag@sub.example.co.uk", "o'neil+tag@sub.example.co.uk"),
        ("email", "zo\u00eb@M\u00dcNCHEN.de", "zo\u00eb@m\u00fcnchen.de"),
        ("phone", " +31 (0)6 1234 5678 ", "+31 (0)6 1234 5678"),
        ("phone", "1-800-FLOWERS ext. 2", "1-800-FLOWERS ext. 2"),
        ("handle", "@Ann", "@Ann"),
        ("postal", "Dam 1\r\nAmsterdam", "Dam 1\nAmsterdam"),
    ],
)
def test_a_detail_is_kept_in_the_form_of_its_kind(kind: str, given: str, kept: str) -> None:
    assert kept_detail(kind, given) == kept
    assert kept_detail(kind, kept) == kept
    assert ContactDetailLearned.read({"kind": kind, "value": given}).value == kept
    assert ContactDetailRemoved.read_kept({"kind": kind, "value": given}).value == kept


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *[("email", one) for one in ("ann", "@example.org", "ann@", "a@b", "a b@c.d", "a..b@c.d")],
        *[("email", one) for one in (".a@c.org", "a@-c.org", "a@c.org.", "a@b@c.org", "a@c_d.org")],
        ("email", "ann@" + "\u00e9" * 63 + "!.org"),
        ("email", "a" * 65 + "@example.org"),
        ("email", "a@" + "example." * 32 + "org"),
        ("phone", "none"),
        ("phone", "12"),
        ("phone", "020 794\n6018"),
        ("phone", "1" * 101),
        ("handle", "\u00a0"),
    ],
)  # fmt: skip  # one a line would bury them
def test_what_is_no_detail_of_its_kind_is_refused(kind: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        ContactDetailLearned.read({"kind": kind, "value": value})
    assert [one.pointer for one in refused.value.errors] == ["/value"]


def test_a_postal_address_alone_has_a_postal_code() -> None:
    postal = {"kind": "postal", "value": "Dam 1", "postal_code": " 1012 JS"}
    assert ContactDetailLearned.read(postal).postal_code == "1012 JS"
    with pytest.raises(Invalid, match="/postal_code"):
        ContactDetailLearned.read({**postal, "kind": "handle"})


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("email", "Ann@example.org", "ann@example.org"),
        ("phone", "+31 (6) 1234-5678", "+31612345678"),
        ("handle", "@Ann", "ann"),
        ("postal", "Dam 1\nAmsterdam", "dam 1 Amsterdam"),
    ],
)
def test_spellings_of_one_detail_are_the_same(kind: str, one: str, other: str) -> None:
    assert kind in DETAIL_KINDS
    assert compared_detail(kind, one) == compared_detail(kind, other)
