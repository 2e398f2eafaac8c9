"""Settings -> the model that the bot asks, put together and ready.

Separate because it alone knows how the wrappers fit: a question is asked of each server in order, each
behind its own breaker, and the round is repeated by the rules of `retrying`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx

from bot.core.chat.stream import StreamEvent
from bot.core.requests import ChatRequest
from bot.llm.adaptation.learned_facts import LearnedServerFacts, ModelFacts
from bot.llm.chat import OpenAIChat
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
    """One server and key, or another key of the same server."""

    base_url: str = field(repr=False)
    """With its `/v1`; Azure's forms and a query are understood. It may hold a key, too."""
    api_key: str = field(default="", repr=False)
    organization: str = ""
    project: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request; they may hold a key."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Likewise."""
    kind: str = ""
    """Name of its profile, where the address does not tell."""
    model: str = ""
    """The model that is asked here, whatever a request names; empty: the request's."""
    identifiers: frozenset[str] | None = None
    """See `Dialect`."""
    names: bool | None = None
    """See `Dialect`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Whom to ask, and how long to wait; times are in seconds."""

    servers: tuple[ModelServer, ...]
    """At least one; the first is preferred."""
    first_word_timeout: float = 120.0
    idle_timeout: float = 90.0
    total_timeout: float = 600.0
    facts: ModelFacts = field(default_factory=ModelFacts)
    """What is known of the servers."""


class OpenedModel:
    """A `ChatModel`, and what admins may want to know of it."""

    def __init__(
        self, chats: Sequence[OpenAIChat], preferred: httpx.AsyncClient, facts: LearnedServerFacts
    ) -> None:
        """On the `page` is what the preferred server has taught us."""
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
        """Whether the preferred server is told who wrote a message, where the API has a field for it."""
        return self._chats[0].sends_names

    def adaptations(self, model: str) -> Mapping[str, str]:
        """Return what is done about which parameter of a model, in words; the preferred server's count."""
        return {
            name: told for chat in reversed(self._chats) for name, told in chat.adaptations(model).items()
        }

    async def fetch_models(self) -> list[ModelInfo]:
        """Return the models of the preferred server. Raises a `ModelError`."""
        return await fetch_models(self._preferred)


@asynccontextmanager
async def open_model(settings: ModelSettings) -> AsyncIterator[OpenedModel]:
    """Open the connections to all servers. Raises `SettingsError` before anything is sent."""
    async with AsyncExitStack() as opened:
        clients = [await opened.enter_async_context(_open_client(server)) for server in settings.servers]
        pages = [settings.facts.for_server(strip_secrets(str(client.base_url))) for client in clients]
        chats = [
            OpenAIChat(
                client,
                first_word_timeout=settings.first_word_timeout,
                idle_timeout=settings.idle_timeout,
                total_timeout=settings.total_timeout,
                dialect=_make_dialect(server, client),
                facts=page,
            )
            for server, client, page in zip(settings.servers, clients, pages, strict=True)
        ]
        yield OpenedModel(chats, clients[0], pages[0])


def strip_secrets(base_url: str) -> str:
    """Return a server's address without what may be secret in it."""
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
