"""Everything held about one person, as a page that the person can read."""

from __future__ import annotations

import base64
import hashlib
import re
from calendar import month_name
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any

from api.service.answers.persons import PersonalExport
from domain.currencies import MINOR_DIGITS

if TYPE_CHECKING:
    from collections.abc import Mapping


Shape = dict[str, Any]

STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#111;"
    "background:#fff}h1,h2,h3{line-height:1.2}h3{font-size:1em;margin:1em 0 0}"
    "dl{margin:0 0 0 1em}dt{font-weight:bold}"
    "dd{margin:0 0 .4em 1em;overflow-wrap:anywhere}ol,ul{padding-left:1.2em}li{margin:.3em 0}"
)
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" + (
    base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode() + "'"
)
"""The Content-Security-Policy of the page: its own style and nothing else, scripts least of all."""

_MOMENTS = ("as_of", "since", "from", "to")
_INSTANT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z", re.ASCII)


def page(export: PersonalExport) -> str:
    """The export as a page by itself: it loads nothing, runs no scripts, and escapes all text.

    The headings are the titles of the model's fields.
    """
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        "<title>Everything held about you</title>",
        f"<style>{STYLE}</style></head><body>",
        "<h1>Everything held about you</h1>",
    ]
    told = export.plain()
    for name, field in PersonalExport.model_fields.items():
        parts.append(f"<h2>{escape(field.title or _words(name))}</h2>")
        parts.append(_field(name, told))
    return "\n".join([*parts, "</body></html>\n"])


def _text_of(value: object) -> str:
    if isinstance(value, dict):
        return _fields(value)
    if isinstance(value, list):
        items = "".join(f"<li>{_text_of(one)}</li>" for one in value)
        return f"<ul>{items}</ul>" if value else "none"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return escape(str(value))


def _fields(value: Shape) -> str:
    """What is known of something: in words first, and nothing of what is not known."""
    told = {name: one for name, one in value.items() if one is not None}
    head = ""
    if "type" in told and "occurred_at" in told:
        title = f"{_words(told.pop('type')).capitalize()}, {_moment(told.pop('occurred_at'))}"
        head = f"<h3>{escape(title)}</h3>"
    if "explanation" in told:
        head += f"<p>{_text_of(told.pop('explanation'))}</p>"
    pairs = [
        f"<dt>{escape(_words(name.removesuffix('_minor')))}</dt><dd>{_field(name, told)}</dd>"
        for name in told
    ]
    return head + (f"<dl>{''.join(pairs)}</dl>" if pairs else "none" * (not head))


def _field(name: str, told: Mapping[str, object]) -> str:
    """A field, formatted by its name: an instant, money in the currency beside it, or as it is."""
    value, digits = told[name], MINOR_DIGITS.get(str(told.get("currency")))
    if isinstance(value, str) and (name in _MOMENTS or name.endswith("_at")):
        return escape(_moment(value))
    if name.endswith("_minor") and isinstance(value, int) and digits is not None:
        return escape(f"{Decimal(value).scaleb(-digits):f} {told['currency']}")
    return _text_of(value)


def _words(name: object) -> str:
    return str(name).replace("_", " ").replace("-", " ")


def _moment(value: object) -> str:
    """An instant to the second, in words; other texts stay as they are."""
    found = _INSTANT.fullmatch(str(value))
    if found is None:
        return str(value)
    year, month, day, clock = found.groups()
    return f"{int(day)} {month_name[int(month)]} {year}, {clock} UTC"
