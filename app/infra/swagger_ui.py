"""The description of the API to read and to try out: Swagger UI at /docs, every byte of it from this server."""

from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files

import fastapi_offline
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from app.domain.errors import NotFound
from app.texts import text

_FOREVER = "public, max-age=31536000, immutable"
"""For links with the file's digest: what they lead to never changes."""

_FILES = {
    "swagger-ui.css": (files(fastapi_offline) / "static", "text/css"),
    "swagger-ui-bundle.js": (files(fastapi_offline) / "static", "text/javascript"),
    "start.js": (files("app.infra") / "swagger_ui_files", "text/javascript"),
}

# The links are relative, so that the page also works where a proxy puts the service below a path of its own.
_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{style}">
</head>
<body>
<noscript>{no_script}</noscript>
<div id="swagger-ui"></div>
<script src="{bundle}"></script>
<script src="{start}"></script>
</body>
</html>
"""


def install_docs(app: FastAPI) -> None:
    """Serve the page and its files; they are no part of what they describe."""
    app.add_api_route("/docs", _page, methods=["GET"], include_in_schema=False)
    app.add_api_route("/docs/{name}", _file, methods=["GET"], include_in_schema=False)


async def _page(request: Request) -> Response:
    page = _PAGE.format(
        title=escape(text("docs.title", name=request.app.title)),
        no_script=escape(text("docs.no_script")),
        style=_link("swagger-ui.css"),
        bundle=_link("swagger-ui-bundle.js"),
        start=_link("start.js"),
    )
    return HTMLResponse(page, headers={"Cache-Control": "no-cache"})


def _file(name: str, request: Request, v: str = "") -> Response:
    if name not in _FILES:
        raise NotFound
    digest = _digest(name)
    headers = {"ETag": f'"{digest}"', "Cache-Control": _FOREVER if v == digest else "no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(_bytes(name), media_type=_FILES[name][1], headers=headers)


def _link(name: str) -> str:
    return f"docs/{name}?v={_digest(name)}"


@cache
def _digest(name: str) -> str:
    return sha256(_bytes(name)).hexdigest()[:16]


def _bytes(name: str) -> bytes:
    return (_FILES[name][0] / name).read_bytes()
