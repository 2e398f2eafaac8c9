"""Each server runs once for all tests; the model behind LiteLLM is restarted for each test."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from bot.sandbox.model.server import SandboxModel
from tests.servers.foreign import HERE, Command, folder, free_port, running

NODE = "node/node_modules/.bin"
PROXY_KEY, UPSTREAM_KEY, MOCK_KEY = "sk-proxy", "sk-upstream", "sk-mock"
INSTRUCTION = "Be brief."
"""The one system prompt that the openai-mock-api knows; its conversations must match word for word."""


@dataclass(frozen=True)
class RunningProxy:
    """A LiteLLM proxy, and the port on which it expects the model."""

    base_url: str
    upstream_port: int


@pytest.fixture(scope="session")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    place = tmp_path_factory.mktemp("litellm")
    port, upstream_port = free_port(), free_port()
    upstream = {
        "model": "openai/*",
        "api_base": f"http://127.0.0.1:{upstream_port}/v1",
        "api_key": UPSTREAM_KEY,
    }
    config = {
        "model_list": [{"model_name": "*", "litellm_params": upstream}],
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": PROXY_KEY},
    }
    (place / "config.yaml").write_text(json.dumps(config))  # JSON is YAML
    command: Command = [folder() / "litellm/bin/litellm", "--config", place / "config.yaml"]
    environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
    health = f"http://127.0.0.1:{port}/health/liveliness"
    address = ["--host", "127.0.0.1", "--port", str(port)]
    with running([*command, *address], health, place / "log", environment):
        yield RunningProxy(f"http://127.0.0.1:{port}/v1", upstream_port)


@pytest.fixture
async def upstream(proxy: RunningProxy) -> AsyncIterator[SandboxModel]:
    async with SandboxModel(port=proxy.upstream_port, api_key=UPSTREAM_KEY, rate=1_000) as model:
        yield model


@pytest.fixture(scope="session")
def openai_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the base URL of an openai-mock-api."""
    place, port = tmp_path_factory.mktemp("openai-mock-api"), free_port()
    talk = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "Hello, 世界 and 🧵!"}]
    instructed = [{"role": "system", "content": INSTRUCTION}, *talk]
    responses = [{"id": "hello", "messages": talk}, {"id": "instructed", "messages": instructed}]
    config = {"apiKey": MOCK_KEY, "port": port, "responses": responses}
    (place / "config.yaml").write_text(json.dumps(config))
    command: Command = [
        folder() / NODE / "openai-mock-api",
        "--config",
        place / "config.yaml",
        "--port",
        str(port),
    ]
    environment = {"NODE_OPTIONS": f"--require {HERE / 'loopback.cjs'}"}
    with running(command, f"http://127.0.0.1:{port}/health", place / "log", environment):
        yield f"http://127.0.0.1:{port}/v1"


@pytest.fixture(scope="session")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the root URL of an aimock: OpenAI's API is under `/v1`, OpenRouter's under `/api/v1`."""
    place, port = tmp_path_factory.mktemp("aimock"), free_port()
    (place / "fixtures.json").write_text(json.dumps({"fixtures": FIXTURES}))
    command: Command = [folder() / NODE / "llmock", "--fixtures", place / "fixtures.json", "--strict"]
    with running([*command, "--port", str(port)], f"http://127.0.0.1:{port}/v1/models", place / "log", {}):
        yield f"http://127.0.0.1:{port}"


LONG = "One two three. " * 20
FIXTURES = [
    {"match": {"userMessage": "hello"}, "response": {"content": "Hello, 世界 and 🧵!"}, "chunkSize": 3},
    {"match": {"userMessage": "think"}, "response": {"content": "Four.", "reasoning": "Two and two."}},
    {"match": {"userMessage": "cut"}, "response": {"content": LONG}, "latency": 20, "truncateAfterChunks": 4},
    {"match": {"userMessage": "vanish"}, "response": {"content": LONG}, "chaos": {"disconnectRate": 1}},
    {"match": {"userMessage": "garble"}, "response": {"content": LONG}, "chaos": {"malformedRate": 1}},
    {"match": {"userMessage": "drop"}, "response": {"content": LONG}, "chaos": {"dropRate": 1}},
    {
        "match": {"userMessage": "limit"},
        "response": {"error": {"message": "Slow down", "type": "rate_limit_error"}, "status": 429},
    },
    {
        "match": {"userMessage": "quota"},
        "response": {
            "error": {"message": "You exceeded your current quota", "type": "insufficient_quota"},
            "status": 429,
        },
    },
    {
        "match": {"userMessage": "overload"},
        "response": {"error": {"message": "Overloaded", "type": "overloaded_error"}, "status": 529},
    },
    {
        "match": {"userMessage": "router"},
        "response": {"content": "Routed."},
        "openRouterProcessing": True,
    },
]
