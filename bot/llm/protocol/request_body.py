"""A request -> the JSON object that one service takes.

Separate because it needs neither socket nor clock, and because what is *not* sent matters most: services
refuse fields that they do not know, empty ones, and nulls. Pure. Rules: only what somebody set is sent;
the profile says under which name, or not at all.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from bot.core.chat.transcript import join_neighbours
from bot.core.requests import ChatMessage, ChatRequest
from bot.llm.protocol.profiles import Profile

Fields = dict[str, Any]

RESERVED_FIELDS = frozenset({"model", "messages", "stream", "stream_options", "system_role"})
"""What is said elsewhere in the request, and so is no further field of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one server is spoken to: as its service needs it, and as settings want it."""

    profile: Profile
    identifiers: Collection[str] | None = None
    """Which of `user`, `safety_identifier` and `prompt_cache_key` to send; None: as the profile says."""
    names: bool | None = None
    """Whether messages keep their `name`; None: as the profile says."""
    model: str = ""
    """The model that is asked, whatever the request names; empty: the request's."""

    @property
    def sends_names(self) -> bool:
        """Whether messages keep their `name`."""
        return self.profile.takes_names if self.names is None else self.names

    @property
    def sent_identifiers(self) -> Collection[str]:
        """The identifiers that are sent."""
        return self.profile.identifiers if self.identifiers is None else self.identifiers


def build_body(request: ChatRequest, dialect: Dialect) -> Fields:
    """Return the fields to send."""
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
    """Return the fields that ask for the same answer in one piece."""
    return {**remove_field(body, "stream_options"), "stream": False}


def remove_field(body: Fields, name: str) -> Fields:
    """Return all fields but one."""
    return {field: value for field, value in body.items() if field != name}


def _choose_system_role(request: ChatRequest, profile: Profile) -> str:
    chosen = "" if "system_role" in profile.refused else request.parameters.get("system_role")
    return str(chosen or "system")


def _select_messages(request: ChatRequest, dialect: Dialect) -> Iterable[ChatMessage]:
    """Return the messages, without names where they are not sent: then neighbours may be one message."""
    if dialect.sends_names:
        return request.messages
    return join_neighbours(replace(message, name="") for message in request.messages)


def _message_to_json(message: ChatMessage, system_role: str) -> Fields:
    """Return an element of `messages`: a name, and parts in place of a text, only where there is need."""
    role = system_role if message.role == "system" else message.role
    element: Fields = {"role": role, "content": message.content}
    if message.images:
        pictures = ({"type": "image_url", "image_url": {"url": image}} for image in message.images)
        element["content"] = [{"type": "text", "text": message.content}, *pictures]
    return {**element, "name": message.name} if message.name else element


def remove_pictures(message: Fields) -> Fields:
    """Return an element of `messages` as a text."""
    content = message["content"]
    return message if isinstance(content, str) else {**message, "content": content[0]["text"]}


def has_pictures(body: Fields) -> bool:
    """Whether a message is more than a text."""
    return any(not isinstance(message["content"], str) for message in body["messages"])


def _list_identifiers(request: ChatRequest, identifiers: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield who asks, and in which thread, as far as the service is to know and the request says."""
    values = {
        "user": request.user,
        "safety_identifier": request.user,
        "prompt_cache_key": request.conversation,
    }
    return ((name, value) for name, value in values.items() if value and name in identifiers)
