"""`bot models`: what the model server offers, until when, and what it has taught us.

Separate because it talks to the model server; without the database, only the last of these is missing.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import click
from sqlalchemy import URL

from bot import log
from bot.app.model_servers import configured_servers, secret_values
from bot.commands.database_session import CommandRefused, open_database, with_database
from bot.core.errors import BotError, ModelError
from bot.llm.adaptation.learned_facts import ModelFacts
from bot.llm.models import ModelInfo
from bot.llm.open_model import ModelSettings, open_model, strip_secrets
from bot.settings import Settings
from bot.store.config.learned_facts import SqlLearnedFacts
from bot.store.database import parse_database_url

LearntByModel: TypeAlias = Mapping[str, Mapping[str, str]]
"""For each model, what is done about which parameter."""


@click.command()
@click.option("--forget", is_flag=True, help="Forget what was learnt of all models and servers instead.")
def models(*, forget: bool) -> None:
    """List the models of the server in OPENAI_BASE_URL; `*` marks the one of BOT_MODEL.

    A model that its service is going to shut down is listed with the day. Below a model stands what the
    bot has learnt of it from refusals: which parameters have no effect, or another name. The bot goes by
    that for 30 days; after `--forget`, from its next start on, it learns anew.
    """
    settings = Settings.load()
    if forget:
        count = with_database(lambda database: SqlLearnedFacts(database).forget_all())
        click.echo(f"Forgot {count} lessons." if count != 1 else "Forgot 1 lesson.")
        return
    try:
        found, learnt = asyncio.run(_list_models(settings))
    except ModelError as error:
        why = log.remove_secrets(secret_values(settings), str(error))
        raise CommandRefused(
            f"{strip_secrets(settings.openai_base_url)} (OPENAI_BASE_URL) gave no list of models ({why}); "
            "a model can be set by its name all the same."
        ) from None
    for line in _format_models(found, settings.bot_model, learnt):
        click.echo(line)


async def _list_models(settings: Settings) -> tuple[list[ModelInfo], LearntByModel]:
    """Return the models, and what is known of each. Raises a `ModelError`."""
    notebook = await _read_facts(settings)
    async with open_model(ModelSettings(servers=configured_servers(settings)[:1], facts=notebook)) as model:
        found = await model.fetch_models()
        return found, {each.id: model.adaptations(each.id) for each in found}


async def _read_facts(settings: Settings) -> ModelFacts:
    """Return what was learnt, as far as there is a database that tells."""
    notebook = ModelFacts()
    with suppress(BotError):
        if _may_exist(parse_database_url(settings.database_url)):
            async with open_database(settings) as database:
                notebook = ModelFacts(SqlLearnedFacts(database))
                await notebook.load()
    return notebook


def _may_exist(url: URL) -> bool:
    """Return whether there may be a database; to look into an SQLite file would make it."""
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()


def _format_models(found: Iterable[ModelInfo], chosen: str, learnt: LearntByModel) -> Iterator[str]:
    for model in found:
        window = f", {model.context_window:,} tokens" if model.context_window else ""
        end = f", will be shut down on {model.shutdown_date}" if model.shutdown_date else ""
        yield f"{'*' if model.id == chosen else ' '} {model.id}{window}{end}"
        for parameter, told in learnt[model.id].items():
            yield f"      {parameter}: {told}"
