"""Forms of pages, read and sent as a browser does."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

_TAG = re.compile(r"<(input|select|textarea|option|/select)\b([^>]*)>([^<]*)")
_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')


def fields_of(page: str, action: str) -> dict[str, str]:
    """What a browser would send of the form with that action, left as it is."""
    start = page.index(f'action="{action}"')
    form = page[start : page.index("</form>", start)]
    found: dict[str, str] = {}
    choice: str | None = None
    for kind, attributes, text in _TAG.findall(form):
        named = {name: unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}
        if kind == "option" and choice is not None:
            if choice not in found or "selected" in named:
                found[choice] = named.get("value", unescape(text))
        elif kind == "select":
            choice = named.get("name")
        elif kind == "/select":
            choice = None
        elif kind == "textarea":
            found[named["name"]] = unescape(text)
        elif named.get("type") != "checkbox" or "checked" in named:
            found[named["name"]] = named.get("value", "")
    return found


def send(client: httpx.Client, path: str, action: str, **typed: str) -> httpx.Response:
    """Open a page, type into the form with that action, and send it.

    Names of fields of an event are written with two underscores for the dot.
    """
    page = client.get(path)
    assert page.status_code == 200, page.text
    more = {name.replace("__", "."): value for name, value in typed.items()}
    return client.post(action, data={**fields_of(page.text, action), **more})
