"""Settings: the only reader of the environment. Variables and `.env` become one frozen `Settings`.

    Settings.load()      reads and checks; a wrong value, or an unknown BOT_... variable, raises `SettingsError`
                         with one sentence that names the setting, before anything is opened
    require_for_run()    checks what `bot run` needs beyond that

The attribute `bot_model` is the variable `BOT_MODEL`. Each field's description is its line in `.env.example` and
in the table of settings; a test holds them equal. `values` parses the texts of single settings.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.access import rule_words
from bot.core.access.permission_check import AccessRules
from bot.core.access.rule_words import split_words
from bot.core.chat.scoped_config import DEFAULT_PROMPT, find_problems
from bot.core.config import Prompt, ScopeConfig
from bot.core.errors import SettingsError
from bot.core.spending import prices as money
from bot.settings import values
from bot.settings.values import PricesText, SuggestedPromptsText, UserIdsText, WebAddress

SLACK_API_URL = "https://slack.com/api/"
OPENAI_API_URL = "https://api.openai.com/v1"
EMBEDDED_DATABASE_URL = "sqlite:///threadkeeper.db"


class Settings(BaseSettings):
    """Every setting; an attribute's name in capitals is its environment variable."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    slack_bot_token: SecretStr = Field(
        SecretStr(""),
        description="Bot User OAuth Token (xoxb-…), from OAuth & Permissions of your Slack app. Required.",
    )
    slack_app_token: SecretStr = Field(
        SecretStr(""),
        description="App-level token (xapp-…) with connections:write (Basic Information). For Socket Mode.",
    )
    slack_signing_secret: SecretStr = Field(
        SecretStr(""), description="Signing Secret, from Basic Information. With it and PORT, Slack delivers by HTTP."
    )
    slack_api_url: Annotated[WebAddress, AfterValidator(lambda url: f"{url}/")] = Field(
        SLACK_API_URL, description="Slack's Web API, or a server that speaks it."
    )
    openai_api_key: SecretStr = Field(
        SecretStr(""),
        description="Key of the model service. Required unless OPENAI_BASE_URL names a server without keys.",
    )
    openai_base_url: WebAddress = Field(
        OPENAI_API_URL, description="Base URL of any OpenAI-compatible server, with its /v1."
    )
    openai_organization: str = Field("", description="Organisation to bill, if the key belongs to several.")
    openai_project: str = Field("", description="Project to bill, if the key belongs to several.")
    database_url: str = Field(
        EMBEDDED_DATABASE_URL,
        description="sqlite:///path for one process, or postgresql://user:password@host/name for several.",
    )
    port: int = Field(
        0, ge=0, le=65_535, description="Port of HTTP mode, and of /healthz and /readyz in both; 0 is none."
    )
    bot_host: str = Field(
        "0.0.0.0",  # noqa: S104 - hosting services and containers deliver to the machine's own address
        description="Address that PORT is opened on; 127.0.0.1 behind a proxy on the same machine.",
    )
    bot_model: str = Field(
        "", description="The model that answers, as its server names it, for example gpt-6-luna. Required."
    )
    bot_system_prompt: str = Field("", description="The system prompt, unless admins set another.")
    bot_prices: PricesText = Field(
        "",
        description="Prices of a million tokens: model=input/output/cached, with commas; * stands for any text.",
    )
    bot_currency: str = Field("USD", pattern="^[A-Za-z€£¥$]{1,8}$", description="Currency of the prices; only a label.")
    bot_admins: UserIdsText = Field(
        "", description="Slack user ids (U…) of admins of the bot besides Slack's own, separated by commas."
    )
    bot_allow: str = Field(
        "",
        description="Only these may ask: ids of channels (C…) and people (U…), with commas; see docs/admins.md.",
    )
    bot_deny: str = Field(
        "", description="These may never ask: ids of channels (C…) and people (U…), separated by commas."
    )
    bot_admit: str = Field(
        "", description="Who may ask by kind (guests, external, …); overrides what admins set. See docs/admins.md."
    )
    bot_user_key: SecretStr = Field(
        SecretStr(""), description="Secret for hashing user ids; by default one is generated and kept in the database."
    )
    bot_follow_threads: bool = Field(
        default=False, description="Whether the bot answers replies in its threads in channels without being mentioned."
    )
    bot_streaming: Literal["auto", "edits", "native", "off"] = Field(
        "auto",
        description="How answers grow: by native streams, by edits, or not at all; auto streams in direct messages.",
    )
    bot_feedback: bool = Field(
        default=True, description="Whether answers have thumbs below them, for people's feedback."
    )
    bot_suggested_prompts: SuggestedPromptsText = Field(
        "", description="Suggestions in a new direct message: Title: question | Title: question; at most four."
    )
    bot_retention_days: int = Field(
        0, ge=0, description="Days without a message after which a conversation is erased; 0 means never."
    )
    bot_context_tokens: int = Field(
        100_000,
        ge=500,
        description="The most tokens of a conversation that are sent to the model; older turns are left out.",
    )
    bot_summaries: bool = Field(
        default=False, description="Whether turns that are left out are summarised, by further calls of the model."
    )
    bot_send_names: Literal["auto", "on", "off"] = Field(
        "auto", description="Whether to send names in the name field of messages; auto: if the service accepts it."
    )
    bot_provider: str = Field(
        "", description="Kind of the model service, if it cannot be told from the address; see docs/models.md."
    )
    bot_identifiers: str = Field(
        "auto",
        description="Which of user, safety_identifier, prompt_cache_key to send; auto: those the service accepts.",
    )
    bot_headers: SecretStr = Field(
        SecretStr(""), description="More headers for the model service, as a JSON object of texts."
    )
    bot_fallbacks: SecretStr = Field(
        SecretStr(""),
        description="Servers to ask if the first cannot answer: https://:key@host/v1#model, separated by commas.",
    )
    bot_first_word_seconds: float = Field(
        120.0, gt=0, description="Seconds in which the model must begin to answer; some think for minutes."
    )
    bot_idle_seconds: float = Field(
        90.0, gt=0, description="Seconds that the model may be silent in the middle of an answer."
    )
    bot_total_seconds: float = Field(600.0, gt=0, description="Seconds that a complete answer may take.")
    bot_answers_at_once: int = Field(1_000, ge=1, description="How many threads one process answers at the same time.")
    bot_answers_per_person: int = Field(
        3, ge=0, description="How many answers to one person all processes write at once; others wait. 0 is no limit."
    )
    bot_questions_per_minute: int = Field(
        20, ge=0, description="How many questions of one person are taken in a minute; 0 is no limit."
    )
    bot_sockets: int = Field(
        2,
        ge=1,
        le=10,
        description="Connections of this process in Socket Mode; Slack allows ten for all processes together.",
    )
    bot_lease_seconds: float = Field(
        30.0, ge=3, description="Seconds without a heartbeat after which other processes take over a process's work."
    )
    bot_grace_seconds: float = Field(
        20.0, ge=0, description="Seconds that running answers have to finish when the bot is stopped."
    )
    bot_log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The lowest level that is logged."
    )
    bot_log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="Format of the log; auto: console on a terminal, JSON elsewhere."
    )

    @field_validator("bot_allow", "bot_deny", "bot_admit")
    @classmethod
    def _check_rules(cls, text: str, info: ValidationInfo) -> str:
        rule_words.parse_rules(**{"allow": "", "deny": "", "admit": "", str(info.field_name)[4:]: text})
        return text

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the environment and `.env`. Raises `SettingsError` with one sentence."""
        try:
            settings = cls(**overrides)
        except ValidationError as error:
            first = error.errors()[0]
            said = first["msg"].removeprefix("Value error, ")  # pydantic puts this before the sentences of validators
            raise SettingsError(f"{str(first['loc'][0]).upper()} is wrong: {said}.") from None
        _refuse_unknown({**dotenv_values(".env"), **os.environ} if Path(".env").is_file() else os.environ)
        return settings

    @property
    def admins(self) -> frozenset[str]:
        """The ids of `bot_admins`."""
        return frozenset(split_words(self.bot_admins))

    @property
    def access_rules(self) -> AccessRules:
        """The deployment's rules of who may ask where."""
        return rule_words.parse_rules(self.bot_allow, self.bot_deny, self.bot_admit)

    @property
    def prices(self) -> money.PriceTable:
        """The price table of `bot_prices`."""
        return money.PriceTable(currency=self.bot_currency, by_name=money.parse_prices(self.bot_prices))

    @property
    def uses_http(self) -> bool:
        """Whether Slack delivers by signed requests (HTTP mode) rather than over sockets (Socket Mode).

        With both secrets, as in Bolt's samples, the port decides.
        """
        wants_sockets = self.slack_app_token.get_secret_value() and not self.port
        return bool(self.slack_signing_secret.get_secret_value()) and not wants_sockets

    @property
    def deployment_config(self) -> ScopeConfig:
        """The config of the highest scope, from the settings. Raises `SettingsError`."""
        prompt = Prompt(self.bot_system_prompt or DEFAULT_PROMPT)
        config = ScopeConfig(prompt=prompt, parameters={"model": self.bot_model} if self.bot_model else {})
        for name, problem in find_problems(config).items():
            raise SettingsError(f"{'BOT_MODEL' if name == 'model' else 'BOT_SYSTEM_PROMPT'} is wrong: {problem}")
        return config

    def require_for_run(self) -> None:
        """Raise `SettingsError` for the first setting that `bot run` lacks, or that holds another's token."""
        values.require_token("SLACK_BOT_TOKEN", self.slack_bot_token)
        if self.uses_http:
            values.require_http(self.slack_signing_secret, self.port)
        else:
            alternative = " (or SLACK_SIGNING_SECRET, for HTTP mode)"
            values.require_token("SLACK_APP_TOKEN", self.slack_app_token, alternative)
        self.require_model()

    def require_model(self) -> None:
        """Raise `SettingsError` if no model is set."""
        if not self.openai_api_key.get_secret_value() and self.openai_base_url == OPENAI_API_URL:
            raise SettingsError(
                "OPENAI_API_KEY is not set; put your key there, or use OPENAI_BASE_URL for a keyless server."
            )
        if not self.bot_model:
            raise SettingsError("BOT_MODEL is not set; name the model that answers, for example BOT_MODEL=gpt-6-luna.")


def _refuse_unknown(environment: Mapping[str, str | None]) -> None:
    """Raise `SettingsError` for a `BOT_…` variable that is not a setting: most likely a typing error."""
    known = [name.upper() for name in Settings.model_fields]
    for name in sorted(environment):
        if name.upper().startswith("BOT_") and name.upper() not in known:
            close = difflib.get_close_matches(name.upper(), known, n=1)
            hint = f"; did you mean {close[0]}?" if close else "; .env.example lists all settings."
            raise SettingsError(f"{name} is not a setting{hint}")
