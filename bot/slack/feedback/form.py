"""Feedback on an answer: a thumb counts at once, and opens a form that asks for the reason.

The form's `private_metadata` names the vote. The store saves a reason only for a vote of the person who
submits it, so a forged id changes nothing. An error is shown in the form. The answer itself is not
touched.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeAlias

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.errors import StoreError
from bot.core.history.feedback import Verdict, Vote, VoteReason
from bot.ports import Votes
from bot.slack import payload
from bot.slack.events.inbox import AdmitsMessages
from bot.slack.messages import BotIdentity
from bot.slack.rendering import buttons, feedback_buttons
from bot.slack.views import block_kit
from bot.slack.views.block_kit import VALUE_ACTION_ID, Block, View
from bot.slack.views.modals import Modals
from bot.slack.views.submissions import ActionRefused
from bot.slack.views.wording import REASON_LABELS

FEEDBACK_FORM_CALLBACK = "opinion"
"""`callback_id` of the form."""
REASONS_FIELD, NOTE_FIELD = "reasons", "note"
"""Block ids of the form's inputs."""
ANSWER_GONE = "That answer is not there any more, or another one is being written."
VOTE_CHANGED = "Your vote has changed since, or the answer is gone. Please press a thumb again."
REASONS_NOT_SAVED = "This could not be saved just now. Your vote counts; please send the rest again in a minute."
SAVE_TIMEOUT_SECONDS = 2.5
"""Slack waits three seconds for the acknowledgement."""

RunInBackground: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]

log = structlog.get_logger()


def register(
    app: AsyncApp, votes: Votes, entrance: AdmitsMessages, screen: Modals, bot: BotIdentity, aside: RunInBackground
) -> None:
    """Let the app pass on what people think. Call it before what takes everything that is left."""
    poll = FeedbackListeners(votes, entrance, screen, bot, aside)
    app.action(re.compile(f"{feedback_buttons.FEEDBACK_ACTION_ID}(:.*)?$"))(poll.count_vote)
    app.view(FEEDBACK_FORM_CALLBACK)(poll.save_reasons)


def render_form(vote: Vote) -> View:
    """Return the form that confirms a vote and asks for its reason, filled in with earlier reasons."""
    is_good = vote.verdict is Verdict.GOOD
    emoji = feedback_buttons.VERDICT_EMOJI[vote.verdict]
    counted = f"{emoji} Your vote counts. The admins of this bot can see it."
    question = "What was good about it?" if is_good else "What would have been better?"
    note = block_kit.text_input(vote.note, lines=True)
    fields = (
        [] if is_good else [block_kit.input_block(REASONS_FIELD, "What is wrong with it?", _reason_checkboxes(vote))]
    )
    view = block_kit.modal(
        "Thank you",
        [block_kit.section(counted), *fields, block_kit.input_block(NOTE_FIELD, question, note)],
        submit="Send",
        close="Skip",
        metadata=f"{vote.verdict}:{vote.id}",
    )
    return view | {"callback_id": FEEDBACK_FORM_CALLBACK}


def _reason_checkboxes(vote: Vote) -> Block:
    options = {reason: block_kit.option(reason, label) for reason, label in REASON_LABELS.items()}
    chosen = [options[reason] for reason in vote.reasons]
    element = {"type": "checkboxes", "action_id": VALUE_ACTION_ID, "options": list(options.values())}
    return element | ({"initial_options": chosen} if chosen else {})


class FeedbackListeners:
    """The listeners; their parameters have the names that Bolt gives."""

    def __init__(
        self,
        votes: Votes,
        access_guard: AdmitsMessages,
        modals: Modals,
        bot: BotIdentity,
        run_in_background: RunInBackground,
    ) -> None:
        self._votes = votes
        self._access_guard = access_guard
        self._modals = modals
        self._bot = bot
        self._run_in_background = run_in_background

    async def count_vote(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Count a vote, and ask why."""
        judged = feedback_buttons.parse_thumb_press(body, self._bot)
        if judged is not None:
            self._run_in_background(self._open_form(judged, payload.text(body, "trigger_id")))
        await ack()

    async def save_reasons(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Add the reasons to a vote; where that fails, what was written stays on the screen."""
        if problem := await self._save_reasons(payload.text(body, "user", "id"), payload.mapping(body, "view")):
            await ack(response_action="errors", errors={NOTE_FIELD: problem})
        else:
            await ack()

    async def _open_form(self, judged: feedback_buttons.ThumbPress, trigger: str) -> None:
        if await self._access_guard.admit_press(judged.thread, judged.user):
            await self._modals.open_view(trigger, self._record_vote(judged))

    async def _record_vote(self, judged: feedback_buttons.ThumbPress) -> View:
        vote = await self._votes.cast_vote(judged.turn, judged.thread, judged.verdict, by=judged.user)
        if vote is None:
            log.info("A vote was refused.", action="vote_refused", turn=judged.turn)
            raise ActionRefused(ANSWER_GONE)
        log.info("An answer was judged.", action="answer_judged", turn=judged.turn, verdict=judged.verdict)
        return render_form(vote)

    async def _save_reasons(self, user: str, view: Mapping[str, Any]) -> str:
        """Save a form; return the sentence that says what is wrong with it, if anything."""
        verdict, _, vote = payload.text(view, "private_metadata").partition(":")
        if verdict not in set(Verdict) or not buttons.is_turn_id(vote):
            return VOTE_CHANGED
        values = payload.mapping(view, "state", "values")
        note = payload.text(values, NOTE_FIELD, VALUE_ACTION_ID, "value").strip()
        chosen = [
            payload.text(each, "value")
            for each in payload.items(values, REASONS_FIELD, VALUE_ACTION_ID, "selected_options")
        ]
        reasons = [VoteReason(each) for each in chosen if each in set(VoteReason)]
        try:
            async with asyncio.timeout(SAVE_TIMEOUT_SECONDS):
                saved = await self._votes.add_reasons(int(vote), Verdict(verdict), by=user, reasons=reasons, note=note)
        except (StoreError, TimeoutError) as error:
            log.warning("Reasons were not saved.", action="reasons_unsaved", error=type(error).__name__)
            return REASONS_NOT_SAVED
        return "" if saved else VOTE_CHANGED
