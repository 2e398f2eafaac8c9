"""Bolt listeners of the prompt editor: Home tab, slash command, shortcuts, forms, drafts and the search.

Each one reads ids from Slack's payload and passes them to a controller; `Listeners` acknowledges and shows the view
that comes back. The slash command differs: its response is part of the acknowledgement.
"""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.turns import ThreadKey
from bot.slack import payload
from bot.slack.admin.prompts import draft_view, editor_views, form, history
from bot.slack.admin.prompts.controller import PromptController
from bot.slack.admin.prompts.drafts import DraftController
from bot.slack.admin.prompts.scope_list import FIND_ACTION
from bot.slack.admin.prompts.search import PAGE_ACTION_PREFIX, QUERY_FIELD, RESULTS_FOLLOW, SEARCH_FAILED, ScopeSearch
from bot.slack.home import slash_command, welcome
from bot.slack.views import block_kit
from bot.slack.views.block_kit import View
from bot.slack.views.listeners import Interaction, Listener, Listeners
from bot.slack.views.submissions import ActionRefused, FormErrors, finish_in_time

READ_FAILED = "I can't reach my database right now. Please try again in a minute."


def register(app: AsyncApp, controller: PromptController, listeners: Listeners) -> None:
    """Register what shows and edits configurations."""
    opens, updates = listeners.opens, listeners.updates
    app.event("app_home_opened")(_show_home(listeners))
    app.command(slash_command.SLASH_COMMAND)(_run_command(controller, listeners))
    app.shortcut(slash_command.EDIT_PROMPTS_SHORTCUT)(opens(lambda used: controller.open_scope_chooser(used.user)))
    app.shortcut(slash_command.EXPLAIN_SHORTCUT)(
        opens(lambda used: controller.open_explanation(used.user, *_message(used.body)))
    )
    app.action(re.compile(editor_views.EDIT_ACTION))(
        opens(lambda pressed: controller.open_editor(pressed.user, pressed.value))
    )
    app.action(editor_views.EDIT_CHANNEL_ACTION)(
        opens(lambda chosen: controller.open_channel_editor(chosen.user, chosen.channel), and_publishes=True)
    )
    app.action(welcome.EFFECTIVE_CONFIG_ACTION)(
        opens(lambda chosen: controller.open_effective(chosen.user, chosen.channel), and_publishes=True)
    )
    app.action(editor_views.HISTORY_ACTION)(opens(lambda pressed: controller.open_history(pressed.user, pressed.value)))
    app.action(form.ADD_PART_ACTION)(updates(lambda pressed: _add_prompt_part(pressed.view)))
    app.action(history.RESTORE_ACTION)(
        updates(
            lambda pressed: controller.restore_version(pressed.user, pressed.view, pressed.value), and_publishes=True
        )
    )
    save = listeners.saves(lambda form: controller.save_form(form.user, form.view), log_action="steering_unsaved")
    app.view(editor_views.CONFIG_FORM_CALLBACK)(save)


def register_drafts(app: AsyncApp, drafts: DraftController, listeners: Listeners) -> None:
    """Register what tries, edits, publishes and discards drafts."""
    shown = listeners.modals

    async def try_draft(submitted: Interaction) -> None:
        """Open a thread with the draft, or show the form's errors in it."""

        async def start_or_show_errors() -> None:
            match await drafts.parse_request(submitted.user, submitted.view):
                case FormErrors(errors=errors):
                    await shown.update_view(submitted.view, _add_errors(submitted.view, errors))
                case request:
                    await shown.open_view(submitted.trigger, drafts.start_draft(request), on_top=True)

        await shown.run_and_open_result(submitted.trigger, start_or_show_errors(), on_top=True)

    async def publish(pressed: Interaction) -> None:
        await shown.run_and_open_result(pressed.trigger, drafts.publish_draft(*_draft_button(drafts, pressed)))

    async def discard(pressed: Interaction) -> None:
        await shown.run_and_open_result(pressed.trigger, drafts.discard_draft(*_draft_button(drafts, pressed)))

    app.action(form.TRY_ACTION)(listeners.runs(try_draft))
    app.action(draft_view.PUBLISH_ACTION)(listeners.runs(publish))
    app.action(draft_view.EDIT_DRAFT_ACTION)(
        listeners.opens(lambda pressed: drafts.open_editor(*_draft_button(drafts, pressed)))
    )
    app.action(draft_view.DISCARD_ACTION)(listeners.runs(discard))


def register_search(app: AsyncApp, search: ScopeSearch, listeners: Listeners) -> None:
    """Register what searches scopes."""

    async def submit_query(body: dict[str, Any], ack: AsyncAck) -> None:
        submitted = Interaction(body)
        query = block_kit.read_value(payload.mapping(submitted.view, "state", "values"), QUERY_FIELD)
        finding = search.find(submitted.user, query)
        try:
            view = await finish_in_time(
                finding, timed_out=SEARCH_FAILED, failed=SEARCH_FAILED, log_action="levels_unread"
            )
        except ActionRefused as refused:
            await ack(response_action="errors", errors={QUERY_FIELD: str(refused)})
        else:
            await listeners.answer(ack, submitted, view, meanwhile=RESULTS_FOLLOW)

    app.action(FIND_ACTION)(listeners.opens(lambda pressed: search.find(pressed.user)))
    app.action(re.compile(PAGE_ACTION_PREFIX))(listeners.updates(lambda pressed: _turn_page(search, pressed)))
    app.view(FIND_ACTION)(submit_query)


def _show_home(listeners: Listeners) -> Listener:
    async def opened(body: dict[str, Any], ack: AsyncAck) -> None:
        if payload.text(body, "event", "tab") == "home":
            listeners.start_publishing(payload.text(body, "event", "user"))
        await ack()

    return opened


def _run_command(controller: PromptController, listeners: Listeners) -> Listener:
    async def run(body: dict[str, Any], ack: AsyncAck) -> None:
        user, channel = payload.text(body, "user_id"), payload.text(body, "channel_id")
        match slash_command.parse_subcommand(payload.text(body, "text")):
            case "prompt":
                await listeners.opens(lambda _: controller.open_channel_editor(user, channel))(body, ack)
            case "show":
                await ack(**await _show_effective(controller, user, channel))
            case _:
                await ack(slash_command.HELP_TEXT)

    return run


async def _show_effective(controller: PromptController, user: str, channel: str) -> dict[str, Any]:
    """Return the response that shows what applies in a channel, or the reason why it cannot."""
    reading = controller.show_effective(user, channel)
    try:
        shown = await finish_in_time(reading, timed_out=READ_FAILED, failed=READ_FAILED, log_action="steering_unread")
    except ActionRefused as refused:
        return {"text": str(refused)}
    return slash_command.render_response(shown)


async def _turn_page(search: ScopeSearch, pressed: Interaction) -> View:
    number = int(pressed.value) if re.fullmatch("[0-9]{1,6}", pressed.value) else 0
    return await search.find(pressed.user, payload.text(pressed.view, "private_metadata"), number)


async def _add_prompt_part(view: Mapping[str, Any]) -> View:
    return editor_views.add_prompt_part(view)


async def _add_errors(view: Mapping[str, Any], errors: Mapping[str, str]) -> View:
    return editor_views.add_errors(view, errors)


def _message(body: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the channel, thread and ts of the message that a shortcut was used on."""
    message = payload.mapping(body, "message")
    ts = payload.text(message, "ts")
    return payload.text(body, "channel", "id"), payload.text(message, "thread_ts") or ts, ts


def _draft_button(drafts: DraftController, pressed: Interaction) -> tuple[str, ThreadKey, str]:
    """Return who pressed a draft's button, in which thread, and the button's value."""
    message = payload.mapping(pressed.body, "message")
    root = payload.text(message, "thread_ts") or payload.text(message, "ts")
    return pressed.user, drafts.direct_thread(payload.text(pressed.body, "channel", "id"), root), pressed.value
