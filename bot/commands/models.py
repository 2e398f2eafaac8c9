"""`bot models`: lists the model server's models, until when each is offered, and what was learned about it.

It needs no database; without one only what was learned is missing.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import click
from sqlalchemy import URL

from bot import log
from bot.app.model_servers import collect_secrets, read_model_servers
from bot.commands.database_session import CommandRefused, open_database, with_database
from bot.core.errors import ModelError, StoreUnavailable
from bot.llm.adaptation.learned_facts import ModelFacts
from bot.llm.models import ModelInfo
from bot.llm.open_model import ModelSettings, open_model, strip_secrets
from bot.settings import Settings
from bot.store import migrate
from bot.store.config.learned_facts import SqlLearnedFacts
from bot.store.database import parse_database_url

LearnedByModel: TypeAlias = Mapping[str, Mapping[str, str]]
"""For each model and parameter, what the bot does about it, as text."""


@click.command()
@click.option("--forget", is_flag=True, help="Forget what was learned about all models and servers instead.")
def models(*, forget: bool) -> None:
    """List the models of the server in OPENAI_BASE_URL; `*` marks the one of BOT_MODEL.

    A model that its service will shut down is listed with the date. Below each model is what the bot has learned
    about it from refused requests: which parameters it does not take, or takes under another name. The bot acts on that
    for 30 days. After `--forget` and a restart it learns anew.
    """
    settings = Settings.load()
    if forget:
        count = with_database(lambda database: SqlLearnedFacts(database).forget_all())
        click.echo(f"Forgot {count} facts." if count != 1 else "Forgot 1 fact.")
        return
    try:
        found, learned = asyncio.run(_list_models(settings))
    except ModelError as error:
        why = log.remove_secrets(collect_secrets(settings), str(error))
        raise CommandRefused(
            f"{strip_secrets(settings.openai_base_url)} (OPENAI_BASE_URL) did not list its models ({why}); "
            "a model can still be set by its name."
        ) from None
    for line in _format_models(found, settings.bot_model, learned):
        click.echo(line)


async def _list_models(settings: Settings) -> tuple[list[ModelInfo], LearnedByModel]:
    """Return the models, and what was learned about each. Raises `ModelError`."""
    facts = await _read_facts(settings)
    async with open_model(ModelSettings(servers=read_model_servers(settings)[:1], facts=facts)) as model:
        found = await model.fetch_models()
        return found, {each.id: model.adaptations(each.id) for each in found}


async def _read_facts(settings: Settings) -> ModelFacts:
    """Return what was learned; nothing if there is no database yet, or none that answers. Raises `SettingsError`."""
    facts, url = ModelFacts(), parse_database_url(settings.database_url)
    with suppress(StoreUnavailable):
        if _may_exist(url) and await asyncio.to_thread(migrate.read_revision, url) is not None:
            async with open_database(settings) as database:
                facts = ModelFacts(SqlLearnedFacts(database))
                await facts.load()
    return facts


def _may_exist(url: URL) -> bool:
    """Return whether there may be a database. Opening an SQLite file would create it."""
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()


def _format_models(found: Iterable[ModelInfo], chosen: str, learned: LearnedByModel) -> Iterator[str]:
    for model in found:
        window = f", {model.context_window:,} tokens" if model.context_window else ""
        end = f", will be shut down on {model.shutdown_date}" if model.shutdown_date else ""
        yield f"{'*' if model.id == chosen else ' '} {model.id}{window}{end}"
        for parameter, told in learned[model.id].items():
            yield f"      {parameter}: {told}"
