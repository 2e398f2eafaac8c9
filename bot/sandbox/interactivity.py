"""What people operate: buttons, modals, commands, shortcuts; the app is asked, and its answer is carried out.

Separate from `people`, who only write: these wait for the app's acknowledgement, once, for three seconds.
Rules: without one the person is told so, in Slack's words, and nothing else happens.
"""

from collections.abc import Mapping
from typing import Any

from bot.sandbox import events, interactions
from bot.sandbox.interactions import Gesture
from bot.sandbox.records import FieldsRefused, Json, Noticed, Stream, View
from bot.sandbox.responses import Address, Responses
from bot.sandbox.rules import Refusal
from bot.sandbox.sockets import SocketMode
from bot.sandbox.views import Views, view_json
from bot.sandbox.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"
REQUIRED = "Please complete this required field."


class Interactivity:
    """The app's interactive side, operated by people."""

    def __init__(self, workspace: Workspace, views: Views, sockets: SocketMode, responses: Responses) -> None:
        """Interactions go to the app through `sockets`."""
        self._workspace = workspace
        self._views = views
        self._sockets = sockets
        self._responses = responses
        self.origin = ""
        """Where response addresses begin; known once the server listens."""

    async def act_on_message(self, user: str, channel: str, ts: str, action: Json, values: Json) -> None:
        """Operate an element of a message."""
        message = self._workspace.message(channel, ts)
        gesture = self._gesture(user, self._responses.address(user, channel, ts))
        place = self._workspace.channel(channel)
        await self._ask(user, interactions.message_action(gesture, place, message, action, values))

    async def act_on_view(self, user: str, view_id: str, action: Json, values: Json) -> None:
        """Operate an element of a view."""
        view = self._own(user, view_id)
        await self._ask(user, interactions.view_action(self._gesture(user), view, action, values))

    async def submit(self, user: str, view_id: str, values: Mapping[str, Json]) -> None:
        """Submit a modal. A required field that is empty is refused here, as Slack's client does."""
        view = self._own(user, view_id)
        if missing := _missing(view, values):
            self._workspace.announce(FieldsRefused(user, view.id, dict.fromkeys(missing, REQUIRED)))
            return
        answer = await self._ask(user, interactions.view_submission(self._gesture(user), view, dict(values)))
        if answer is None:
            return
        try:
            self._respond(view, answer)
        except Refusal:
            self._workspace.announce(Noticed(user=user, text=TROUBLE))

    def _respond(self, view: View, answer: Json) -> None:
        """Carry out what the acknowledgement of a submission says; raises `Refusal` where it is wrong."""
        current = self._views.find(view.id)  # the app may have updated it meanwhile
        match answer.get("response_action"):
            case None:
                self._views.close(current)
            case "errors":
                self._refuse_fields(current, answer.get("errors"))
            case "update":
                self._views.update(current, answer.get("view") or {})
            case "push":
                self._views.push(view.user, answer.get("view") or {})
            case "clear":
                self._views.clear(view.user)
            case _:
                raise Refusal("invalid_arguments")

    def _refuse_fields(self, view: View, errors: Any) -> None:
        fields = {block["block_id"] for block in view.content["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not errors.keys() <= fields:
            raise Refusal("invalid_arguments")
        self._workspace.announce(FieldsRefused(view.user, view.id, errors))

    async def close(self, user: str, view_id: str) -> None:
        """Close a modal."""
        view = self._own(user, view_id)
        self._views.close(view)
        if view.content.get("notify_on_close"):
            await self._ask(user, interactions.view_closed(self._gesture(user), view))

    async def command(self, user: str, channel: str, command: str, text: str) -> None:
        """Type a slash command; the app may answer in its acknowledgement."""
        place = self._workspace.channel(channel)
        gesture = self._gesture(user, self._responses.address(user, channel))
        payload = interactions.slash_command(gesture, place, command, text)
        answer = await self._sockets.ask("slash_commands", payload)
        if answer is None:
            failed = f"{command} failed with the error “dispatch_failed”"
            self._workspace.announce(Noticed(user=user, channel=channel, text=failed))
        elif answer:
            self._responses.show(Address(user, channel, until=0.0), answer)

    async def shortcut(self, user: str, callback_id: str, channel: str, ts: str) -> None:
        """Choose a shortcut: of a message where `ts` names one, else a global one."""
        if not ts:
            await self._ask(user, interactions.global_shortcut(self._gesture(user), callback_id))
            return
        message = self._workspace.message(channel, ts)
        gesture = self._gesture(user, self._responses.address(user, channel, ts))
        place = self._workspace.channel(channel)
        await self._ask(user, interactions.message_shortcut(gesture, callback_id, place, message))

    def open_home(self, user: str, tab: str) -> None:
        """Look at the app's Home tab (`home`), or at its direct message (`messages`)."""
        home = self._views.home(user)
        shown = view_json(home) if home else None
        stamp = self._workspace.stamp()
        self._tell(events.home_opened(user, self._workspace.im(user), tab, shown, stamp))

    def stop(self, user: str, channel: str, thread_ts: str) -> None:
        """Press the stop button of a thread: its streams stop growing, and the app is told."""
        root = self._workspace.root(channel, thread_ts).ts
        growing = [message for message in self._workspace.thread(channel, root) if message.streaming]
        for message in growing:
            self._workspace.redraw(message, stream=Stream.STOPPED)
        streams = [message.ts for message in growing]
        stamp = self._workspace.stamp()
        self._tell(events.session_stopped(user, channel, root, streams, stamp))

    def _tell(self, event: Json) -> None:
        self._sockets.send_event(events.callback(event, at=self._workspace.clock()))

    async def _ask(self, user: str, payload: Json) -> Json | None:
        answer = await self._sockets.ask("interactive", payload)
        if answer is None:
            self._workspace.announce(Noticed(user=user, text=TROUBLE))
        return answer

    def _gesture(self, user: str, response_path: str = "") -> Gesture:
        return Gesture(
            person=self._workspace.person(user),
            trigger_id=self._views.trigger(user),
            at=self._workspace.stamp(),
            response_url=response_path and self.origin + response_path,
        )

    def _own(self, user: str, view_id: str) -> View:
        """Return a view that this person has on screen. Raises `not_found`."""
        view = self._views.find(view_id)
        if view.user != user:
            raise Refusal("not_found")
        return view


def _missing(view: View, values: Mapping[str, Json]) -> list[str]:
    """Return the block ids of required inputs without a value."""
    return [
        block["block_id"]
        for block in view.content["blocks"]
        if block["type"] == "input"
        and not block.get("optional")
        and not _entered(values.get(block["block_id"], {}).get(block["element"]["action_id"]))
    ]


def _entered(state: Json | None) -> bool:
    """Say whether a field's state holds anything beside its type."""
    return any(value not in (None, "", []) for name, value in (state or {}).items() if name != "type")
