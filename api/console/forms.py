"""Forms as browsers send them. Source: WHATWG URL, section 5.1; HTML, section 4.10.22."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile

from domain.errors import Invalid

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_BYTES = 1 << 16
"""How long a form may be that holds no file."""

MOST_FIELDS = 600

URLENCODED = "application/x-www-form-urlencoded"


def is_without_file(request: Request) -> bool:
    """Whether a request brings a form without a file."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type == URLENCODED


async def read_form(request: Request) -> FormData:
    """The fields of a form, in their order.

    Raises:
        Invalid: it is no form, or longer than is read.
    """
    if not is_without_file(request):
        raise Invalid.at("", "malformed", "send a form")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise Invalid.at("", "too-long", "the form is too long")
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise Invalid.at("", "malformed", "the form is not UTF-8, or has too many fields") from None
    return FormData(list[tuple[str, str | UploadFile]](pairs))
