"""Views on a person's screen, opened in time.

Separate because a trigger is good for three seconds, and what a view shows may take longer to be read. Rule:
what is not ready soon gets a light view first, which is then filled; whatever goes wrong is said in a view.
Source: facts/slack.md 5.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, TypeVar

import structlog
from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import StoreError, SurfaceError
from bot.slack import payload
from bot.slack.transport.api_errors import call
from bot.slack.views.block_kit import View, render_notice
from bot.slack.views.submissions import ActionRefused

ViewResult = TypeVar("ViewResult", View, View | None)
RunInBackground = Callable[[Coroutine[Any, Any, None]], None]
"""Has something done beside; whoever calls it does not wait."""
LIGHT_VIEW_AFTER_SECONDS = 1.0
"""Seconds; it leaves two for the way to Slack."""
MAX_ACK_BYTES = 20_000
"""Bytes of a view in an acknowledgement: Slack closes a socket that is sent more than 20,480 at once.
github.com/revelrylabs/slax/pull/614, github.com/slackapi/deno-slack-sdk/issues/324"""
VIEW_FAILED = "Slack did not show this. Please try again in a minute."
UPDATE_DELAY_SECONDS = 0.5
"""Seconds by which an acknowledgement, which goes another way, reaches Slack before what is to follow it."""

log = structlog.get_logger()


class Modals:
    """Opens, changes and publishes views. No method raises: nobody waits for what they do."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def open_view(self, trigger: str, making: Coroutine[Any, Any, View], *, on_top: bool = False) -> None:
        """Open a view with a trigger; `above` the modal that is open."""
        made = asyncio.create_task(_view_or_notice(making), name="view")
        await asyncio.wait({made}, timeout=LIGHT_VIEW_AFTER_SECONDS)
        show = self._client.views_push if on_top else self._client.views_open
        light = made.result() if made.done() else render_notice("One moment…")
        opened = await self._try_call(lambda: show(trigger_id=trigger, view=light))
        if opened is not None and light is not (view := await made):
            fill = partial(self._client.views_update, view_id=opened["view"]["id"])
            if await self._try_call(lambda: fill(view=view)) is None:
                await self._try_call(lambda: fill(view=render_notice(VIEW_FAILED)))  # or it would be a moment for ever
        made.cancel()

    async def run_and_tell(
        self, trigger: str, doing: Coroutine[Any, Any, View | None], *, on_top: bool = False
    ) -> None:
        """Do something, and open a view if there is something to say about it; `above` as in `open`."""
        show = self._client.views_push if on_top else self._client.views_open
        if view := await _view_or_notice(doing):
            await self._try_call(lambda: show(trigger_id=trigger, view=view))

    async def update_view(self, view_id: str, view_hash: str, making: Coroutine[Any, Any, View]) -> None:
        """Show something else in an open view, if it is still the one that was meant."""
        view = await _view_or_notice(making)
        await self._try_call(lambda: self._client.views_update(view_id=view_id, hash=view_hash, view=view))

    async def answer_submission(
        self, ack: AsyncAck, form: Mapping[str, Any], view: View, *, meanwhile: str, run_in_background: RunInBackground
    ) -> None:
        """Acknowledge a form that was submitted, and show another view in its place.

        A view that is too large for an acknowledgement comes after it; until then, and should it not come,
        the form stays as it is, and says `meanwhile` at its first field. Slack may show that on.
        """
        if len(json.dumps(view, ensure_ascii=False).encode()) <= MAX_ACK_BYTES:
            await ack(response_action="update", view=view)
            return

        async def follow() -> None:
            await asyncio.sleep(UPDATE_DELAY_SECONDS)
            await self._try_call(lambda: self._client.views_update(view_id=payload.text(form, "id"), view=view))

        run_in_background(follow())
        blocks = payload.items(form, "blocks")
        at = next(payload.text(block, "block_id") for block in blocks if "element" in block)
        await ack(response_action="errors", errors={at: meanwhile})

    async def publish_home(self, user: str, making: Coroutine[Any, Any, View]) -> None:
        """Show a Home tab."""
        try:
            view = await making
        except StoreError as error:
            log.warning("A Home tab could not be made.", action="home_failed", error=error.code)
            return
        await self._try_call(lambda: self._client.views_publish(user_id=user, view=view))

    async def _try_call(self, send: Any) -> Any:
        """Return what Slack answers, None where it does not take it."""
        try:
            return await call(send)
        except SurfaceError as error:
            log.warning("A view could not be shown.", action="view_failed", error=str(error))
            return None


async def _view_or_notice(making: Coroutine[Any, Any, ViewResult]) -> ViewResult | View:
    """Return what is made, or a view that says why there is none."""
    try:
        return await making
    except ActionRefused as refused:
        return render_notice(str(refused))
    except StoreError as error:
        log.warning("A view could not be made.", action="view_failed", error=error.code)
        return render_notice("I can't reach my database right now. Please try again in a minute.")
