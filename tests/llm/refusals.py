"""Requests that a server refuses or answers: builders, responses, and the bodies that were sent."""

import json
from typing import Any

from bot.core.requests import ChatMessage, ChatRequest
from tests.llm.raw_server import OK, RawServer, reply

ANSWER = OK + b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'


def request(model: str = "m", text: str = "hello", **parameters: Any) -> ChatRequest:
    messages = (
        ChatMessage(role="system", content="Be kind."),
        ChatMessage(role="user", content=text, name="Ada"),
    )
    return ChatRequest(model=model, messages=messages, user="u", parameters=parameters)


def refusal(message: str, param: str | None = None, code: str | None = None, status: int = 400) -> bytes:
    return reply(status, json.dumps({"error": {"message": message, "param": param, "code": code}}).encode())


def bodies(server: RawServer) -> list[dict[str, Any]]:
    return [json.loads(sent.partition(b"\r\n\r\n")[2]) for sent in server.requests]
