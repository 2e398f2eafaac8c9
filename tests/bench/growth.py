"""What a token costs while one answer grows: the live reply, its pages and their rendering, without waiting.

It runs in this process, without sockets. An answer at fifty tokens a second is simulated with a clock that
jumps, and CPU time is read after each thousand characters.
"""

import time

from bot.core.chat.stream import AnswerBuilder, TextDelta
from bot.core.reply.commands import Edit, Post
from bot.core.reply.live_reply import LiveReply
from bot.slack.rendering import render
from bot.slack.surface import SlackSurface
from tests.bench.words import tokens

SECONDS_PER_TOKEN = 0.02
STEP_CHARACTERS = 1_000
"""Characters of the answer between two readings."""
ANSWER_CHARACTERS = 100_000


def grow() -> list[tuple[int, float]]:
    """Return the characters so far, and the CPU seconds of a token in the last thousand."""
    live, builder = LiveReply(SlackSurface.limits), AnswerBuilder()
    said, now, spent, count, marks = 0, 0.0, 0.0, 0, list[tuple[int, float]]()
    pieces = tokens(1, ANSWER_CHARACTERS // 4)
    for piece in pieces:
        began = time.process_time()
        builder.feed(TextDelta(piece))
        live.feed(piece)
        command = live.next(now)
        if isinstance(command, Post | Edit):
            render.render(command.text)
            live.note_accepted(command, now)
        spent += time.process_time() - began
        now, said, count = now + SECONDS_PER_TOKEN, said + len(piece), count + 1
        if said >= STEP_CHARACTERS * (len(marks) + 1):
            marks.append((said, spent / count))
            spent, count = 0.0, 0
        if said >= ANSWER_CHARACTERS:
            break
    return marks
