"""Permalinks of messages, built without a call to Slack.

    message_url("https://acme.slack.com/", thread, "1700000000.000200")
    -> https://acme.slack.com/archives/C123/p1700000000000200?thread_ts=1700000000.000100&cid=C123

The form is that which `chat.getPermalink` returns. A thread's first message has no query.
Source: https://docs.slack.dev/reference/methods/chat.getPermalink
"""

from bot.core.turns import ThreadKey


def message_url(workspace_url: str, thread: ThreadKey, ts: str) -> str:
    """Return the URL of a message in a thread; empty if `workspace_url` is.

    `workspace_url` is the workspace's address as `auth.test` returns it, with a slash at its end.
    """
    if not workspace_url:
        return ""
    place = f"{workspace_url}archives/{thread.channel}/p{ts.replace('.', '')}"
    return place if ts == thread.root else f"{place}?thread_ts={thread.root}&cid={thread.channel}"


def mrkdwn_link(url: str, label: str) -> str:
    """Return a link in mrkdwn, or the label alone if `url` is empty."""
    return f"<{url}|{label}>" if url else label
