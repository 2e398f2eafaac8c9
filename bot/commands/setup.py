"""`bot migrate` and `bot manifest`: what is done once, before the bot can run."""

from urllib.parse import urlsplit

import click

from bot.commands.database_session import CommandRefused
from bot.settings import Settings
from bot.slack import manifest
from bot.store import migrate
from bot.store.database import parse_database_url


@click.command(name="migrate")
def migrate_() -> None:
    """Bring the database in DATABASE_URL up to date."""
    url = parse_database_url(Settings.load().database_url)
    migrate.upgrade_database(url)
    click.echo(f"The database is up to date, at revision {migrate.read_revision(url)}.")


@click.command(name="manifest")
@click.option("--name", default="Threadkeeper", show_default=True, help="The app's name in Slack.")
@click.option("--url", default="", help="For HTTP mode: the bot's public address, https://…")
def manifest_(name: str, url: str) -> None:
    """Print the Slack app manifest (YAML), ready to paste at api.slack.com/apps."""
    name, url = name.strip(), url.strip()
    if not 0 < len(name) <= manifest.MAX_NAME_LENGTH:
        raise CommandRefused(f"--name must have 1 to {manifest.MAX_NAME_LENGTH} characters, and has {len(name)}.")
    if not name.isprintable():
        raise CommandRefused(
            "--name contains a character that cannot be seen; write it without line breaks and the like."
        )
    if url:
        _check_public_address(url)
    click.echo(manifest.manifest_yaml(name, url=url), nl=False)


def _check_public_address(url: str) -> None:
    """Raise `CommandRefused` for an address that Slack would not deliver to."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # brackets without an address in them, or a port above 65,535
        raise CommandRefused("--url is not an address; write https://bot.example.com.") from None
    if parts.scheme != "https" or not parts.hostname:
        raise CommandRefused("--url must begin with https:// and a host; Slack delivers to no other addresses.")
    if parts.username or parts.password or any(character.isspace() for character in url):
        raise CommandRefused("--url must have no blanks and no user name: everybody with the manifest could read them.")
    if parts.query or parts.fragment:
        raise CommandRefused("--url must end before a ? or #, since the bot's path is added to it.")
