"""What is kept beside the conversations: system prompts, and the secrets of the installation.

Separate because it changes seldom and has nothing to do with who works on what.
"""

from collections.abc import Callable
from dataclasses import asdict

from sqlalchemy import Connection, and_, bindparam, delete, literal_column, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core.domain import PromptKey, ThreadKey
from bot.store.schema import now, prompts, secrets

_KEY = (prompts.c.platform, prompts.c.workspace, prompts.c.channel, prompts.c.root)

PROMPTS_FOR = select(prompts).where(*(part.in_(["", bindparam(part.name)]) for part in _KEY))

_THIS_PROMPT = and_(*(part == bindparam(f"this_{part.name}") for part in _KEY))

PROMPT = select(prompts.c.text).where(_THIS_PROMPT)

SET_PROMPT = upsert(prompts).on_conflict_do_update(
    index_elements=_KEY,
    set_={"text": literal_column("excluded.text"), "updated_at": now()},
)

UNSET_PROMPT = delete(prompts).where(_THIS_PROMPT)

SECRET = select(secrets.c.value).where(secrets.c.name == bindparam("name"))

ADD_SECRET = upsert(secrets).on_conflict_do_nothing()


def prompts_for(connection: Connection, thread: ThreadKey) -> dict[PromptKey, str]:
    """Read the prompts whose every part is the thread's or empty."""
    rows = connection.execute(PROMPTS_FOR, asdict(thread))
    return {PromptKey(**{part.name: row[part.name] for part in _KEY}): row["text"] for row in rows.mappings()}


def prompt(connection: Connection, key: PromptKey) -> str:
    """Read the prompt of exactly this key."""
    found: str | None = connection.scalar(PROMPT, _this(key))
    return found or ""


def set_prompt(connection: Connection, key: PromptKey, text: str) -> None:
    """Write or remove the prompt of exactly this key."""
    if text:
        connection.execute(SET_PROMPT, asdict(key) | {"text": text})
    else:
        connection.execute(UNSET_PROMPT, _this(key))


def secret(connection: Connection, name: str, make: Callable[[], str]) -> str:
    """Read a secret; where there is none, make it, and read whose was first."""
    found: str | None = connection.scalar(SECRET, {"name": name})
    if found is None:
        connection.execute(ADD_SECRET, {"name": name, "value": make()})
        found = connection.execute(SECRET, {"name": name}).scalar_one()
    return found


def _this(key: PromptKey) -> dict[str, str]:
    return {f"this_{part}": value for part, value in asdict(key).items()}
