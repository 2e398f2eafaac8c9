"""What admins see of people's opinions: a count in Home, and the newest complaints, each with its thread.

Separate because it reads votes, and steers nothing. Rule: what was said in a thread is not shown here; who
may read the thread finds it by the link, which Slack guards.
"""

import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeAlias

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.feedback import Opinion, Score, Verdict
from bot.core.personal import ERASED
from bot.ports import Votes
from bot.slack import payload
from bot.slack.admin import kit, wording
from bot.slack.admin.gate import Gate
from bot.slack.admin.home import Reader
from bot.slack.admin.kit import Block, View
from bot.slack.admin.screen import Screen
from bot.slack.admin.wording import LABELS, shown
from bot.slack.parse import Bot
from bot.slack.thumbs import SIGNS

COMPLAINTS = "judged_complaints"
"""`action_id` of the button that opens the list."""
DAYS = 30
"""Of the count in Home."""
SHOWN = 25
"""Complaints in one view."""
LONGEST_NOTE = 600
"""Characters of what somebody wrote that are shown."""

Aside: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]


class Judgements:
    """A section of Home, and the view behind it."""

    def __init__(self, gate: Gate, votes: Votes, bot: Bot, *, clock: Callable[[], float] = time.time) -> None:
        """`bot` tells where the workspace's threads are."""
        self._gate = gate
        self._votes = votes
        self._bot = bot
        self._clock = clock

    async def __call__(self, reader: Reader) -> Sequence[Block]:
        """Return the section; nothing for who is no admin."""
        if not reader.is_admin:
            return ()
        since = self._clock() - DAYS * 86_400
        total = await self._votes.total(self._gate.workspace, since=since)
        said = f"{shown(total)} in the last {DAYS} days." if total != Score() else "Nobody has voted yet."
        button = kit.button("What people did not like", COMPLAINTS)
        return [
            kit.header("What people think of answers"),
            kit.section(f"{said} The score of each version is in its *History*."),
            kit.actions(button),
        ]

    async def complaints(self, user: str) -> View:
        """Return the newest complaints. Raises `Refused` for who is no admin."""
        await self._gate.admit(user, "complaints")
        found = await self._votes.complaints(self._gate.workspace, limit=SHOWN)
        about = "The newest first. In a thread, *Why this answer?* tells what an answer was made with."
        blocks = [kit.context(about if found else "Nobody has complained.")]
        for complaint in found:
            blocks += [kit.divider(), kit.section(self._described(complaint))]
        return kit.modal("What people did not like", blocks)

    def _described(self, complaint: Opinion) -> str:
        vote = complaint.vote
        is_known = not complaint.voter.startswith(ERASED)
        voter = f"<@{complaint.voter}>" if is_known else "somebody"
        who = f"{SIGNS[Verdict.BAD]} {voter}, {wording.moment(complaint.at)}"
        answer = f"an answer to <@{complaint.author.id}>{self._link(complaint)}"
        lines = [f"{who}, on {answer}", *(f"• {LABELS[reason]}" for reason in vote.reasons)]
        if vote.note:
            lines.append(f"“{kit.quoted(vote.note, LONGEST_NOTE)}”")
        if complaint.model:
            lines.append(f"_{kit.quoted(complaint.model, 100)}_")
        return "\n".join(lines)

    def _link(self, complaint: Opinion) -> str:
        """Return the link to an answer, where Slack has told the workspace's address."""
        if not self._bot.url:
            return ""
        channel, root = complaint.thread.channel, complaint.thread.root
        place = f"{self._bot.url}archives/{channel}/p{complaint.message_id.replace('.', '')}"
        return f": <{place}?thread_ts={root}&cid={channel}|open the thread>"


def register(app: AsyncApp, judgements: Judgements, screen: Screen, aside: Aside) -> None:
    """Let the app open the list. Call it before what takes everything that is left."""

    @app.action(COMPLAINTS)
    async def complaints(body: dict[str, Any], ack: AsyncAck) -> None:
        making = judgements.complaints(payload.text(body, "user", "id"))
        aside(screen.open(payload.text(body, "trigger_id"), making))
        await ack()
