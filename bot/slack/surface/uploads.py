"""Uploads a file to one person, in their direct message with the bot.

Slack's upload takes three calls: `files.getUploadURLExternal` returns a URL, the content is posted to it,
and `files.completeUploadExternal` shows the file in a channel. The accompanying message is posted after the
content has arrived, so a failed upload leaves no message behind. Source:
https://docs.slack.dev/messaging/working-with-files#uploading_files
"""

from typing import Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SurfaceUnavailable
from bot.slack.transport.api_call import call

UPLOAD_TIMEOUT = aiohttp.ClientTimeout(total=120, connect=5)
"""For one file."""
OK_STATUS: Final = 200


async def upload_file(client: AsyncWebClient, user: str, name: str, content: bytes, comment: str) -> None:
    """Send a file below a comment. Raises `SurfaceError`; `SurfaceGone` if the app may not upload files."""
    upload = await call(lambda: client.files_getUploadURLExternal(filename=name, length=len(content)))
    await _send_content(client, str(upload["upload_url"]), content)
    message = await call(lambda: client.chat_postMessage(channel=user, text=comment))
    files = [{"id": upload["file_id"], "title": name}]
    await call(lambda: client.files_completeUploadExternal(files=files, channel_id=message["channel"]))


async def _send_content(client: AsyncWebClient, url: str, content: bytes) -> None:
    session = client.session
    if session is None:
        async with aiohttp.ClientSession(trust_env=True) as session:
            await _post_content(session, client, url, content)
    else:
        await _post_content(session, client, url, content)


async def _post_content(session: aiohttp.ClientSession, client: AsyncWebClient, url: str, content: bytes) -> None:
    try:
        async with session.post(
            url,
            data=content,
            headers={"Content-Type": "application/octet-stream"},
            timeout=UPLOAD_TIMEOUT,
            proxy=client.proxy,
            ssl=True if client.ssl is None else client.ssl,
        ) as response:
            if response.status != OK_STATUS:
                raise SurfaceUnavailable(str(response.status))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:  # ValueError: not a URL
        raise SurfaceUnavailable(type(error).__name__) from None
