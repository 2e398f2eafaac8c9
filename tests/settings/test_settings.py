"""A wrong setting stops the start with one sentence that names it."""

from pathlib import Path

import pytest

from bot.core.errors import SettingsError
from bot.settings import Settings

COMPLETE = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "OPENAI_API_KEY": "sk-1",
    "BOT_MODEL": "some-model",
}


@pytest.fixture(autouse=True)
def only_these(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give each test a complete environment, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)


def test_the_complete_settings_are_accepted() -> None:
    settings = Settings.load()
    settings.require_for_run()
    assert "sk-1" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SLACK_BOT_TOKEN", "", "SLACK_BOT_TOKEN is not set"),
        ("SLACK_APP_TOKEN", "", "SLACK_APP_TOKEN is not set"),
        ("SLACK_BOT_TOKEN", "xapp-1", "SLACK_BOT_TOKEN holds a token for SLACK_APP_TOKEN"),
        ("SLACK_APP_TOKEN", "xoxb-1", "SLACK_APP_TOKEN holds a token for SLACK_BOT_TOKEN"),
        ("PORT", "http", "PORT is wrong"),
        ("PORT", "65536", "PORT is wrong"),
        ("BOT_SOCKETS", "0", "BOT_SOCKETS is wrong"),
        ("BOT_SOCKETS", "11", "BOT_SOCKETS is wrong"),
        ("BOT_LEASE_SECONDS", "2.9", "BOT_LEASE_SECONDS is wrong"),
        ("OPENAI_API_KEY", "", "OPENAI_API_KEY is not set"),
        ("BOT_MODEL", "", "BOT_MODEL is not set"),
        ("BOT_MODLE", "x", "BOT_MODLE is not a setting; did you mean BOT_MODEL?"),
        ("BOT_CONTEXT_TOKENS", "many", "BOT_CONTEXT_TOKENS is wrong"),
        ("BOT_FOLLOW_THREADS", "perhaps", "BOT_FOLLOW_THREADS is wrong"),
        ("BOT_SEND_NAMES", "never", "BOT_SEND_NAMES is wrong"),
        ("OPENAI_BASE_URL", "localhost:8000/v1", "OPENAI_BASE_URL is wrong: it must begin with"),
        ("BOT_PRICES", "gpt-6-luna=1.25", "BOT_PRICES is wrong"),
        ("BOT_CURRENCY", "US dollars", "BOT_CURRENCY is wrong"),
    ],
)
def test_a_missing_or_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{said}") as refused:
        Settings.load().require_for_run()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"PORT": "8080"}, ""),
        ({"PORT": "8080", "SLACK_APP_TOKEN": ""}, ""),
        ({"PORT": "0", "SLACK_APP_TOKEN": ""}, "PORT is not set"),
        ({"PORT": "8080", "SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN is not set"),
        (
            {"PORT": "8080", "SLACK_SIGNING_SECRET": "xapp-1"},
            "SLACK_SIGNING_SECRET holds a token for SLACK_APP",
        ),
        (
            {"PORT": "8080", "SLACK_SIGNING_SECRET": "xoxb-1"},
            "SLACK_SIGNING_SECRET holds a token for SLACK_BOT",
        ),
        ({"SLACK_APP_TOKEN": ""}, "PORT is not set"),
    ],
)
def test_http_mode_needs_a_port_and_no_app_token(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, str], said: str
) -> None:
    for name, value in {"SLACK_SIGNING_SECRET": "8f742231", **more}.items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert settings.uses_http
    if said:
        with pytest.raises(SettingsError, match=f"^{said}"):
            settings.require_for_run()
    else:
        settings.require_for_run()


def test_without_a_signing_secret_it_is_socket_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port is then for the health checks."""
    monkeypatch.setenv("PORT", "8080")
    settings = Settings.load()
    settings.require_for_run()
    assert not settings.uses_http
    assert settings.port == 8080


@pytest.mark.parametrize("port", ["", "0"])
def test_both_secrets_without_a_port_are_socket_mode(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    """As in Bolt's samples, whose environment has both."""
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "8f742231")
    monkeypatch.setenv("PORT", port)
    settings = Settings.load()
    settings.require_for_run()
    assert not settings.uses_http


def test_the_error_of_a_missing_app_token_names_the_alternative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_APP_TOKEN", "")
    with pytest.raises(SettingsError, match="SLACK_SIGNING_SECRET"):
        Settings.load().require_for_run()


def test_a_server_without_keys_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1/")
    settings = Settings.load()
    settings.require_for_run()
    assert settings.openai_base_url == "http://127.0.0.1:8000/v1"


def test_the_env_file_is_read_and_unknown_settings_in_it_are_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BOT_FOLLOW_THREADS=on\n")
    assert Settings.load().bot_follow_threads
    (tmp_path / ".env").write_text("BOT_FOLOW_THREADS=on\n")
    with pytest.raises(SettingsError, match="did you mean BOT_FOLLOW_THREADS"):
        Settings.load()


def test_slacks_address_ends_with_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    """slack_sdk joins it with a method's name."""
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:9/api")
    assert Settings.load().slack_api_url == "http://127.0.0.1:9/api/"
