"""Addresses of messages, made without asking Slack.

Separate because several views lead to a thread. Pure. Source: the form that `chat.getPermalink` returns,
https://docs.slack.dev/reference/methods/chat.getPermalink
"""

from bot.core.turns import ThreadKey


def message_url(workspace_url: str, thread: ThreadKey, ts: str) -> str:
    """Return the address of a message in a thread; `workspace` is its address, as `auth.test` tells it.

    An empty text where that is not known.
    """
    if not workspace_url:
        return ""
    place = f"{workspace_url}archives/{thread.channel}/p{ts.replace('.', '')}"
    return place if ts == thread.root else f"{place}?thread_ts={thread.root}&cid={thread.channel}"


def mrkdwn_link(url: str, label: str) -> str:
    """Return a link in mrkdwn, or the label alone where there is no address."""
    return f"<{url}|{label}>" if url else label
