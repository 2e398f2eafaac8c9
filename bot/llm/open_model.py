"""Opens the model that the bot asks, as settings describe it.

Each wrapper asks the next one:

    RetryingModel            waits, and asks again
      FallbackModel          asks the servers in order
        CircuitBreaker       one for each server and key
          OpenAIChat         speaks HTTP

What the admins' pages need, such as the list of models, comes from the first server.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx

from bot.core.chat.stream import StreamEvent
from bot.core.requests import ChatRequest
from bot.llm.adaptation.learned_facts import LearnedServerFacts, ModelFacts
from bot.llm.chat_completions import OpenAIChat
from bot.llm.http.client import open_client
from bot.llm.models import ModelInfo, fetch_models
from bot.llm.protocol.profiles import find_profile
from bot.llm.protocol.request_body import Dialect
from bot.llm.resilience.circuit_breaker import CircuitBreaker
from bot.llm.resilience.fallback import FallbackModel
from bot.llm.resilience.retrying import RetryingModel
from bot.ports import NeededAt, needed_at_once


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelServer:
    """One server and key; a second key of the same server is another one."""

    base_url: str = field(repr=False)
    """With its `/v1`; Azure's forms and a query are accepted. It may contain a key."""
    api_key: str = field(default="", repr=False)
    organization: str = ""
    project: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request; they may contain a key."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request; it may contain a key."""
    kind: str = ""
    """Name of its profile, if the address does not reveal it."""
    model: str = ""
    """The model to ask for instead of the request's; empty keeps the request's."""
    identifiers: frozenset[str] | None = None
    """See `Dialect`."""
    names: bool | None = None
    """See `Dialect`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Which servers to ask, and how long to wait; times are in seconds."""

    servers: tuple[ModelServer, ...]
    """At least one; the first is preferred."""
    first_word_timeout: float = 120.0
    idle_timeout: float = 90.0
    total_timeout: float = 600.0
    facts: ModelFacts = field(default_factory=ModelFacts)
    """What was learned about the servers."""


class OpenedModel:
    """A `ChatModel`, with what admins can ask about it."""

    def __init__(self, chats: Sequence[OpenAIChat], preferred: httpx.AsyncClient, facts: LearnedServerFacts) -> None:
        """`facts` holds what was learned about the preferred server."""
        self.facts = facts
        self._chats = chats
        self._preferred = preferred
        self._model = RetryingModel(FallbackModel([CircuitBreaker(chat) for chat in chats]))

    def stream(
        self, request: ChatRequest, *, needed_at: NeededAt = needed_at_once
    ) -> AbstractAsyncContextManager[AsyncIterator[StreamEvent]]:
        """Ask; see `ChatModel.stream`."""
        return self._model.stream(request, needed_at=needed_at)

    @property
    def sends_names(self) -> bool:
        """Whether the preferred server accepts the `name` field of messages."""
        return self._chats[0].sends_names

    def adaptations(self, model: str) -> Mapping[str, str]:
        """Return what is done about each parameter of a model, in words; the preferred server wins."""
        return {
            name: description for chat in reversed(self._chats) for name, description in chat.adaptations(model).items()
        }

    async def fetch_models(self) -> list[ModelInfo]:
        """Return the models of the preferred server. Raises a `ModelError`."""
        return await fetch_models(self._preferred)


@asynccontextmanager
async def open_model(settings: ModelSettings) -> AsyncIterator[OpenedModel]:
    """Open the clients of all servers. Raises `SettingsError` before anything is sent."""
    async with AsyncExitStack() as opened:
        clients = [await opened.enter_async_context(_open_client(server)) for server in settings.servers]
        server_facts = [settings.facts.for_server(strip_secrets(str(client.base_url))) for client in clients]
        chats = [
            OpenAIChat(
                client,
                first_word_timeout=settings.first_word_timeout,
                idle_timeout=settings.idle_timeout,
                total_timeout=settings.total_timeout,
                dialect=_make_dialect(server, client),
                facts=facts_of_server,
            )
            for server, client, facts_of_server in zip(settings.servers, clients, server_facts, strict=True)
        ]
        yield OpenedModel(chats, clients[0], server_facts[0])


def strip_secrets(base_url: str) -> str:
    """Return a server's address without anything that may be secret."""
    url = httpx.URL(base_url)
    return f"{url.scheme}://{url.netloc.decode()}{url.path.rstrip('/')}"


def _open_client(server: ModelServer) -> httpx.AsyncClient:
    return open_client(
        server.base_url,
        server.api_key,
        server.organization,
        project=server.project,
        headers=server.headers,
        query=server.query,
        kind=server.kind,
    )


def _make_dialect(server: ModelServer, client: httpx.AsyncClient) -> Dialect:
    return Dialect(
        profile=find_profile(client.base_url, server.kind),
        identifiers=server.identifiers,
        names=server.names,
        model=server.model,
    )
