"""The HTTP side of the Web API: `POST /api/<method>`.

    request -> arguments, token -> rate limit -> injected fault? -> method(arguments) -> {"ok": true, ...}
                     |                  |                                |
                     v                  v                                v
             {"ok": false, ...}  429, Retry-After             {"ok": false, "error": ...}

The methods are plain functions of the state and the arguments; this module does for all of them what does not
depend on the method. As on Slack, a refused call has HTTP status 200 and `"ok": false`; only the rate limit
and injected faults have other statuses. Every call is written to the wire log.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.rate_limits import MethodRateLimits
from bot.sandbox.workspace.records import APP_TOKEN, BOT_TOKEN, ApiCall, Json
from bot.sandbox.workspace.trace_log import TraceLog

SCOPES = (
    "app_mentions:read,assistant:write,channels:history,channels:read,chat:write,commands,files:read,files:write,"
    "groups:history,groups:read,im:history,im:read,im:write,mpim:history,mpim:read,reactions:write,users:read"
)
NEEDED_SCOPES = {
    "users.info": "users:read",
    "conversations.info": "channels:read",
    "files.getUploadURLExternal": "files:write",
}
"""The scopes of some methods, for apps that lack them."""

ApiMethod = Callable[[Arguments], Json]
"""A method of the Web API: returns the response without `ok`, or raises `ApiRefusal`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectedFault:
    """How the next call of a method fails.

    First `delay` seconds pass. Then `retry_after` answers 429, `status` answers with that HTTP status and a
    page, `error` with that error name; in these three cases the call has no effect. With `drop` the call
    takes effect, but the connection breaks before the response.
    """

    error: str | None = None
    status: int | None = None
    retry_after: int | None = None
    delay: float = 0.0
    drop: bool = False


class WebApi:
    """`POST /api/<method>`."""

    def __init__(
        self, methods: Mapping[str, ApiMethod], journal: TraceLog, *, clock: Callable[[], float], enforce_rates: bool
    ) -> None:
        """`methods` by their Slack names."""
        self._methods = methods
        self._journal = journal
        self._clock = clock
        self._rates = MethodRateLimits() if enforce_rates else None
        self._faults: dict[str, deque[InjectedFault]] = {}
        self.scopes = frozenset(SCOPES.split(","))
        """What the app was granted."""

    def inject(self, method: str, fault: InjectedFault, times: int) -> None:
        """Let the next `times` calls of a method fail; faults injected earlier come first."""
        self._faults.setdefault(method, deque()).extend([fault] * times)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call and log it."""
        method, started = request.match_info["method"], self._clock()
        fault = self._next_fault(method)
        arguments = Arguments()
        try:
            arguments = await _read_arguments(request)
            token = _take_token(request, arguments)
            await asyncio.sleep(fault.delay)
            response = self._answer(method, token, arguments, fault)
        except ApiRefusal as refusal:
            response = _refusal_response(refusal)
        if fault.drop and request.transport:
            request.transport.abort()
        self._record_call(method, arguments, response, started)
        return response

    def _answer(self, method: str, token: str, arguments: Arguments, fault: InjectedFault) -> web.Response:
        """Carry out a call, unless it is refused, over the rate limit or meets a fault."""
        self._check_token(method, token)
        wait = fault.retry_after or 0
        if self._rates and not wait:
            wait = self._rates.admit(method, arguments.text("channel"), self._clock())
        if wait:
            return _rate_limited_response(wait)
        if fault.status:
            return web.Response(status=fault.status, text="Server Error")
        if fault.error:
            raise ApiRefusal(fault.error)
        answer = {"ok": True, **self._methods[method](arguments)}
        return web.json_response(answer, headers={"x-oauth-scopes": ",".join(sorted(self.scopes))})

    def _record_call(self, method: str, arguments: Arguments, response: web.Response, started: float) -> None:
        is_json = response.content_type == "application/json"
        self._journal.record_call(
            ApiCall(
                method=method,
                arguments=dict(arguments),
                at=started,
                status=response.status,
                response=json.loads(response.text or "{}") if is_json else {},
                seconds=self._clock() - started,
            )
        )

    def _next_fault(self, method: str) -> InjectedFault:
        waiting = self._faults.get(method)
        return waiting.popleft() if waiting else InjectedFault()

    def _check_token(self, method: str, token: str) -> None:
        if method not in self._methods:
            raise ApiRefusal("unknown_method")
        if not token:
            raise ApiRefusal("not_authed")
        if token not in (BOT_TOKEN, APP_TOKEN):
            raise ApiRefusal("invalid_auth")
        if (token == APP_TOKEN) is not (method == "apps.connections.open"):
            raise ApiRefusal("not_allowed_token_type")
        if method in NEEDED_SCOPES and NEEDED_SCOPES[method] not in self.scopes:
            raise ApiRefusal("missing_scope")


async def _read_arguments(request: web.Request) -> Arguments:
    """Read the arguments of a call from the query string, the form and the JSON body."""
    body: Any = {}
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise ApiRefusal("invalid_json") from None
        if not isinstance(body, dict):
            raise ApiRefusal("json_not_object")
    elif request.can_read_body:
        body = await request.post()
    return Arguments({**request.query, **body})


def _take_token(request: web.Request, arguments: Arguments) -> str:
    """Return the token of a call, and remove it from the arguments, which are logged."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    given = arguments.pop("token", "")
    return bearer.strip() if scheme.lower() == "bearer" else str(given)


def _refusal_response(refusal: ApiRefusal) -> web.Response:
    answer: Json = {"ok": False, "error": refusal.error}
    if refusal.messages:
        answer["response_metadata"] = {"messages": list(refusal.messages)}
    return web.json_response(answer)


def _rate_limited_response(seconds: int) -> web.Response:
    headers = {"Retry-After": str(seconds)}
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
