"""How a contact can be reached: which forms of an address there are, and how each is kept.

An e-mail address is only looked at, and never delivered to. A phone number is kept as it was given:
to tell what number it is takes tables of numbering plans, which the domain does not have.
Source: people.md, section 2; RFC 5321 sections 2.3.11, 2.4 and 4.5.3.1; RFC 1123 section 2.1; RFC
6531 section 3.3.
"""

from __future__ import annotations

import re
from typing import NoReturn

from domain.errors import Invalid
from domain.spelling import search_form
from domain.text import FREE, NAME

EMAIL, PHONE, POSTAL, HANDLE = "email", "phone", "postal", "handle"

DETAIL_KINDS = (EMAIL, PHONE, POSTAL, HANDLE)
"""The kinds of details, as they are written on the wire."""

_MOST = {EMAIL: 254, PHONE: 100, HANDLE: 200}
"""How many characters a detail may have; an e-mail address as many as a path of RFC 5321 takes."""

_MOST_LOCAL = 64
_ASCII_LOCAL = r"[0-9A-Za-z!#$%&'*+/=?^_`{|}~-]|[^\x00-\xa0\s]"
_LOCAL_PART = re.compile(rf"(?:{_ASCII_LOCAL})+(?:\.(?:{_ASCII_LOCAL})+)*")
_LABEL = re.compile(r"[^\W_](?:[0-9a-z-]|[^\x00-\xa0\s]){0,62}")
_NUMBER = re.compile(r"\d\D*\d\D*\d", re.DOTALL)


def kept_detail(kind: str, value: str) -> str:
    """The value of a detail in the form in which it is kept; applied again it stays as it is.

    >>> kept_detail("email", " Ann.Lee@Example.ORG ")
    'Ann.Lee@example.org'

    Raises:
        Invalid: it is none of that kind; the code is ``contradiction``, for it is right by itself.
    """
    if kind == POSTAL:
        return FREE.apply(value)
    try:
        kept = NAME.apply(value)
    except Invalid as error:
        _refuse(f"{error} where kind is {kind}")
    if len(kept) > _MOST[kind]:
        _refuse(f"must have at most {_MOST[kind]} characters where kind is {kind}")
    if kind == EMAIL:
        return _kept_email(kept)
    if kind == PHONE and not _NUMBER.search(kept):
        _refuse("must have at least 3 digits where kind is phone")
    return kept


def _kept_email(value: str) -> str:
    local, _, name = value.rpartition("@")
    name = name.lower()
    labels = name.split(".")
    if len(local) > _MOST_LOCAL or not _LOCAL_PART.fullmatch(local):
        _refuse("must be an e-mail address such as ann@example.org, with one @ and no spaces")
    if len(labels) < 2 or not all(_LABEL.fullmatch(one) and one[-1] != "-" for one in labels):
        _refuse(f"must end in the name of a host such as example.org, not in {name!r}")
    return f"{local}@{name}"


def compared_detail(kind: str, value: str) -> str:
    """What two values have in common that are the same detail in different spellings.

    Of phone numbers that is what was dialled: a number with its country and the same without it
    differ here.

    >>> compared_detail("phone", "+31 (6) 1234-5678")
    '+31612345678'
    """
    if kind == PHONE:
        return "".join(one for one in value if one.isdecimal() or one == "+")
    return search_form(value.lstrip("@") if kind == HANDLE else value)


def _refuse(detail: str) -> NoReturn:
    raise Invalid.at("/value", "contradiction", detail)
