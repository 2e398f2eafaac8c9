"""Opens modals and publishes Home tabs in time.

A trigger expires three seconds after the click, and reading what a view shows may take longer. So a view
that is not ready within a second is opened as a placeholder, and filled by `views.update`:

    0 s   click; the listener acknowledges and starts `open_view`
    1 s   not ready: views.open with "One moment…"
    4 s   ready: views.update

A refused action or a failed read becomes a view with a sentence. Source:
https://docs.slack.dev/interactivity/handling-user-interaction
"""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from functools import partial
from typing import Any, TypeVar

import structlog
from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.worker import RunInBackground
from bot.core.errors import StoreError, SurfaceError
from bot.slack import payload
from bot.slack.transport.api_call import call
from bot.slack.views.block_kit import View, render_notice
from bot.slack.views.submissions import ActionRefused

ViewResult = TypeVar("ViewResult", View, View | None)
PLACEHOLDER_AFTER_SECONDS = 1.0
"""A view that takes longer is opened as a placeholder: Slack's trigger expires after three seconds."""
MAX_ACK_BYTES = 20_000
"""Largest view sent in an acknowledgement: Slack closes a socket that sends more than 20,480 bytes at once.
github.com/revelrylabs/slax/pull/614, github.com/slackapi/deno-slack-sdk/issues/324"""
VIEW_FAILED = "Slack did not show this. Please try again in a minute."
UPDATE_DELAY_SECONDS = 0.5
"""An acknowledgement and `views.update` go different ways; the update waits so that it arrives second."""

log = structlog.get_logger()


class Modals:
    """Opens, updates and publishes views.

    All but `answer_submission` run in the background; a failure of Slack is only logged.
    """

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def open_view(self, trigger: str, rendering: Coroutine[Any, Any, View], *, on_top: bool = False) -> None:
        """Open a view with a trigger; `on_top` of the modal that is open."""
        task = asyncio.create_task(_view_or_notice(rendering), name="view")
        await asyncio.wait({task}, timeout=PLACEHOLDER_AFTER_SECONDS)
        show = self._client.views_push if on_top else self._client.views_open
        placeholder = task.result() if task.done() else render_notice("One moment…")
        opened = await self._try_call(lambda: show(trigger_id=trigger, view=placeholder))
        if opened is not None and placeholder is not (view := await task):
            fill = partial(self._client.views_update, view_id=opened["view"]["id"])
            if await self._try_call(lambda: fill(view=view)) is None:
                await self._try_call(lambda: fill(view=render_notice(VIEW_FAILED)))  # or the placeholder stays
        task.cancel()

    async def run_and_open_result(
        self, trigger: str, work: Coroutine[Any, Any, View | None], *, on_top: bool = False
    ) -> None:
        """Await `work`, and open the view that it returns, if any; `on_top` as in `open_view`."""
        show = self._client.views_push if on_top else self._client.views_open
        if view := await _view_or_notice(work):
            await self._try_call(lambda: show(trigger_id=trigger, view=view))

    async def update_view(self, shown: Mapping[str, Any], rendering: Coroutine[Any, Any, View]) -> None:
        """Replace the view `shown`, unless it has changed since the reader pressed the button."""
        view = await _view_or_notice(rendering)
        view_id, view_hash = payload.text(shown, "id"), payload.text(shown, "hash")
        await self._try_call(lambda: self._client.views_update(view_id=view_id, hash=view_hash, view=view))

    async def answer_submission(
        self, ack: AsyncAck, form: Mapping[str, Any], view: View, *, meanwhile: str, run_in_background: RunInBackground
    ) -> None:
        """Acknowledge a submitted form, and show another view in its place.

        A view that is too large for an acknowledgement is sent after it, by `views.update`. Until it arrives,
        the form stays open and shows `meanwhile` as the error of its first field.
        """
        if len(json.dumps(view, ensure_ascii=False).encode()) <= MAX_ACK_BYTES:
            await ack(response_action="update", view=view)
            return

        async def follow() -> None:
            await asyncio.sleep(UPDATE_DELAY_SECONDS)
            await self._try_call(lambda: self._client.views_update(view_id=payload.text(form, "id"), view=view))

        run_in_background(follow())
        blocks = payload.items(form, "blocks")
        block_id = next(payload.text(block, "block_id") for block in blocks if "element" in block)
        await ack(response_action="errors", errors={block_id: meanwhile})

    async def publish_home(self, user: str, rendering: Coroutine[Any, Any, View]) -> None:
        """Publish a person's Home tab."""
        try:
            view = await rendering
        except StoreError as error:
            log.warning("A Home tab could not be made.", action="home_failed", error=error.code)
            return
        await self._try_call(lambda: self._client.views_publish(user_id=user, view=view))

    async def _try_call(self, send: Any) -> Any:
        """Return Slack's response, or None if the call failed."""
        try:
            return await call(send)
        except SurfaceError as error:
            log.warning("A view could not be shown.", action="view_failed", error=str(error))
            return None


async def _view_or_notice(rendering: Coroutine[Any, Any, ViewResult]) -> ViewResult | View:
    """Return the view, or a view with the reason why there is none."""
    try:
        return await rendering
    except ActionRefused as refused:
        return render_notice(str(refused))
    except StoreError as error:
        log.warning("A view could not be made.", action="view_failed", error=error.code)
        return render_notice("I can't reach my database right now. Please try again in a minute.")
