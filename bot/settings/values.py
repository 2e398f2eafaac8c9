"""Checks and parses the values of single settings: Slack's tokens, web addresses, suggested prompts.

    SLACK_BOT_TOKEN=xapp-1-...   ->  error: it holds a token for SLACK_APP_TOKEN
    BOT_SUGGESTED_PROMPTS="Poem: Write a poem | Jokes: Tell me a joke"
                                 ->  {"Poem": "Write a poem", "Jokes": "Tell me a joke"}

No error repeats a token or a secret.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from bot.core.access.rule_words import split_words
from bot.core.errors import SettingsError
from bot.core.spending.prices import parse_prices

TOKEN_PREFIXES = {"SLACK_BOT_TOKEN": "xoxb-", "SLACK_APP_TOKEN": "xapp-"}
"""The beginning of each setting's token."""
MAX_SUGGESTIONS = 4
"""https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts"""
MAX_SUGGESTION_LENGTH = 2_000
"""In characters, of a title or a question. Slack names no limit; this is longer than anybody reads."""


def require_token(name: str, value: SecretStr, alternative: str = "") -> None:
    """Raise `SettingsError` if a setting lacks its token; `alternative` names what may be set instead."""
    token, prefix = value.get_secret_value(), TOKEN_PREFIXES[name]
    if not token:
        raise SettingsError(
            f"{name} is not set{alternative}; put your Slack app's token ({prefix}…) there or into .env."
        )
    owner = _setting_for(token)
    if owner not in {None, name}:
        raise SettingsError(f"{name} holds a token for {owner}; it must be one that begins with {prefix}.")


def require_http(secret: SecretStr, port: int) -> None:
    """Raise `SettingsError` if HTTP mode lacks its port, or has a token in place of the signing secret."""
    owner = _setting_for(secret.get_secret_value())
    if owner:
        raise SettingsError(
            f"SLACK_SIGNING_SECRET holds a token for {owner}; "
            "it must be the Signing Secret from Basic Information of your Slack app."
        )
    if not port:
        raise SettingsError(
            "PORT is not set; HTTP mode, which SLACK_SIGNING_SECRET turns on, listens there. "
            "Set it, or SLACK_APP_TOKEN for Socket Mode."
        )


def _setting_for(token: str) -> str | None:
    """Return the setting that a token belongs to, by how it begins."""
    return next((name for name, prefix in TOKEN_PREFIXES.items() if token.startswith(prefix)), None)


def parse_suggestions(text: str) -> Mapping[str, str]:
    """Return questions by their titles, from `Title: question | Title: question`.

    A line break separates like a bar. Raises ValueError, a sentence.
    """
    found: dict[str, str] = {}
    for each in filter(str.strip, text.replace("\n", "|").split("|")):
        title, colon, question = (part.strip() for part in each.partition(":"))
        if not (title and colon and question):
            raise ValueError(f"`{each.strip()[:40]}` is not of the form `Title: question`")
        if title in found:
            raise ValueError(f"the title `{title[:40]}` is there twice")
        if max(len(title), len(question)) > MAX_SUGGESTION_LENGTH:
            raise ValueError(f"`{title[:40]}` is longer than {MAX_SUGGESTION_LENGTH:,} characters")
        found[title] = question
    if len(found) > MAX_SUGGESTIONS:
        raise ValueError(f"Slack shows {MAX_SUGGESTIONS} suggestions at most, and these are {len(found)}")
    return found


def _check_web_address(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("it must begin with http:// or https://")
    return url.rstrip("/")


def _check_user_ids(ids: str) -> str:
    if wrong := [each for each in split_words(ids) if not re.fullmatch("[UW][A-Z0-9]+", each)]:
        raise ValueError(f"`{wrong[0]}` is not a Slack user id such as U012AB3CD")
    return ids


def _parsed_by(parse: Callable[[str], object]) -> AfterValidator:
    """Return a validator that keeps a text as it is, if `parse` raises no ValueError."""

    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


WebAddress = Annotated[str, AfterValidator(_check_web_address)]
"""An address without a slash at its end."""
UserIdsText = Annotated[str, AfterValidator(_check_user_ids)]
PricesText = Annotated[str, _parsed_by(parse_prices)]
SuggestedPromptsText = Annotated[str, _parsed_by(parse_suggestions)]
