"""What people think of answers, taken in Slack: a thumb counts at once, and a form asks why.

Separate from `thumbs`, which are how it begins. Rules: a form names no more than its reader's own vote, which
the store holds against who submits it; whatever goes wrong is said in the form; the answer is not touched.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeAlias

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.errors import StoreError
from bot.core.feedback import Reason, Verdict, Vote
from bot.ports import Votes
from bot.slack import buttons, payload, thumbs
from bot.slack.admin import kit
from bot.slack.admin.kit import VALUE, Block, View
from bot.slack.admin.screen import Screen
from bot.slack.admin.submissions import Refused
from bot.slack.admin.wording import LABELS
from bot.slack.inbox import Entrance
from bot.slack.parse import Bot

SUBMITTED = "opinion"
"""`callback_id` of the form."""
REASONS, NOTE = "reasons", "note"
"""Ids of the form's fields."""
GONE = "That answer is not there any more, or another one is being written."
CHANGED = "Your vote has changed since, or the answer is gone. Please press a thumb again."
UNSAVED = "This could not be saved just now. Your vote counts; please send the rest again in a minute."
PATIENCE = 2.5
"""Seconds; Slack waits three for the acknowledgement."""

Aside: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]

log = structlog.get_logger()


def register(app: AsyncApp, votes: Votes, entrance: Entrance, screen: Screen, bot: Bot, aside: Aside) -> None:
    """Let the app pass on what people think. Call it before what takes everything that is left."""
    poll = _Poll(votes, entrance, screen, bot, aside)
    app.action(re.compile(f"{thumbs.ACTION}(:.*)?$"))(poll.pressed)
    app.view(SUBMITTED)(poll.submitted)


def form(vote: Vote) -> View:
    """Return the form that thanks for a vote and asks why; an earlier reason stands in it."""
    is_good = vote.verdict is Verdict.GOOD
    counted = f"{thumbs.SIGNS[vote.verdict]} Your vote counts. Whoever looks after this bot can see it."
    question = "What was good about it?" if is_good else "What would have been better?"
    note = kit.text_input(vote.note, lines=True)
    fields = [] if is_good else [kit.field(REASONS, "What is wrong with it?", _choices(vote))]
    view = kit.modal(
        "Thank you",
        [kit.section(counted), *fields, kit.field(NOTE, question, note)],
        submit="Send",
        close="Skip",
        metadata=f"{vote.verdict}:{vote.id}",
    )
    return view | {"callback_id": SUBMITTED}


def _choices(vote: Vote) -> Block:
    options = {reason: kit.option(reason, label) for reason, label in LABELS.items()}
    chosen = [options[reason] for reason in vote.reasons]
    element = {"type": "checkboxes", "action_id": VALUE, "options": list(options.values())}
    return element | ({"initial_options": chosen} if chosen else {})


class _Poll:
    """The listeners; their parameters have the names that Bolt gives."""

    def __init__(self, votes: Votes, entrance: Entrance, screen: Screen, bot: Bot, aside: Aside) -> None:
        self._votes = votes
        self._entrance = entrance
        self._screen = screen
        self._bot = bot
        self._aside = aside

    async def pressed(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Count a vote, and ask why."""
        judged = thumbs.judged(body, self._bot)
        if judged is not None:
            self._aside(self._judge(judged, payload.text(body, "trigger_id")))
        await ack()

    async def submitted(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Add the reasons to a vote; where that fails, what was written stays on the screen."""
        if problem := await self._problem(payload.text(body, "user", "id"), payload.mapping(body, "view")):
            await ack(response_action="errors", errors={NOTE: problem})
        else:
            await ack()

    async def _judge(self, judged: thumbs.Judged, trigger: str) -> None:
        if await self._entrance.lets_press(judged.thread, judged.user):
            await self._screen.open(trigger, self._counted(judged))

    async def _counted(self, judged: thumbs.Judged) -> View:
        vote = await self._votes.vote(judged.turn, judged.thread, judged.verdict, by=judged.user)
        if vote is None:
            log.info("A vote was refused.", action="vote_refused", turn=judged.turn)
            raise Refused(GONE)
        log.info("An answer was judged.", action="answer_judged", turn=judged.turn, verdict=judged.verdict)
        return form(vote)

    async def _problem(self, user: str, view: Mapping[str, Any]) -> str:
        """Save a form; return the sentence that says what is wrong with it, if anything."""
        verdict, _, vote = payload.text(view, "private_metadata").partition(":")
        if verdict not in set(Verdict) or not buttons.is_turn(vote):
            return CHANGED
        values = payload.mapping(view, "state", "values")
        note = payload.text(values, NOTE, VALUE, "value").strip()
        chosen = [
            payload.text(each, "value") for each in payload.items(values, REASONS, VALUE, "selected_options")
        ]
        reasons = [Reason(each) for each in chosen if each in set(Reason)]
        try:
            async with asyncio.timeout(PATIENCE):
                saved = await self._votes.explain(
                    int(vote), Verdict(verdict), by=user, reasons=reasons, note=note
                )
        except (StoreError, TimeoutError) as error:
            log.warning("Reasons were not saved.", action="reasons_unsaved", error=type(error).__name__)
            return UNSAVED
        return "" if saved else CHANGED
