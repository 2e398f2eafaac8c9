"""Turns a conversation into the chat-completions `messages` array.

    system     You are a helpful assistant ...
    user       Ada: What is a lease?
    assistant  A lease is ...
    user       Bob: And a fencing token?

Names are prefixed only if several people write. Neighbours of one role are joined, because the templates of
many models demand strict alternation. `context_window` decides which turns are part of the array.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from bot.core.errors import ContentFiltered
from bot.core.requests import ChatMessage
from bot.core.turns import Author, Turn

NO_TEXT = "(This message has no text.)"
"""Some servers refuse an empty content, and the model should know what happened."""
CONTINUE_PROMPT = "Please go on exactly where you stopped."
"""Follows an incomplete answer: most models cannot continue their own message."""


def hash_user(author: Author, workspace: str, key: bytes) -> str:
    """Return 64 hexadecimal characters that identify a person to the model service without naming them.

    They are the same for the same person in one installation, and different elsewhere. They are keyed,
    because a platform has so few ids that a plain hash could be reversed by trying them all.
    """
    return hash_parts(key, workspace, author.id)


def hash_parts(key: bytes, *parts: str) -> str:
    """Return 64 hexadecimal characters that identify the parts and cannot be reversed without the key."""
    return hmac.digest(key, ":".join(parts).encode(), "sha256").hex()


def select_remembered(history: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the turns that belong into the array.

    A question that the service's filter refused is left out: it would make the service refuse every later
    one.
    """
    return tuple(turn for turn in history if turn.error != ContentFiltered.code)


def build_messages(
    system: str,
    history: Sequence[Turn],
    question: Turn,
    *,
    summary: str = "",
    names: bool = False,
    pictures: tuple[str, ...] = (),
) -> tuple[ChatMessage, ...]:
    """Return the array: the system prompt, the earlier turns in order, the question.

    `summary` stands for the turns before those; see `core.chat.summaries.render_summary`. If the question
    already has part of its answer, the model is asked to continue. If several people write, each message
    begins with the writer's name. `names` fills the `name` field too, which only some servers accept.
    `pictures` are those of the question; pictures of earlier turns appear by name only.
    """
    label = label_speakers([*history, question])
    messages = [ChatMessage(role="system", content=system)] if system else []
    if summary:
        messages.append(ChatMessage(role="user", content=summary))
    for turn in (*history, question):
        speaker = label(turn.author)
        content = f"{speaker}: {turn_text(turn)}" if speaker else turn_text(turn)
        name = to_api_name(turn.author.name) if names else ""
        images = pictures if turn is question else ()
        messages.append(ChatMessage(role="user", content=content, name=name, images=images))
        if turn.answer:
            messages.append(ChatMessage(role="assistant", content=turn.answer))
    if question.answer:
        messages.append(ChatMessage(role="user", content=CONTINUE_PROMPT))
    return join_neighbours(messages)


def to_api_name(name: str) -> str:
    """Return a name as the API's `name` field accepts it: at most 64 of `[a-zA-Z0-9_-]`, or empty."""
    safe = re.sub(r"[^a-zA-Z0-9_-]+", "_", name).strip("_")
    return safe[:64]


def turn_text(turn: Turn) -> str:
    """Return the text of a turn's question, including what was read of its files."""
    reading = turn.made_with.reading if turn.made_with else ""
    return "\n\n".join(filter(None, (turn.question or NO_TEXT, reading)))


def label_speakers(turns: Sequence[Turn]) -> Callable[[Author], str]:
    """Return a function from a person to the label of their messages.

    It returns an empty text if only one person writes, else the person's name or a number.
    """
    people = list(dict.fromkeys(turn.author.id for turn in turns))
    if len(people) == 1:
        return lambda _author: ""
    return lambda author: author.name or f"Person {people.index(author.id) + 1}"


def join_neighbours(messages: Iterable[ChatMessage]) -> tuple[ChatMessage, ...]:
    """Join neighbours of one role and name: the templates of many models demand strict alternation."""
    result: list[ChatMessage] = []
    for message in messages:
        if result and (result[-1].role, result[-1].name) == (message.role, message.name):
            before = result.pop()
            content = f"{before.content}\n\n{message.content}"
            result.append(replace(message, content=content, images=before.images + message.images))
        else:
            result.append(message)
    return tuple(result)
