"""Slack's tokens and secrets among the settings: whether each is there, and where it belongs.

Separate from `settings` because it is about what the values are, not which there are. Rule: no sentence here
repeats a value.
"""

from pydantic import SecretStr

from bot.core.errors import SettingsError

TOKEN_PREFIXES = {"SLACK_BOT_TOKEN": "xoxb-", "SLACK_APP_TOKEN": "xapp-"}
"""How the token of each setting begins."""


def require_token(name: str, value: SecretStr, alternative: str = "") -> None:
    """Raise `SettingsError` unless a setting has its token; `alternative` says what may be set instead."""
    token, prefix = value.get_secret_value(), TOKEN_PREFIXES[name]
    if not token:
        raise SettingsError(
            f"{name} is not set{alternative}; put your Slack app's token ({prefix}…) there or into .env."
        )
    owner = _setting_for(token)
    if owner not in {None, name}:
        raise SettingsError(f"{name} holds a token for {owner}; it must be one that begins with {prefix}.")


def require_http(secret: SecretStr, port: int) -> None:
    """Raise `SettingsError` unless HTTP mode has what it needs: a signing secret, and a port."""
    owner = _setting_for(secret.get_secret_value())
    if owner:
        raise SettingsError(
            f"SLACK_SIGNING_SECRET holds a token for {owner}; "
            "it must be the Signing Secret from Basic Information of your Slack app."
        )
    if not port:
        raise SettingsError(
            "PORT is not set; HTTP mode, which SLACK_SIGNING_SECRET turns on, listens there. "
            "Set it, or remove SLACK_SIGNING_SECRET for Socket Mode."
        )


def _setting_for(token: str) -> str | None:
    """Return the setting that a token plainly belongs to."""
    return next((name for name, prefix in TOKEN_PREFIXES.items() if token.startswith(prefix)), None)
