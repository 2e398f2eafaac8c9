"""The page's own files, and who may ask for anything at all.

Separate from the server's composition because it is about browsers. Rules: files of one folder, by plain
name; only requests under a loopback name, and from our own page, are answered, so that another site's page
can neither read nor drive the workspace (DNS rebinding, cross-site requests).
"""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

FILES = Path(__file__).parent / "page"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

_NAME = re.compile(r"[\w-]+(\.[\w-]+)+", re.ASCII)


async def index(_request: web.Request) -> web.StreamResponse:
    """Serve the page."""
    return _file("index.html")


async def asset(request: web.Request) -> web.StreamResponse:
    """Serve a file that the page asks for."""
    return _file(request.match_info["name"])


def _file(name: str) -> web.StreamResponse:
    path = FILES / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers=HEADERS)


@web.middleware
async def only_from_here(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse a foreign name for us, and a foreign origin."""
    origin = request.headers.get("Origin")
    if not _is_loopback(request.host) or (origin is not None and urlsplit(origin).netloc != request.host):
        raise web.HTTPForbidden(text="This server answers its own page and local programs only.")
    return await handler(request)


def _is_loopback(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK
    except ValueError:
        return False
