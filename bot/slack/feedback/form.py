"""Feedback on an answer: a thumb counts at once, and opens a form that asks for the reason.

The form's `private_metadata` names the vote. The store saves a reason only for a vote of the person who
submits it, so a forged id changes nothing. An error is shown in the form. The answer itself is not
touched.
"""

import re
from collections.abc import Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.history.feedback import Verdict, Vote, VoteReason
from bot.ports import Votes
from bot.slack import payload
from bot.slack.events.access_guard import AccessGuard
from bot.slack.messages import BotIdentity
from bot.slack.rendering import buttons, feedback_buttons
from bot.slack.views import block_kit
from bot.slack.views.block_kit import NOTE_FIELD, Block, View
from bot.slack.views.listeners import Interaction, Listeners
from bot.slack.views.modals import Modals
from bot.slack.views.submissions import ActionRefused, finish_in_time
from bot.slack.views.wording import REASON_LABELS

FEEDBACK_FORM_CALLBACK = "opinion"
"""`callback_id` of the form."""
REASONS_FIELD = "reasons"
"""Block id of the checkboxes; that of the comment is `NOTE_FIELD`."""
ANSWER_GONE = "That answer is not there any more, or another one is being written."
VOTE_CHANGED = "Your vote has changed since, or the answer is gone. Please press a thumb again."
REASONS_NOT_SAVED = "This could not be saved just now. Your vote counts; please send the rest again in a minute."

log = structlog.get_logger()


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
    options = [block_kit.option(reason, label) for reason, label in REASON_LABELS.items()]
    return block_kit.checkboxes(options, frozenset(vote.reasons))


class FeedbackController:
    """Records votes and their reasons."""

    def __init__(self, votes: Votes, access_guard: AccessGuard, bot: BotIdentity) -> None:
        self._votes = votes
        self._access_guard = access_guard
        self._bot = bot

    async def open_form(self, pressed: Interaction, modals: Modals) -> None:
        """Record the vote of a pressed thumb, and open the form."""
        press = feedback_buttons.parse_thumb_press(pressed.body, self._bot)
        if press is not None and await self._access_guard.admit_press(press.thread, press.user):
            await modals.open_view(pressed.trigger, self._record_vote(press))

    async def save_form(self, user: str, view: Mapping[str, Any]) -> None:
        """Save a submitted form. Raises `ActionRefused` if the vote has changed since."""
        verdict, _, vote = payload.text(view, "private_metadata").partition(":")
        if verdict not in set(Verdict) or not buttons.is_turn_id(vote):
            raise ActionRefused(VOTE_CHANGED)
        values = payload.mapping(view, "state", "values")
        note, chosen = block_kit.read_value(values, NOTE_FIELD), block_kit.read_options(values, REASONS_FIELD)
        reasons = [VoteReason(value) for value in chosen if value in set(VoteReason)]
        if not await self._votes.add_reasons(int(vote), Verdict(verdict), by=user, reasons=reasons, note=note):
            raise ActionRefused(VOTE_CHANGED)

    async def _record_vote(self, press: feedback_buttons.ThumbPress) -> View:
        vote = await self._votes.cast_vote(press.turn, press.thread, press.verdict, by=press.user)
        if vote is None:
            log.info("A vote was refused.", action="vote_refused", turn=press.turn)
            raise ActionRefused(ANSWER_GONE)
        log.info("An answer was judged.", action="answer_judged", turn=press.turn, verdict=press.verdict)
        return render_form(vote)


def register(app: AsyncApp, feedback: FeedbackController, listeners: Listeners) -> None:
    """Register what records a vote and its reasons."""

    async def save_reasons(body: dict[str, Any], ack: AsyncAck) -> None:
        form = Interaction(body)
        saving = feedback.save_form(form.user, form.view)
        try:
            await finish_in_time(
                saving, timed_out=REASONS_NOT_SAVED, failed=REASONS_NOT_SAVED, log_action="reasons_unsaved"
            )
        except ActionRefused as refused:
            await ack(response_action="errors", errors={NOTE_FIELD: str(refused)})
        else:
            await ack()

    app.action(re.compile(f"{feedback_buttons.FEEDBACK_ACTION_ID}(:.*)?$"))(
        listeners.runs(lambda pressed: feedback.open_form(pressed, listeners.modals))
    )
    app.view(FEEDBACK_FORM_CALLBACK)(save_reasons)
