"""The places where text of people, models and servers enters the program, each as a function of a text."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from bot.core.chat.placeholders import find_problem
from bot.core.parameter_types import TokenBiasesType
from bot.core.reply.commands import DisplayMode, Edit, Post
from bot.core.reply.live_reply import LiveReply
from bot.core.reply.stopping import is_stop_request
from bot.llm.adaptation import rejected_fields
from bot.llm.protocol.error_body import parse_error_body
from bot.llm.protocol.error_translation import make_model_error
from bot.slack.event_payloads import MessageEvent, parse_event
from bot.slack.messages import parse_message
from bot.slack.rendering import incremental, render
from bot.slack.rendering.mrkdwn import parse_markdown
from bot.slack.rendering.sanitize import sanitize_markdown, sanitize_text
from bot.slack.surface.assistant_status import make_title
from tests.slack import sample_events

STEP_CHARACTERS = 100
"""What the model writes between two looks at a growing page."""


class SmallPages:
    """Slack's limits with pages so small that an answer of a few thousand characters has many."""

    fits = staticmethod(render.fits)
    page_size = 500
    interval = append_interval = 0.0


def receive(text: str) -> None:
    """Read an event, and make its message readable."""
    fields = sample_events.message(text=text, thread_ts="4.0")
    event = parse_event({"event": fields}, sample_events.BOT, follow_threads=True)
    message = parse_message(fields, sample_events.BOT, channel="C1")
    assert message
    assert not isinstance(event, MessageEvent) or event.message == message
    message.readable_text(dict.fromkeys(message.ids_to_name, "Ada"))
    is_stop_request(message.text)
    make_title(text)


def forget_pages() -> None:
    """Forget what was rendered."""
    render._render_page.cache_clear()
    incremental._prefixes.clear()


def render_page(text: str) -> None:
    """Render a page that was never seen."""
    forget_pages()
    render.render(text)


def grow(mode: DisplayMode) -> Callable[[str], None]:
    """Return a function that shows a text while it grows."""

    def feed(text: str) -> None:
        forget_pages()
        reply = LiveReply(SmallPages(), mode=mode)
        for now, start in enumerate(range(0, len(text), STEP_CHARACTERS)):
            reply.feed(text[start : start + STEP_CHARACTERS])
            _write(reply, float(now))
        reply.finish()
        _write(reply, float(len(text)))

    return feed


def _write(reply: LiveReply, now: float) -> None:
    while isinstance(command := reply.next(now), Post | Edit):
        reply.note_accepted(command, now)


def read_server_error(text: str) -> None:
    """Read an error body, as JSON and as text, and headers."""
    headers = {"retry-after": text, "x-ratelimit-reset-tokens": text, "x-ratelimit-remaining-tokens": "0"}
    sent: dict[str, Any] = {"model": "a", "user": "b", "messages": []}
    error = {"message": text, "param": text, "code": text}
    for data in (json.dumps({"error": error}).encode(), text.encode()):
        body = parse_error_body(400, data)
        make_model_error(body, {**headers, "x-request-id": text}, now=0.0)
        rejected_fields.find_rejected_fields(body, sent)
        for judge in (
            rejected_fields.is_about_vision,
            rejected_fields.is_about_value,
            rejected_fields.is_about_pictures,
        ):
            judge(body)


def read_settings(text: str) -> None:
    """Read what an admin wrote."""
    find_problem(text)
    with suppress(ValueError):
        TokenBiasesType(100).parse(text)


QUICK: Mapping[str, Callable[[str], Any]] = {
    "receive": receive,
    "parse Markdown": parse_markdown,
    "sanitize": lambda text: sanitize_markdown(sanitize_text(text)),
    "render": render_page,
    "server's error": read_server_error,
    "settings": read_settings,
}
GROWING: Mapping[str, Callable[[str], Any]] = {mode.value: grow(mode) for mode in DisplayMode}
"""These take longer: a page is looked at again and again."""
