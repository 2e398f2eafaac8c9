"""Feedback for admins: Home's count of votes, and the list of the newest complaints.

A complaint shows who voted, why, and a link to the thread. It does not show the conversation; Slack
decides whether the reader may open the thread.
"""

import time
from collections.abc import Callable, Sequence

from slack_bolt.async_app import AsyncApp

from bot.core.history.feedback import Verdict, VoteCounts, VoteRecord
from bot.core.history.personal_data import ERASED_PERSON
from bot.core.periods import SECONDS_PER_DAY
from bot.ports import Votes
from bot.slack.admin.authorization import Authorizer
from bot.slack.home import HomeReader
from bot.slack.messages import BotIdentity
from bot.slack.permalinks import message_url, mrkdwn_link
from bot.slack.rendering.feedback_buttons import VERDICT_EMOJI
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import Block, View
from bot.slack.views.listeners import Listeners
from bot.slack.views.wording import REASON_LABELS, format_score

COMPLAINTS_ACTION = "judged_complaints"
"""`action_id` of the button that opens the list."""
SCORE_PERIOD_DAYS = 30
"""Of the count in Home."""
MAX_COMPLAINTS_SHOWN = 25
"""Complaints in one view."""
MAX_COMMENT_CHARACTERS = 600
"""Characters of a comment that are shown."""


class ComplaintList:
    """Home's section of feedback, and the list of complaints behind it."""

    def __init__(
        self, authorizer: Authorizer, votes: Votes, bot: BotIdentity, *, clock: Callable[[], float] = time.time
    ) -> None:
        """`bot` holds the workspace's address, for links to threads."""
        self._authorizer = authorizer
        self._votes = votes
        self._bot = bot
        self._clock = clock

    async def __call__(self, reader: HomeReader) -> Sequence[Block]:
        """Return the section; no blocks unless the reader is an admin. Raises `StoreError`."""
        if not reader.is_admin:
            return ()
        since = self._clock() - SCORE_PERIOD_DAYS * SECONDS_PER_DAY
        total = await self._votes.count_votes(self._authorizer.workspace, since=since)
        score = (
            f"{format_score(total)} in the last {SCORE_PERIOD_DAYS} days."
            if total != VoteCounts()
            else "Nobody has voted yet."
        )
        button = block_kit.button("Complaints", COMPLAINTS_ACTION)
        return [
            block_kit.header("Feedback on answers"),
            block_kit.section(f"{score} *History* shows the score of each version."),
            block_kit.actions(button),
        ]

    async def open_complaints(self, user: str) -> View:
        """Return the newest complaints. Raises `ActionRefused` unless `user` is an admin."""
        await self._authorizer.require_admin(user, "complaints")
        complaints = await self._votes.list_complaints(self._authorizer.workspace, limit=MAX_COMPLAINTS_SHOWN)
        about = "Newest first. In a thread, *Why this answer?* shows how an answer was made."
        blocks = [block_kit.context(about if complaints else "Nobody has complained.")]
        for complaint in complaints:
            blocks += [block_kit.divider(), block_kit.section(self._describe_complaint(complaint))]
        return block_kit.modal("Complaints", blocks)

    def _describe_complaint(self, complaint: VoteRecord) -> str:
        vote = complaint.vote
        is_known = not complaint.voter.startswith(ERASED_PERSON)
        voter = f"<@{complaint.voter}>" if is_known else "somebody"
        heading = f"{VERDICT_EMOJI[Verdict.BAD]} {voter}, {wording.format_time(complaint.cast_at)}"
        answer = f"an answer to <@{complaint.author.id}>{self._link_thread(complaint)}"
        lines = [f"{heading}, on {answer}", *(f"• {REASON_LABELS[reason]}" for reason in vote.reasons)]
        if vote.note:
            lines.append(f"“{block_kit.excerpt(vote.note, MAX_COMMENT_CHARACTERS)}”")
        if complaint.model:
            lines.append(f"_{block_kit.excerpt(complaint.model, 100)}_")
        return "\n".join(lines)

    def _link_thread(self, complaint: VoteRecord) -> str:
        """Return the link to the answer, or an empty text if the workspace's address is unknown."""
        url = message_url(self._bot.url, complaint.thread, complaint.message_id)
        return f": {mrkdwn_link(url, 'open the thread')}" if url else ""


def register(app: AsyncApp, complaints: ComplaintList, listeners: Listeners) -> None:
    """Register what opens the list."""
    app.action(COMPLAINTS_ACTION)(listeners.opens(lambda pressed: complaints.open_complaints(pressed.user)))
