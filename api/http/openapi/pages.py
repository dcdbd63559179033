"""Interactive documentation at ``/docs``, offline too, and the way there from ``/``.

Source: Swagger UI, from an installed package.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from api.http.wire import media

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

HTML = "text/html"

_VARIES = {"Vary": "Accept"}
_PLACES = {"name": "Rapport", "documentation": "/docs", "openapi": "/openapi.json"}
_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}


DOCUMENTATION = "/docs"


def add_to(app: FastAPI, front: str = DOCUMENTATION) -> None:
    """Serve the page and what it loads; nothing of it comes from another host.

    ``front`` is where ``/`` leads browsers.
    """
    app.state.front = front
    app.add_route("/", _front, include_in_schema=False)
    app.add_route("/docs", _page, include_in_schema=False)
    app.add_route("/docs/{asset}", _asset, include_in_schema=False)


async def _front(request: Request) -> Response:
    """Leads browsers to pages for people, and gives programs the addresses of all descriptions."""
    request.state.route = "/"
    wanted = media.preferred_type(request, (*media.DOCUMENTS, HTML))
    if wanted == HTML:
        return RedirectResponse(request.app.state.front, status_code=303, headers=_VARIES)
    return Response(media.encode(_PLACES, wanted), media_type=wanted, headers=_VARIES)


async def _page(_request: Request) -> Response:
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Rapport: the HTTP interface",
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="/docs/favicon.png",
        # The badge would send the document's address to a public validator.
        swagger_ui_parameters={"validatorUrl": None, "tryItOutEnabled": True},
    )
    policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    page.headers["Content-Security-Policy"] = policy + "script-src 'self' 'unsafe-inline'"
    return page


async def _asset(request: Request) -> Response:
    name = request.path_params["asset"]
    if name not in _ASSETS:
        raise HTTPException(404)
    content = (files("fastapi_offline") / "static" / name).read_bytes()
    return Response(content, media_type=_ASSETS[name], headers={"Cache-Control": "max-age=86400"})
