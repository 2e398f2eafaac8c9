"""Who may do what: the form for it, and what Home says of it."""

from bot.sandbox.workspace.records import WorkspaceView
from bot.slack.admin.access import views
from tests.slack.admin_client import GENERAL, TEAM, Office

WHOLE, HERE = f"workspace {TEAM}", f"channel {TEAM}/{GENERAL}"


async def edit(office: Office, user: str, name: str = WHOLE) -> WorkspaceView:
    await office.press(user, views.EDIT_GRANTS_ACTION, name)
    return office.top(user)


async def home(office: Office, user: str) -> str:
    """Return what somebody's Home tab says, opened anew."""
    office.workspace.interactivity.open_home(user, "home")
    before = office.workspace.views.home(user)
    await office.workspace.wait_until(lambda: office.workspace.views.home(user) is not before)
    await office.settled()
    shown = office.workspace.views.home(user)
    assert shown
    return str(shown.content["blocks"])
