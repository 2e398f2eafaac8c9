"""Uploads of the app in Slack's three steps, and the errors of each."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace

DIRECT = "D0ADA"


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def test_a_file_is_announced_sent_and_shown(
    workspace: SandboxWorkspace, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    place = await client.files_getUploadURLExternal(filename="tea.txt", length=4)
    async with session.post(place["upload_url"], data=b"Tea!") as sent:
        assert sent.status == 200
    shown = [{"id": place["file_id"], "title": "All about <tea>"}]
    await client.files_completeUploadExternal(files=shown, channel_id=DIRECT, initial_comment="Here.")
    (message,) = workspace.state.messages(DIRECT)
    (file,) = message.files
    assert (message.text, file["name"], file["title"]) == ("Here.", "tea.txt", "All about <tea>")
    headers = {"Authorization": f"Bearer {workspace.bot_token}"}
    async with session.get(file["url_private"], headers=headers) as kept:
        assert await kept.text() == "Tea!"
    async with session.get(f"{workspace.url}file/{file['id']}") as had:
        assert had.headers["Content-Disposition"] == "attachment"
        assert await had.text() == "Tea!"


async def test_the_sdks_own_helper_works_too(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    await client.files_upload_v2(filename="tea.txt", content="Tea!", channel=DIRECT)
    (message,) = workspace.state.messages(DIRECT)
    assert message.files[0]["size"] == 4


async def test_what_was_not_sent_or_not_as_announced_is_not_shown(
    workspace: SandboxWorkspace, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    place = await client.files_getUploadURLExternal(filename="tea.txt", length=4)
    shown = [{"id": place["file_id"], "title": ""}]
    assert await refusal(client.files_completeUploadExternal(files=shown)) == "file_not_found"
    async with session.post(place["upload_url"], data=b"More tea!") as sent:
        assert sent.status == 400
    async with session.post(f"{workspace.url}upload/F0NONE", data=b"Tea!") as sent:
        assert sent.status == 400
    assert await refusal(client.files_completeUploadExternal(files=[{"id": "F0NONE"}])) == "file_not_found"
    assert not workspace.state.messages(DIRECT)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"filename": "", "length": 4}, "invalid_arguments"),
        ({"filename": "tea.txt", "length": 0}, "invalid_arguments"),
        ({"filename": "tea.txt", "length": 10**9}, "invalid_arguments"),
    ],
    ids=str,
)
async def test_what_slack_would_not_take_is_refused(
    client: AsyncWebClient, arguments: dict[str, Any], error: str
) -> None:
    assert await refusal(client.files_getUploadURLExternal(**arguments)) == error
    assert await refusal(client.api_call("files.completeUploadExternal", params={"files": "{}"})) == error


async def test_without_the_scope_nothing_is_taken(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    workspace.files.can_write = False
    assert await refusal(client.files_getUploadURLExternal(filename="a", length=1)) == "missing_scope"
    assert await refusal(client.files_completeUploadExternal(files=[{"id": "F1"}])) == "missing_scope"
