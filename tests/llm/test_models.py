"""Lists of models in every known shape, and the error for anything else."""

import json
from typing import Any

import pytest

from bot.core.errors import ModelError, ModelFailed, ModelKeyRefused, ModelUnavailable, ModelUnreadable
from bot.llm.http.client import open_client
from bot.llm.models import ModelInfo, fetch_models
from bot.sandbox.model.server import SandboxModel
from tests.llm.raw_server import raw_server, reply

SHAPES: dict[str, tuple[Any, list[ModelInfo]]] = {
    "OpenAI": (
        {
            "object": "list",
            "data": [
                {"id": "gpt-4o", "object": "model", "shutdown_date": "2027-01-14"},
                {"id": "gpt-6-luna", "object": "model", "shutdown_date": None},
            ],
        },
        [ModelInfo(id="gpt-4o", shutdown_date="2027-01-14"), ModelInfo(id="gpt-6-luna")],
    ),
    "vLLM": ({"data": [{"id": "m", "max_model_len": 4096}]}, [ModelInfo(id="m", context_window=4096)]),
    "OpenRouter": (
        {"data": [{"id": "a/m", "context_length": 131072, "top_provider": {"context_length": 4}}]},
        [ModelInfo(id="a/m", context_window=131072)],
    ),
    "llama-server": (
        {
            "models": [{"name": "m.gguf", "model": "m.gguf"}],
            "data": [{"id": "m.gguf", "meta": {"n_ctx_train": 32768, "n_vocab": 9}}],
        },
        [ModelInfo(id="m.gguf", context_window=32768)],
    ),
    "LiteLLM": (
        {"data": [{"id": "m", "created": 1677610602, "owned_by": "openai"}], "object": "list"},
        [ModelInfo(id="m")],
    ),
    "names only": ({"models": [{"name": "m"}]}, [ModelInfo(id="m")]),
    "a bare list": ([{"id": "m", "context_window": 8192}], [ModelInfo(id="m", context_window=8192)]),
    "nonsense among them": (
        {"data": [None, {}, {"id": 7}, {"id": "m", "shutdown_date": 5, "max_model_len": "x", "meta": []}]},
        [ModelInfo(id="m")],
    ),
    "none": ({"data": []}, []),
}


@pytest.mark.parametrize(("said", "infos"), SHAPES.values(), ids=SHAPES)
async def test_a_list_of_models(said: Any, infos: list[ModelInfo]) -> None:
    async with (
        raw_server([reply(200, json.dumps(said).encode())]) as server,
        open_client(server.base_url) as client,
    ):
        assert await fetch_models(client) == infos


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(200, b"<html>"), ModelUnreadable),
        (reply(200, b"7"), ModelUnreadable),
        (reply(200, b'{"data": 7}'), ModelUnreadable),
        (reply(200, b"[" * 100_000), ModelUnreadable),
        (reply(401, b""), ModelKeyRefused),
        (reply(500, b""), ModelFailed),
        (b"HTTP/1.1 200 x\r\ncontent-length: 9\r\n\r\n{", ModelUnavailable),
        (b"", ModelUnavailable),
    ],
)
async def test_a_response_that_is_not_a_list_becomes_an_error(answer: bytes, error: type[ModelError]) -> None:
    async with raw_server([answer]) as server, open_client(server.base_url) as client:
        with pytest.raises(error) as caught:
            await fetch_models(client)
    assert type(caught.value) is error


async def test_azure_keeps_its_list_beside_the_deployments() -> None:
    async with raw_server([reply(200, b'{"data": []}')]) as server:
        base_url = server.base_url.replace("/v1", "/openai/deployments/gpt")
        async with open_client(base_url, kind="azure") as client:
            await fetch_models(client)
    assert server.requests[0].startswith(b"GET /openai/models?api-version=2024-10-21 ")


async def test_the_sandbox_says_what_openai_and_vllm_say() -> None:
    async with SandboxModel(window=500) as sandbox, open_client(sandbox.base_url) as client:
        found = {info.id: info for info in await fetch_models(client)}
    assert found["sandbox-old"] == ModelInfo(id="sandbox-old", shutdown_date="2027-01-14", context_window=500)
