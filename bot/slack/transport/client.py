"""slack_sdk's client, with a short way for the calls that are made all the time.

Separate from `connect`, which opens it. Most of what the bot asks of Slack is an edit, and slack_sdk's own
way to send one costs as much again as the request. Rules: only calls with a body of JSON go the short way,
over the same session; responses and errors are slack_sdk's, so that nobody else can tell.
"""

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import json_codec

JSON_CONTENT_TYPE = "application/json;charset=utf-8"


class SlackClient(AsyncWebClient):
    """Calls Slack's methods; it never retries."""

    async def api_call(self, api_method: str, *, json: dict[str, Any] | None = None, **more: Any) -> AsyncSlackResponse:
        """Call a method with `json` as its arguments, or as slack_sdk does. Raises `SlackApiError`."""
        if json is None or more or self.session is None or self.session.closed:
            return await super().api_call(api_method, json=json, **more)
        url = self.base_url + api_method
        headers = {**self.headers, "Authorization": f"Bearer {self.token}", "Content-Type": JSON_CONTENT_TYPE}
        tls = True if self.ssl is None else self.ssl
        async with self.session.post(
            url, data=json_codec.encode(json), headers=headers, proxy=self.proxy, ssl=tls
        ) as response:
            body = await response.read()
        answer = AsyncSlackResponse(
            client=self,
            http_verb="POST",
            api_url=url,
            req_args={},
            data=_decode_response(body),
            headers=response.headers,  # type: ignore[arg-type]  # as slack_sdk's own way does
            status_code=response.status,
        )
        answer.validate()
        return answer


def _decode_response(body: bytes) -> dict[str, Any]:
    """Return what Slack says; nothing where somebody else answers, such as a proxy with a page of its own."""
    try:
        said = json_codec.decode(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
