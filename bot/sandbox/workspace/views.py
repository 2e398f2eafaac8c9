"""Home tabs and modals: what each person has open, and the trigger ids that open more.

A person's action creates a trigger id, which opens one modal within three seconds, once. Modals form a stack
of at most three. Each view has a hash, so that an update of an outdated view is refused. Every change is
announced, and the pages redraw. Nothing here waits. Source: https://docs.slack.dev/surfaces/modals.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from bot.sandbox.workspace.block_kit import add_ids, check_view
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.records import (
    APP_ID,
    BOT_ID,
    TEAM_ID,
    HomePublished,
    Json,
    ModalsChanged,
    WorkspaceChange,
    WorkspaceView,
)

TRIGGER_LIFETIME_SECONDS = 3.0
MAX_STACKED_MODALS = 3


_VIEW_DEFAULTS: Mapping[str, object] = {
    "private_metadata": "",
    "callback_id": "",
    "external_id": "",
    "title": None,
    "submit": None,
    "close": None,
    "clear_on_close": False,
    "notify_on_close": False,
}
"""The values that Slack reports for fields that the app did not send."""


@dataclass(slots=True)
class ViewTrigger:
    """A trigger id's record: it opens one modal for one person."""

    user: str
    expires_at: float
    is_exchanged: bool = False


class OpenViews:
    """The Home tabs and modals of all people."""

    def __init__(self, *, clock: Callable[[], float], announce: Callable[[WorkspaceChange], None]) -> None:
        """`clock` returns epoch seconds; `announce` is called with each change."""
        self._clock = clock
        self._announce = announce
        self._triggers: dict[str, ViewTrigger] = {}
        self._homes: dict[str, WorkspaceView] = {}
        self._stacks: dict[str, tuple[WorkspaceView, ...]] = {}

    # Triggers

    def create_trigger(self, user: str) -> str:
        """Return a new trigger id for an action of a person."""
        trigger_id = f"{int(self._clock() * 1000)}.{len(self._triggers)}.{uuid4().hex}"
        self._triggers[trigger_id] = ViewTrigger(user, self._clock() + TRIGGER_LIFETIME_SECONDS)
        return trigger_id

    def exchange_trigger(self, trigger_id: str) -> str:
        """Use a trigger id and return its person.

        Raises `invalid_trigger_id`, `exchanged_trigger_id` or `expired_trigger_id`.
        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise ApiRefusal("invalid_trigger_id")
        if trigger.is_exchanged:
            raise ApiRefusal("exchanged_trigger_id")
        if trigger.expires_at <= self._clock():
            raise ApiRefusal("expired_trigger_id")
        trigger.is_exchanged = True
        return trigger.user

    # The Home tab

    def home(self, user: str) -> WorkspaceView | None:
        """Return a person's Home tab, if the app has published one."""
        return self._homes.get(user)

    def publish(self, user: str, content: Json, expected: str) -> WorkspaceView:
        """Show a Home tab. Raises `hash_conflict` if `expected` is given and is not its present hash."""
        check_view(content, "home")
        current = self._homes.get(user)
        if expected and (current is None or current.hash != expected):
            raise ApiRefusal("hash_conflict")
        view = self._build_view(user, content, current)
        self._homes[user] = view
        self._announce(HomePublished(view))
        return view

    # Modals

    def stack(self, user: str) -> tuple[WorkspaceView, ...]:
        """Return a person's modals, the one on top last."""
        return self._stacks.get(user, ())

    def find(self, view_id: str = "", external_id: str = "") -> WorkspaceView:
        """Return a view that is open. Raises `not_found`."""
        open_views = [*self._homes.values(), *(view for stack in self._stacks.values() for view in stack)]
        for view in open_views:
            if view.id == view_id or (external_id and view.content.get("external_id") == external_id):
                return view
        raise ApiRefusal("not_found")

    def open(self, user: str, content: Json) -> WorkspaceView:
        """Show a first modal, in place of any that are open."""
        self.check_modal(content)
        view = self._build_view(user, content)
        self._set_stack(user, (view,))
        return view

    def push(self, user: str, content: Json) -> WorkspaceView:
        """Show a modal on top of the others. Raises `push_limit_reached`."""
        self.check_modal(content)
        stack = self.stack(user)
        if not stack:
            raise ApiRefusal("not_found")
        if len(stack) >= MAX_STACKED_MODALS:
            raise ApiRefusal("push_limit_reached")
        view = replace(self._build_view(user, content), root_id=stack[0].id, previous_id=stack[-1].id)
        self._set_stack(user, (*stack, view))
        return view

    def update(self, shown: WorkspaceView, content: Json, expected: str = "") -> WorkspaceView:
        """Change a view. Raises `hash_conflict` if `expected` is given and is not its present hash."""
        if expected and expected != shown.hash:
            raise ApiRefusal("hash_conflict")
        if shown.content["type"] == "home":
            return self.publish(shown.user, content, expected)
        self.check_modal(content, instead_of=shown)
        view = self._build_view(shown.user, content, shown)
        self._set_stack(shown.user, tuple(view if one.id == view.id else one for one in self.stack(shown.user)))
        return view

    def close(self, view: WorkspaceView) -> None:
        """Close a modal and those above it."""
        stack = self.stack(view.user)
        self._set_stack(view.user, stack[: stack.index(view)] if view in stack else stack)

    def close_all(self, user: str) -> None:
        """Close all modals of a person."""
        self._set_stack(user, ())

    def check_modal(self, content: Json, instead_of: WorkspaceView | None = None) -> None:
        """Refuse a modal that Slack would not accept, or whose `external_id` is taken."""
        check_view(content, "modal")
        if not (external_id := content.get("external_id")):
            return
        try:
            holder = self.find(external_id=external_id)
        except ApiRefusal:
            return
        if instead_of is None or holder.id != instead_of.id:
            raise ApiRefusal("duplicate_external_id")

    def _build_view(self, user: str, content: Json, before: WorkspaceView | None = None) -> WorkspaceView:
        """Build a new view, or the next version of `before`."""
        content = content | {"blocks": list(add_ids(content["blocks"]))}
        new_hash = f"{int(self._clock())}.{uuid4().hex[:8]}"
        if before:
            return replace(before, content=content, hash=new_hash)
        view_id = f"V{uuid4().hex[:10].upper()}"
        return WorkspaceView(id=view_id, hash=new_hash, user=user, content=content, root_id=view_id)

    def _set_stack(self, user: str, stack: tuple[WorkspaceView, ...]) -> None:
        self._stacks[user] = stack
        self._announce(ModalsChanged(user, stack))


def view_json(view: WorkspaceView, values: Json | None = None) -> Json:
    """Return a view as Slack's methods and payloads give it; `values` are what the person has entered."""
    return {
        **_VIEW_DEFAULTS,
        **view.content,
        "id": view.id,
        "team_id": TEAM_ID,
        "app_id": APP_ID,
        "bot_id": BOT_ID,
        "app_installed_team_id": TEAM_ID,
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        "state": {"values": values or {}},
    }
