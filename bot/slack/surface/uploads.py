"""A file of ours, handed to one person in the direct message with the bot.

Separate because it takes Slack's three steps: ask where to, send, show. Rule: nothing is written to the
person before the file has arrived. Source: https://docs.slack.dev/messaging/working-with-files#uploading_files
"""

from typing import Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SurfaceUnavailable
from bot.slack.transport.api_errors import call

UPLOAD_TIMEOUT = aiohttp.ClientTimeout(total=120, connect=5)
"""Seconds for a file."""
OK_STATUS: Final = 200


async def upload_file(client: AsyncWebClient, user: str, name: str, content: bytes, comment: str) -> None:
    """Send a file, with a text above it. Raises `SurfaceError`; `SurfaceGone` if Slack does not let us."""
    place = await call(lambda: client.files_getUploadURLExternal(filename=name, length=len(content)))
    await _send_content(client, str(place["upload_url"]), content)
    said = await call(lambda: client.chat_postMessage(channel=user, text=comment))
    shown = [{"id": place["file_id"], "title": name}]
    await call(lambda: client.files_completeUploadExternal(files=shown, channel_id=said["channel"]))


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
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:  # ValueError: no address
        raise SurfaceUnavailable(type(error).__name__) from None
