"""Turns a request into the JSON body for one service.

Only parameters that somebody set are sent: services refuse unknown fields, empty ones and nulls. The
service's profile says under which name a parameter is sent, or that it is not sent at all.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from bot.core.chat.transcript import join_neighbours
from bot.core.requests import ChatMessage, ChatRequest
from bot.llm.protocol.profiles import Profile

Fields = dict[str, Any]

RESERVED_FIELDS = frozenset({"model", "messages", "stream", "stream_options", "system_role"})
"""Fields that are built from other parts of the request, so a parameter cannot set them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How requests to one server are written: by its service's profile, and by settings."""

    profile: Profile
    identifiers: Collection[str] | None = None
    """Which of `user`, `safety_identifier` and `prompt_cache_key` to send; None means the profile's choice.
    """
    names: bool | None = None
    """Whether messages keep their `name`; None means the profile's choice."""
    model: str = ""
    """The model to ask for instead of the request's; empty keeps the request's."""

    @property
    def sends_names(self) -> bool:
        """Whether messages keep their `name`."""
        return self.profile.takes_names if self.names is None else self.names

    @property
    def sent_identifiers(self) -> Collection[str]:
        """The identifiers that are sent."""
        return self.profile.identifiers if self.identifiers is None else self.identifiers


def build_body(request: ChatRequest, dialect: Dialect) -> Fields:
    """Return the body to send."""
    profile = dialect.profile
    role = _choose_system_role(request, profile)
    body: Fields = {
        "model": dialect.model or request.model,
        "messages": [_message_to_json(message, role) for message in _select_messages(request, dialect)],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    for name, value in request.parameters.items():
        if name not in RESERVED_FIELDS and name not in profile.refused:
            body[profile.renamed.get(name, name)] = value
    body.update(_list_identifiers(request, dialect.sent_identifiers))
    return body if profile.streams_variants or body.get("n", 1) == 1 else disable_streaming(body)


def disable_streaming(body: Fields) -> Fields:
    """Return the body that asks for the same answer in one piece."""
    return {**remove_field(body, "stream_options"), "stream": False}


def remove_field(body: Fields, name: str) -> Fields:
    """Return all fields except one."""
    return {field: value for field, value in body.items() if field != name}


def _choose_system_role(request: ChatRequest, profile: Profile) -> str:
    chosen = "" if "system_role" in profile.refused else request.parameters.get("system_role")
    return str(chosen or "system")


def _select_messages(request: ChatRequest, dialect: Dialect) -> Iterable[ChatMessage]:
    """Return the messages; if names are not sent, they are removed, and neighbours may become one message."""
    if dialect.sends_names:
        return request.messages
    return join_neighbours(replace(message, name="") for message in request.messages)


def _message_to_json(message: ChatMessage, system_role: str) -> Fields:
    """Return an element of `messages`; names and lists of parts are used only if needed."""
    role = system_role if message.role == "system" else message.role
    element: Fields = {"role": role, "content": message.content}
    if message.images:
        pictures = ({"type": "image_url", "image_url": {"url": image}} for image in message.images)
        element["content"] = [{"type": "text", "text": message.content}, *pictures]
    return {**element, "name": message.name} if message.name else element


def remove_pictures(message: Fields) -> Fields:
    """Return an element of `messages` with its text only."""
    content = message["content"]
    return message if isinstance(content, str) else {**message, "content": content[0]["text"]}


def has_pictures(body: Fields) -> bool:
    """Return whether any message contains more than a text."""
    return any(not isinstance(message["content"], str) for message in body["messages"])


def _list_identifiers(request: ChatRequest, identifiers: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the identifiers of the person and the thread that the service may know and the request has."""
    values = {"user": request.user, "safety_identifier": request.user, "prompt_cache_key": request.conversation}
    return ((name, value) for name, value in values.items() if value and name in identifiers)
