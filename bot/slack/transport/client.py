"""slack_sdk's client with a fast path for calls that send JSON.

Most calls are edits of growing answers, and slack_sdk spends as much CPU on preparing such a request as
the request itself costs. `api_call` with `json=` therefore posts directly over the shared session. Responses
and errors are slack_sdk's own classes, so callers see no difference. All other calls take slack_sdk's way.
"""

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import json_codec

JSON_CONTENT_TYPE = "application/json;charset=utf-8"


class SlackClient(AsyncWebClient):
    """Calls Slack's methods. It never retries."""

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
    """Decode a response; empty if it is no JSON object, such as a proxy's error page."""
    try:
        decoded = json_codec.decode(body)
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}
