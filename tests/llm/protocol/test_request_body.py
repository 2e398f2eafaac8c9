"""What is sent to which service: by its address, by what is set, and no more."""

from pathlib import Path

import httpx
import pytest

from bot.core.errors import SettingsError
from bot.core.requests import ChatMessage, ChatRequest
from bot.llm.http.client import open_client
from bot.llm.protocol.profiles import PROFILES, find_profile
from bot.llm.protocol.request_body import Dialect, Fields, build_body
from tests.llm.raw_server import OK, raw_server

EVERYTHING: dict[str, object] = {
    "temperature": 0.5,
    "n": 2,
    "stop": ["END"],
    "max_tokens": 9,
    "frequency_penalty": 1.0,
    "logit_bias": {"5": 1},
    "seed": 7,
    "system_role": "developer",
}
TALK = (
    ChatMessage(role="system", content="Be kind."),
    ChatMessage(role="user", content="hello", name="Ada"),
)


def sent(service: str, **parameters: object) -> Fields:
    request = ChatRequest(model="m", messages=TALK, user="u", conversation="c", parameters=parameters)
    return build_body(request, Dialect(profile=PROFILES[service]))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://our.openai.azure.com/openai/v1", "azure"),
        ("https://our.services.ai.azure.com/openai/v1", "azure"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://api.mistral.ai/v1", "mistral"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini"),
        ("http://localhost:11434/v1", "ollama"),
        ("http://ollama/v1", "ollama"),
        ("http://litellm:4000", "litellm"),
        ("http://10.0.0.7:8000/v1", "vllm"),
        ("http://127.0.0.1:8080/v1", "llama.cpp"),
        ("https://models.example/v1", "generic"),
        ("https://api.openai.com.example/v1", "generic"),
        ("https://notopenrouter.ai/v1", "generic"),
    ],
)
def test_a_service_is_known_by_its_address(url: str, name: str) -> None:
    assert find_profile(httpx.URL(url)).name == name


def test_the_page_about_models_has_every_service_and_its_hosts() -> None:
    page = (Path(__file__).parents[3] / "docs/models.md").read_text()
    rows = {cells[1].strip(" `"): cells for line in page.splitlines() if len(cells := line.split("|")) == 5}
    for name, known in PROFILES.items():
        assert all(host in rows[name][2] for host in known.hosts if "." in host and host != name), name
        assert str(known.port or "") in rows[name][2]
        assert all(f"`{field}`" in rows[name][3] for field in (*known.refused, *known.renamed.values())), name


def test_a_name_overrides_the_address() -> None:
    assert find_profile(httpx.URL("https://api.openai.com/v1"), "groq").name == "groq"
    with pytest.raises(SettingsError, match="`grok` is not a known kind of model service; the kinds are openai, azure"):
        find_profile(httpx.URL("https://api.openai.com/v1"), "grok")


@pytest.mark.parametrize("service", PROFILES)
def test_unset_parameters_are_not_sent(service: str) -> None:
    bare = ChatRequest(model="m", messages=TALK[1:])
    assert build_body(bare, Dialect(profile=PROFILES[service])).keys() == {
        "model",
        "messages",
        "stream",
        "stream_options",
    }


def test_openai_is_sent_everything() -> None:
    assert sent("openai", **EVERYTHING) == {
        "model": "m",
        "messages": [
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": "hello", "name": "Ada"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "n": 2,
        "stop": ["END"],
        "max_completion_tokens": 9,
        "frequency_penalty": 1.0,
        "logit_bias": {"5": 1},
        "seed": 7,
        "user": "u",
        "prompt_cache_key": "c",
    }


@pytest.mark.parametrize(
    ("service", "missing"),
    [
        ("generic", {"max_completion_tokens", "prompt_cache_key"}),
        ("azure", {"max_tokens", "prompt_cache_key"}),
        ("groq", {"n", "logit_bias"}),
        ("ollama", {"n", "logit_bias", "user"}),
        ("mistral", {"max_completion_tokens", "logit_bias", "user", "seed"}),
        ("gemini", {"frequency_penalty", "logit_bias", "seed", "user"}),
        ("litellm", {"stream_options"}),  # it loses choices of a stream
    ],
)
def test_parameters_that_a_service_refuses_are_not_sent(service: str, missing: set[str]) -> None:
    body = sent(service, **EVERYTHING)
    assert not missing & body.keys()
    assert {"temperature", "stop"} <= body.keys()
    assert ("name" in body["messages"][1]) is (service == "azure")


def test_variants_are_asked_for_whole_where_a_stream_loses_them() -> None:
    assert sent("litellm", n=2)["stream"] is False
    assert sent("litellm", n=1)["stream"] is True


def test_identifiers_are_sent_as_settings_say() -> None:
    request = ChatRequest(model="m", messages=TALK, user="u", conversation="c")
    both = Dialect(profile=PROFILES["generic"], identifiers={"safety_identifier", "prompt_cache_key"})
    body = build_body(request, both)
    assert (body["safety_identifier"], body["prompt_cache_key"], "user" in body) == ("u", "c", False)
    assert "user" not in build_body(request, Dialect(profile=PROFILES["openai"], identifiers=()))


def test_names_and_the_model_are_as_settings_say() -> None:
    request = ChatRequest(model="m", messages=TALK)
    body = build_body(request, Dialect(profile=PROFILES["generic"], names=True, model="deployment-1"))
    assert body["messages"][1]["name"] == "Ada"
    assert body["model"] == "deployment-1"
    assert "name" not in build_body(request, Dialect(profile=PROFILES["openai"], names=False))["messages"][1]


def test_adjacent_messages_of_two_people_are_joined_if_names_are_not_sent() -> None:
    """The templates of many models demand alternating roles; one of them may be OpenAI's fallback."""
    talk = (*TALK, ChatMessage(role="user", content="hi", name="Grace"))
    request = ChatRequest(model="m", messages=talk)
    for service, said in (("openai", ["hello", "hi"]), ("vllm", ["hello\n\nhi"])):
        sent = build_body(request, Dialect(profile=PROFILES[service]))["messages"]
        assert [message["content"] for message in sent[1:]] == said


AZURE = "https://our.openai.azure.com"


@pytest.mark.parametrize(
    ("base_url", "asked"),
    [
        ("https://h/v1", "https://h/v1/chat/completions"),
        ("https://h/v1/", "https://h/v1/chat/completions"),
        ("https://h/v1/chat/completions", "https://h/v1/chat/completions"),
        ("https://h/v1?tenant=a", "https://h/v1/chat/completions?tenant=a"),
        (AZURE, f"{AZURE}/openai/v1/chat/completions"),
        (f"{AZURE}/openai/", f"{AZURE}/openai/v1/chat/completions"),
        (f"{AZURE}/openai/v1", f"{AZURE}/openai/v1/chat/completions"),
        (
            f"{AZURE}/openai/deployments/gpt",
            f"{AZURE}/openai/deployments/gpt/chat/completions?api-version=2024-10-21",
        ),
        (
            f"{AZURE}/openai/deployments/gpt/chat/completions?api-version=2025-01-01-preview",
            f"{AZURE}/openai/deployments/gpt/chat/completions?api-version=2025-01-01-preview",
        ),
    ],
)
async def test_every_form_of_address_is_understood(base_url: str, asked: str) -> None:
    """The base, with or without a slash or query, and what Azure's portal shows."""
    async with open_client(base_url) as client:
        assert str(client.build_request("POST", "chat/completions").url) == asked


async def test_headers_and_query_go_with_every_request() -> None:
    async with open_client(
        "https://h/v1?a=1",
        "k",
        "org",
        project="proj",
        headers={"X-Title": "Threadkeeper"},
        query={"b": "2"},
    ) as client:
        request = client.build_request("GET", "models")
    assert str(request.url) == "https://h/v1/models?a=1&b=2"
    assert request.headers["Authorization"] == "Bearer k"
    assert request.headers["OpenAI-Organization"] == "org"
    assert request.headers["OpenAI-Project"] == "proj"
    assert request.headers["X-Title"] == "Threadkeeper"


async def test_azure_has_its_own_header_for_the_key() -> None:
    async with open_client(AZURE, "k") as client, open_client("https://h", "k", kind="azure") as named:
        for one in (client, named):
            assert one.headers["api-key"] == "k"
            assert "Authorization" not in one.headers


async def test_a_header_that_is_set_takes_the_place_of_ours_however_it_is_written() -> None:
    async with open_client("https://h/v1", "k", headers={"authorization": "Basic eA=="}) as client:
        assert client.headers.get_list("Authorization") == ["Basic eA=="]


async def test_a_password_in_the_address_is_sent_but_no_key_beside_it() -> None:
    azure = "https://me:pw@our.openai.azure.com"  # where a key has another header
    async with (
        raw_server([OK]) as server,
        open_client(server.base_url.replace("//", "//me:pw@")) as client,
        open_client(azure, "k"),
    ):
        await client.get("models")
    assert b"authorization: Basic bWU6cHc=\r\n" in server.requests[0]
    with pytest.raises(SettingsError, match="contains a password"):
        open_client("https://me:pw@h/v1", "k")


@pytest.mark.parametrize("headers", [{"bad name": "x"}, {"": "x"}, {"X": "line\nbreak"}, {"X": "é"}, {"Xé": "x"}])
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(headers: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^A header for the model service") as caught:
        open_client("https://h/v1", headers=headers)
    assert "line" not in str(caught.value)
