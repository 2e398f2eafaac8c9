"""The model servers that the settings name, and the errors of wrong ones."""

import pytest

from bot.app.model_servers import read_model_servers
from bot.core.errors import SettingsError
from bot.llm.open_model import ModelSettings, open_model
from bot.settings import Settings


def load_settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in {"OPENAI_API_KEY": "sk-first", **values}.items():
        monkeypatch.setenv(name, value)
    return Settings.load()


def test_the_first_server_has_all_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    (server,) = read_model_servers(
        load_settings(
            monkeypatch,
            OPENAI_BASE_URL="https://gateway.example/v1?api-version=1",
            OPENAI_ORGANIZATION="o1",
            OPENAI_PROJECT="p1",
            BOT_HEADERS='{"X-Team": "research"}',
            BOT_PROVIDER="litellm",
            BOT_IDENTIFIERS="safety_identifier, prompt_cache_key",
        )
    )
    assert (server.api_key, server.kind) == ("sk-first", "litellm")
    assert (server.organization, server.project) == ("o1", "p1")
    assert server.headers == {"X-Team": "research"}
    assert server.identifiers == frozenset({"safety_identifier", "prompt_cache_key"})


def test_fallbacks_come_in_order_with_key_and_model_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "https://:sk-%2Fsecond@other.example:8443/v1#big/model, http://127.0.0.1:8080/v1, http://[::1]:8080"
    _, second, third, fourth = read_model_servers(load_settings(monkeypatch, BOT_FALLBACKS=text))
    assert (second.base_url, second.api_key, second.model) == (
        "https://other.example:8443/v1",
        "sk-/second",
        "big/model",
    )
    assert (third.base_url, third.api_key, third.model) == ("http://127.0.0.1:8080/v1", "", "")
    assert fourth.base_url == "http://[::1]:8080"
    assert "sk-/second" not in repr(second)


@pytest.mark.parametrize(("setting", "names"), [("auto", None), ("on", True), ("off", False)])
def test_the_service_decides_whether_names_are_sent_unless_it_is_set(
    monkeypatch: pytest.MonkeyPatch, setting: str, names: bool | None
) -> None:
    (server,) = read_model_servers(load_settings(monkeypatch, BOT_SEND_NAMES=setting))
    assert server.names is names


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOT_HEADERS", "X-Team: research"),
        ("BOT_HEADERS", '{"X-Team": 7}'),
        ("BOT_FALLBACKS", "other.example/v1"),
        ("BOT_FALLBACKS", "https://:sk-secret@host:port/v1"),
        ("BOT_FALLBACKS", "https://:sk-secret@/v1"),
        ("BOT_IDENTIFIERS", "email"),
    ],
)
def test_an_error_names_the_setting_and_no_key(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is wrong") as refused:
        read_model_servers(load_settings(monkeypatch, **{name: value}))
    assert "sk-secret" not in str(refused.value)


async def test_an_unknown_provider_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(monkeypatch, BOT_PROVIDER="skynet")
    with pytest.raises(SettingsError, match="skynet"):
        async with open_model(ModelSettings(servers=read_model_servers(settings))):
            pass
