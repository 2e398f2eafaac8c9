"""`bot models`: what the model server offers, and until when.

Separate because it talks to the model server, not to the database.
"""

import asyncio
from collections.abc import Iterable, Iterator

import click

from bot.commands.shell import Refused
from bot.core.errors import ModelError
from bot.llm.models import ModelInfo
from bot.llm.opening import ModelSettings, open_model
from bot.servers import servers
from bot.settings import Settings


@click.command()
def models() -> None:
    """List the models of the server in OPENAI_BASE_URL; `*` marks the one of BOT_MODEL.

    A model that its service is going to shut down is listed with the day.
    """
    settings = Settings.load()
    try:
        found = asyncio.run(_listed(settings))
    except ModelError as error:
        raise Refused(
            f"{settings.openai_base_url} (OPENAI_BASE_URL) gave no list of models ({error}); "
            "a model can be set by its name all the same."
        ) from None
    for line in _lines(found, settings.bot_model):
        click.echo(line)


async def _listed(settings: Settings) -> list[ModelInfo]:
    async with open_model(ModelSettings(servers=servers(settings)[:1])) as model:
        return await model.models()


def _lines(found: Iterable[ModelInfo], chosen: str) -> Iterator[str]:
    for model in found:
        window = f", {model.context_window:,} tokens" if model.context_window else ""
        end = f", will be shut down on {model.shutdown_date}" if model.shutdown_date else ""
        yield f"{'*' if model.id == chosen else ' '} {model.id}{window}{end}"
