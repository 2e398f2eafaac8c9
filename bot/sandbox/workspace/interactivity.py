"""Interactions of people with the app: buttons, modals, slash commands, shortcuts, the stop button.

    person presses "Save" in a modal
      -> a required field is empty: the person is told, the app is not asked
      -> view_submission goes to the app over Socket Mode, once
         <- acknowledged with nothing:          the modal closes
         <- "errors", "update", "push", "clear": the modal changes as the answer says
         <- no acknowledgement in three seconds: "We had some trouble connecting. Try again?"

The methods of `Interactivity` each do one thing that a person can do in Slack's client, and return when the
app has acknowledged it. `interactions` builds the payloads.
"""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.workspace import events, interactions
from bot.sandbox.workspace.interactions import InteractionContext
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.records import FieldsRefused, Json, NoticeShown, StreamState, WorkspaceView
from bot.sandbox.workspace.response_urls import ResponseUrl, ResponseUrls
from bot.sandbox.workspace.socket_mode import SocketModeServer
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.views import view_json

CONNECTION_TROUBLE_TEXT = "We had some trouble connecting. Try again?"
REQUIRED_FIELD_TEXT = "Please complete this required field."


class Interactivity:
    """Sends interactions to the app and applies its answers."""

    def __init__(self, workspace: WorkspaceState, sockets: SocketModeServer, responses: ResponseUrls) -> None:
        """Interactions are sent through `sockets`."""
        self._workspace = workspace
        self._sockets = sockets
        self._responses = responses
        self.base_url = ""
        """What response URLs begin with; set when the server listens."""

    async def act_on_message(self, user: str, channel: str, ts: str, action: Json, values: Json) -> None:
        """Operate an element of a message."""
        message = self._workspace.message(channel, ts)
        context = self._build_context(user, self._responses.create_path(user, channel, ts))
        place = self._workspace.channel(channel)
        await self._send_interaction(user, interactions.build_message_action(context, place, message, action, values))

    async def act_on_view(self, user: str, view_id: str, action: Json, values: Json) -> None:
        """Operate an element of a view."""
        view = self._require_own_view(user, view_id)
        await self._send_interaction(
            user, interactions.build_view_action(self._build_context(user), view, action, values)
        )

    async def submit(self, user: str, view_id: str, values: Mapping[str, Json]) -> None:
        """Submit a modal. An empty required field is refused without asking the app, as in Slack's client."""
        view = self._require_own_view(user, view_id)
        if missing := _find_missing_fields(view, values):
            self._workspace.announce(FieldsRefused(user, view.id, dict.fromkeys(missing, REQUIRED_FIELD_TEXT)))
            return
        answer = await self._send_interaction(
            user, interactions.build_view_submission(self._build_context(user), view, dict(values))
        )
        if answer is None:
            return
        try:
            self._apply_response_action(view, answer)
        except ApiRefusal:
            self._workspace.announce(NoticeShown(user=user, text=CONNECTION_TROUBLE_TEXT))

    def _apply_response_action(self, view: WorkspaceView, answer: Json) -> None:
        """Apply the `response_action` of a submission's acknowledgement. Raises `ApiRefusal`."""
        current = self._workspace.views.find(view.id)  # the app may have updated it meanwhile
        match answer.get("response_action"):
            case None:
                self._workspace.views.close(current)
            case "errors":
                self._refuse_fields(current, answer.get("errors"))
            case "update":
                self._workspace.views.update(current, answer.get("view") or {})
            case "push":
                self._workspace.views.push(view.user, answer.get("view") or {})
            case "clear":
                self._workspace.views.close_all(view.user)
            case _:
                raise ApiRefusal("invalid_arguments")

    def _refuse_fields(self, view: WorkspaceView, errors: Any) -> None:
        fields = {block["block_id"] for block in view.content["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not errors.keys() <= fields:
            raise ApiRefusal("invalid_arguments")
        self._workspace.announce(FieldsRefused(view.user, view.id, errors))

    async def close(self, user: str, view_id: str) -> None:
        """Close a modal."""
        view = self._require_own_view(user, view_id)
        self._workspace.views.close(view)
        if view.content.get("notify_on_close"):
            await self._send_interaction(user, interactions.build_view_closed(self._build_context(user), view))

    async def command(self, user: str, channel: str, command: str, text: str) -> None:
        """Send a slash command; the app may answer it in its acknowledgement."""
        place = self._workspace.channel(channel)
        context = self._build_context(user, self._responses.create_path(user, channel))
        payload = interactions.build_slash_command(context, place, command, text)
        answer = await self._sockets.send_interaction("slash_commands", payload)
        if answer is None:
            failed = f"{command} failed with the error “dispatch_failed”"
            self._workspace.announce(NoticeShown(user=user, channel=channel, text=failed))
        elif answer:
            self._responses.apply_response(ResponseUrl(user, channel, expires_at=0.0), answer)

    async def shortcut(self, user: str, callback_id: str, channel: str, ts: str) -> None:
        """Use a message shortcut if `ts` names a message, else a global shortcut."""
        if not ts:
            await self._send_interaction(
                user, interactions.build_global_shortcut(self._build_context(user), callback_id)
            )
            return
        message = self._workspace.message(channel, ts)
        context = self._build_context(user, self._responses.create_path(user, channel, ts))
        place = self._workspace.channel(channel)
        await self._send_interaction(user, interactions.build_message_shortcut(context, callback_id, place, message))

    def open_home(self, user: str, tab: str) -> None:
        """Open the app's Home tab (`home`), or its direct message (`messages`)."""
        home = self._workspace.views.home(user)
        home_json = view_json(home) if home else None
        stamp = self._workspace.new_ts()
        self._send_event(events.build_home_opened_event(user, self._workspace.im(user), tab, home_json, stamp))

    def stop(self, user: str, channel: str, thread_ts: str) -> None:
        """Press the stop button of a thread: its streams end, and the app receives an event."""
        root = self._workspace.root(channel, thread_ts).ts
        growing = [message for message in self._workspace.thread(channel, root) if message.is_streaming]
        for message in growing:
            self._workspace.redraw(message, stream=StreamState.STOPPED)
        streams = [message.ts for message in growing]
        stamp = self._workspace.new_ts()
        self._send_event(events.build_session_stopped_event(user, channel, root, streams, stamp))

    def _send_event(self, event: Json) -> None:
        self._sockets.send_event(events.build_callback(event, at=self._workspace.clock()))

    async def _send_interaction(self, user: str, payload: Json) -> Json | None:
        answer = await self._sockets.send_interaction("interactive", payload)
        if answer is None:
            self._workspace.announce(NoticeShown(user=user, text=CONNECTION_TROUBLE_TEXT))
        return answer

    def _build_context(self, user: str, response_path: str = "") -> InteractionContext:
        return InteractionContext(
            person=self._workspace.person(user),
            trigger_id=self._workspace.views.create_trigger(user),
            at=self._workspace.new_ts(),
            response_url=response_path and self.base_url + response_path,
        )

    def _require_own_view(self, user: str, view_id: str) -> WorkspaceView:
        """Return a view that this person has open. Raises `not_found`."""
        view = self._workspace.views.find(view_id)
        if view.user != user:
            raise ApiRefusal("not_found")
        return view


def _find_missing_fields(view: WorkspaceView, values: Mapping[str, Json]) -> list[str]:
    """Return the block ids of required inputs without a value."""
    return [
        block["block_id"]
        for block in view.content["blocks"]
        if block["type"] == "input"
        and not block.get("optional")
        and not _has_value(values.get(block["block_id"], {}).get(block["element"]["action_id"]))
    ]


def _has_value(state: Json | None) -> bool:
    """Whether the state of a field has a value besides its type."""
    return any(value not in (None, "", []) for name, value in (state or {}).items() if name != "type")
