"""The sandbox's model: an OpenAI-compatible server on this machine that needs no key.

    POST /v1/chat/completions
      api.parse_request             refuses what OpenAI would refuse
      directives.parse_directives   does the question ask for a fault, a rate, a length?
      composer.compose_answer       writes the answer
      script.write_script           plans every token and its time
      _stream, _send_whole          send the plan: this module

Only this module knows time and sockets. Each token has a planned time, so one that goes out late does not
delay the tokens after it. A client that closes its connection ends its request at once.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol, Self

from aiohttp import web

from bot.sandbox.model import api, directives
from bot.sandbox.model.api import CompletionRequest, Json, ModelApiError
from bot.sandbox.model.directives import ModelFault
from bot.sandbox.model.faults import PROXY_PAGE, find_refusal, too_long_error, wrong_key_error
from bot.sandbox.model.script import AnswerScript, last_question, write_script

MODEL_NAMES = ("sandbox-small", "sandbox-large", "sandbox-old", api.REASONING_MODEL)
SHUTDOWN_DATES = {"sandbox-old": "2027-01-14"}
MAX_REQUEST_BYTES = 64 * 1024 * 1024
"""A long conversation has a few million bytes."""
SHUTDOWN_TIMEOUT_SECONDS = 0.1
"""How long an unfinished answer may continue after the server was told to stop."""
MALFORMED_JSON = b'{"choices": [{"index": 0, "delta": {"cont'
MID_STREAM_ERROR = ModelApiError("The server had an error.", status=500, kind="server_error").body
DETAIL_KEY = web.RequestKey("detail", str)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RequestObserver(Protocol):
    """Called at the end of each request; `SandboxWorkspace.trace_model_request` is one."""

    def __call__(self, name: str, *, status: str, seconds: float, detail: str) -> None:
        """`status` is `ok`, an HTTP status, or `stopped`; `detail` has no text of the conversation."""
        ...


class SandboxModel:
    """The server; an async context manager."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rate: float = 60.0,
        api_key: str = "",
        strict_models: bool = False,
        window: int | None = None,
        on_request: RequestObserver | None = None,
    ) -> None:
        """Entering listens on `host` and `port` (0: any free port); raises OSError if the port is taken.

        `rate` is in tokens per second. With `api_key`, other keys are refused. With `strict_models`, only
        `MODEL_NAMES` exist. `window` limits the prompt, in tokens.
        """
        self._host, self._port = host, port
        self._rate = rate
        self._api_key = api_key
        self._models = MODEL_NAMES if strict_models else None
        self._window = window
        self._on_request = on_request
        self._question_counts: Counter[str] = Counter()
        self._runner: web.AppRunner | None = None
        self.requests: list[Any] = []
        """The decoded bodies of all completion requests, refused ones too, oldest first."""
        self.open_requests = 0
        """How many completion requests are being answered now."""

    @property
    def base_url(self) -> str:
        """The API's address, up to and including `/v1`."""
        return f"http://{self._host}:{self._port}/v1"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_REQUEST_BYTES, middlewares=[self._observe_request])
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_post("/v1/chat/completions", self._complete)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_TIMEOUT_SECONDS
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()

    @web.middleware
    async def _observe_request(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request, and call the observer at its end, even if it was refused or cancelled."""
        started, status = _now(), "stopped"
        try:
            response = await self._answer_request(request, handler)
            status = "ok" if response.status == web.HTTPOk.status_code else str(response.status)
            return response
        finally:
            if self._on_request:
                name = request.path.removeprefix("/v1/")
                detail = request.get(DETAIL_KEY, "")
                self._on_request(name, status=status, seconds=_now() - started, detail=detail)

    async def _answer_request(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._authorise(request)
            return await handler(request)
        except ModelApiError as error:
            return web.json_response(error.body, status=error.status, headers=error.headers)
        except web.HTTPException as error:  # raised by aiohttp: unknown path or method, body too large
            body = ModelApiError(f"{error.reason}: {request.method} {request.path}").body
            return web.json_response(body, status=error.status)

    def _authorise(self, request: web.Request) -> None:
        if self._api_key and request.headers.get("Authorization") != f"Bearer {self._api_key}":
            raise wrong_key_error()

    async def _list_models(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(api.build_model_list(MODEL_NAMES, SHUTDOWN_DATES, window=self._window))

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await _read_json(request)
        self.requests.append(body)
        completion = api.parse_request(body, models=self._models)
        script = self._write_script(completion)
        if script.fault is ModelFault.BAD_GATEWAY:
            return web.Response(text=PROXY_PAGE, status=502, content_type="text/html")
        tokens = script.usage["completion_tokens"]
        request[DETAIL_KEY] = f"{completion.model}, messages: {len(completion.messages)}, tokens: {tokens}"
        self.open_requests += 1
        try:
            about = self._build_header(completion)
            if completion.is_streamed:
                return await _stream(request, script, about, shows_usage=completion.includes_usage)
            return await _send_whole(request, script, about)
        finally:
            self.open_requests -= 1

    def _write_script(self, completion: CompletionRequest) -> AnswerScript:
        """Return what to send. Raises `ModelApiError` if the question asks for an error."""
        question = last_question(completion)
        wanted_directives, _ = directives.parse_directives(question)
        self._question_counts[question] += 1
        strikes = wanted_directives.times is None or self._question_counts[question] <= wanted_directives.times
        fault = wanted_directives.fault if strikes else None
        if fault is ModelFault.UNVERIFIED and not completion.is_streamed:
            fault = None
        if fault and (error := find_refusal(fault)):
            raise error
        script = write_script(completion, wanted_directives, rate=self._rate, fault=fault)
        if self._window and script.usage["prompt_tokens"] > self._window:
            raise too_long_error(self._window, script.usage["prompt_tokens"])
        return script

    def _build_header(self, completion: CompletionRequest) -> Json:
        number = len(self.requests)
        return {"id": f"chatcmpl-sandbox-{number}", "created": int(time.time()), "model": completion.model}


async def _stream(request: web.Request, script: AnswerScript, about: Json, *, shows_usage: bool) -> web.StreamResponse:
    """Send an answer token by token, each at its planned time, and end it as the script says."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
    )
    await response.prepare(request)
    about = {**about, "usage": None} if shows_usage else about
    send = partial(_send, response, about)
    started = _now()
    choices = range(len(script.answers))
    await send([api.build_delta(index, role="assistant", content="") for index in choices])
    for due, choice in script.deltas():
        await asyncio.sleep(max(0.0, started + due - _now()))
        await send([choice])
    match script.fault:
        case ModelFault.DISCONNECT:
            _close_connection(request)
        case ModelFault.STALL:
            await asyncio.Event().wait()
        case ModelFault.MALFORMED:
            await response.write(MALFORMED_JSON.join((b"data: ", b"\n\n")))
        case ModelFault.ERROR:
            await response.write(_encode_event(MID_STREAM_ERROR))
        case _:
            await send([api.build_delta(index, script.answers[index].finish_reason) for index in choices])
            if shows_usage:
                await send([], usage=script.usage)
            await response.write(b"data: [DONE]\n\n")
    return response


async def _send(response: web.StreamResponse, about: Json, choices: Sequence[Json], **more: Json) -> None:
    await response.write(_encode_event(api.build_chunk(about, choices, **more)))


async def _send_whole(request: web.Request, script: AnswerScript, about: Json) -> web.StreamResponse:
    """Send an answer as one object, at the time when its last token is due."""
    await asyncio.sleep(script.seconds)
    match script.fault:
        case ModelFault.DISCONNECT:
            _close_connection(request)
        case ModelFault.STALL:
            await asyncio.Event().wait()
        case ModelFault.MALFORMED:
            return web.Response(body=MALFORMED_JSON, content_type="application/json")
        case ModelFault.ERROR:
            return web.json_response(MID_STREAM_ERROR)
        case _:
            pass
    answers = [(answer.text, answer.finish_reason) for answer in script.answers]
    return web.json_response(api.build_completion(about, answers, script.usage, text_field=script.text_field))


def _close_connection(request: web.Request) -> None:
    if request.transport:
        request.transport.close()


def _encode_event(data: Json) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


async def _read_json(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):  # RecursionError: thousands of nested brackets
        raise ModelApiError("We could not parse the JSON body of your request.") from None


def _now() -> float:
    return asyncio.get_running_loop().time()
