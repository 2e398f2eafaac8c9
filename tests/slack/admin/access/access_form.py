"""Opens the form of grants, and reads Home."""

from bot.sandbox.workspace.records import WorkspaceView
from bot.slack.admin.access import views
from tests.slack.admin_client import GENERAL, TEAM, AdminClient

WHOLE, HERE = f"workspace {TEAM}", f"channel {TEAM}/{GENERAL}"


async def edit(admin_client: AdminClient, user: str, name: str = WHOLE) -> WorkspaceView:
    await admin_client.press(user, views.EDIT_GRANTS_ACTION, name)
    return admin_client.top_view(user)


async def home(admin_client: AdminClient, user: str) -> str:
    """Open a person's Home tab, and return its text."""
    admin_client.workspace.interactivity.open_home(user, "home")
    before = admin_client.workspace.views.home(user)
    await admin_client.workspace.wait_until(lambda: admin_client.workspace.views.home(user) is not before)
    await admin_client.wait_until_idle()
    shown = admin_client.workspace.views.home(user)
    assert shown
    return str(shown.content["blocks"])
