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
from bot.slack.admin.kit import View, notice
from bot.slack.admin.submissions import Refused
from bot.slack.calls import call

Shown = TypeVar("Shown", View, View | None)
Aside = Callable[[Coroutine[Any, Any, None]], None]
"""Has something done beside; whoever calls it does not wait."""
SOON = 1.0
"""Seconds; it leaves two for the way to Slack."""
LARGEST_ANSWER = 20_000
"""Bytes of a view in an acknowledgement: Slack closes a socket that is sent more than 20,480 at once.
github.com/revelrylabs/slax/pull/614, github.com/slackapi/deno-slack-sdk/issues/324"""
UNSHOWN = "Slack did not show this. Please try again in a minute."
AFTER = 0.5
"""Seconds by which an acknowledgement, which goes another way, reaches Slack before what is to follow it."""

log = structlog.get_logger()


class Screen:
    """Opens, changes and publishes views. No method raises: nobody waits for what they do."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def open(self, trigger: str, making: Coroutine[Any, Any, View], *, above: bool = False) -> None:
        """Open a view with a trigger; `above` the modal that is open."""
        made = asyncio.create_task(_told(making), name="view")
        await asyncio.wait({made}, timeout=SOON)
        show = self._client.views_push if above else self._client.views_open
        light = made.result() if made.done() else notice("One moment…")
        opened = await self._try(lambda: show(trigger_id=trigger, view=light))
        if opened is not None and light is not (view := await made):
            fill = partial(self._client.views_update, view_id=opened["view"]["id"])
            if await self._try(lambda: fill(view=view)) is None:
                await self._try(lambda: fill(view=notice(UNSHOWN)))  # or it would be a moment for ever
        made.cancel()

    async def tell(
        self, trigger: str, doing: Coroutine[Any, Any, View | None], *, above: bool = False
    ) -> None:
        """Do something, and open a view if there is something to say about it; `above` as in `open`."""
        show = self._client.views_push if above else self._client.views_open
        if view := await _told(doing):
            await self._try(lambda: show(trigger_id=trigger, view=view))

    async def update(self, view_id: str, view_hash: str, making: Coroutine[Any, Any, View]) -> None:
        """Show something else in an open view, if it is still the one that was meant."""
        view = await _told(making)
        await self._try(lambda: self._client.views_update(view_id=view_id, hash=view_hash, view=view))

    async def answer(
        self, ack: AsyncAck, form: Mapping[str, Any], view: View, *, meanwhile: str, aside: Aside
    ) -> None:
        """Acknowledge a form that was submitted, and show another view in its place.

        A view that is too large for an acknowledgement comes after it; until then, and should it not come,
        the form stays as it is, and says `meanwhile` at its first field. Slack may show that on.
        """
        if len(json.dumps(view, ensure_ascii=False).encode()) <= LARGEST_ANSWER:
            await ack(response_action="update", view=view)
            return

        async def follow() -> None:
            await asyncio.sleep(AFTER)
            await self._try(lambda: self._client.views_update(view_id=payload.text(form, "id"), view=view))

        aside(follow())
        blocks = payload.items(form, "blocks")
        at = next(payload.text(block, "block_id") for block in blocks if "element" in block)
        await ack(response_action="errors", errors={at: meanwhile})

    async def publish(self, user: str, making: Coroutine[Any, Any, View]) -> None:
        """Show a Home tab."""
        try:
            view = await making
        except StoreError as error:
            log.warning("A Home tab could not be made.", action="home_failed", error=error.code)
            return
        await self._try(lambda: self._client.views_publish(user_id=user, view=view))

    async def _try(self, send: Any) -> Any:
        """Return what Slack answers, None where it does not take it."""
        try:
            return await call(send)
        except SurfaceError as error:
            log.warning("A view could not be shown.", action="view_failed", error=str(error))
            return None


async def _told(making: Coroutine[Any, Any, Shown]) -> Shown | View:
    """Return what is made, or a view that says why there is none."""
    try:
        return await making
    except Refused as refused:
        return notice(str(refused))
    except StoreError as error:
        log.warning("A view could not be made.", action="view_failed", error=error.code)
        return notice("I can't reach my database right now. Please try again in a minute.")
