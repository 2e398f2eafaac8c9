"""`bot migrate` and `bot manifest`: what is done once, before the bot can run."""

import click

from bot.settings import Settings
from bot.slack import manifest
from bot.store import migrate
from bot.store.database import parse_database_url


@click.command(name="migrate")
def migrate_() -> None:
    """Bring the database in DATABASE_URL up to date."""
    url = parse_database_url(Settings.load().database_url)
    migrate.upgrade_database(url)
    click.echo(f"The database is up to date, at revision {migrate.needed_revision()}.")


@click.command(name="manifest")
@click.option("--name", default="Threadkeeper", show_default=True, help="The app's name in Slack.")
@click.option("--url", default="", help="For HTTP mode: the bot's public address, https://…")
def manifest_(name: str, url: str) -> None:
    """Print the Slack app manifest (YAML), ready to paste at api.slack.com/apps."""
    if url and not url.startswith("https://"):
        raise click.BadParameter("Slack delivers to https:// addresses only.", param_hint="--url")
    click.echo(manifest.manifest_yaml(name, url=url), nl=False)
