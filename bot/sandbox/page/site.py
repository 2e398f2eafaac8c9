"""Serves the page's files, and protects the sandbox from other sites in the same browser.

`require_local_request` is a middleware for every request. The Host header must be a loopback name, which
stops DNS rebinding; an Origin header, if there is one, must be the sandbox's own, which stops cross-site
requests. So a page of another site can neither read the workspace nor write in it. Files are served from one
folder, by plain name.
"""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

PAGE_FOLDER = Path(__file__).parent / "static"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
FILE_HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

_FILE_NAME_PATTERN = re.compile(r"\A[\w-]++(\.[\w-]++)++", re.ASCII)


async def serve_index(_request: web.Request) -> web.StreamResponse:
    """Serve the page."""
    return _file_response("index.html")


async def serve_file(request: web.Request) -> web.StreamResponse:
    """Serve one file of the page."""
    return _file_response(request.match_info["name"])


def _file_response(name: str) -> web.StreamResponse:
    path = PAGE_FOLDER / name
    if not _FILE_NAME_PATTERN.fullmatch(name) or not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers=FILE_HEADERS)


@web.middleware
async def require_local_request(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse a Host that is not loopback, and an Origin that is not this server."""
    origin = request.headers.get("Origin")
    if not _is_loopback(request.host) or (origin is not None and urlsplit(origin).netloc != request.host):
        raise web.HTTPForbidden(text="This server answers its own page and local programs only.")
    return await handler(request)


def _is_loopback(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK_HOSTS
    except ValueError:
        return False
