"""The log of everything that went over the wire: API calls, events, acknowledgements, model requests.

Each entry has a name, a result and a duration. Example: `api chat.postMessage ok 2.1 ms C0GENERAL · text 34`.
The page shows the entries as they come. Entries hold names, results and sizes, but no text of a message and
no token. For tests, the log also keeps whole API calls and events, in memory. All three lists are bounded.
"""

from collections import deque
from collections.abc import Callable
from typing import Literal

from bot.sandbox.workspace.records import ApiCall, Json, TraceEntry, TraceWritten, WorkspaceChange

MAX_KEPT_ENTRIES = 10_000
"""Of entries, of calls and of events; older ones are dropped."""


class TraceLog:
    """The wire log of one workspace."""

    def __init__(self, *, clock: Callable[[], float], announce: Callable[[WorkspaceChange], None]) -> None:
        """`clock` returns epoch seconds; `announce` is called with each new entry."""
        self._clock = clock
        self._announce = announce
        self._entry_count = 0
        self.entries: deque[TraceEntry] = deque(maxlen=MAX_KEPT_ENTRIES)
        self.calls: deque[ApiCall] = deque(maxlen=MAX_KEPT_ENTRIES)
        self.events: deque[Json] = deque(maxlen=MAX_KEPT_ENTRIES)
        """Event callbacks (the payloads of `events_api` envelopes) that were sent to the app."""

    def add_entry(
        self,
        kind: Literal["api", "event", "ack", "model"],
        name: str,
        *,
        status: str = "ok",
        seconds: float = 0.0,
        detail: str = "",
    ) -> None:
        """Add one entry."""
        self._entry_count += 1
        entry = TraceEntry(
            id=self._entry_count,
            at=self._clock(),
            kind=kind,
            name=name,
            status=status,
            ms=round(seconds * 1000, 1),
            detail=detail,
        )
        self.entries.append(entry)
        self._announce(TraceWritten(entry))

    def record_call(self, call: ApiCall) -> None:
        """Keep a Web API call, and add an entry for it."""
        self.calls.append(call)
        limited = call.status == 429  # noqa: PLR2004 - HTTP's "too many requests"
        outcome = "ok" if call.response.get("ok") else call.response.get("error", str(call.status))
        self.add_entry(
            "api",
            call.method,
            status="429" if limited else outcome,
            seconds=call.seconds,
            detail=_describe_call(call.arguments),
        )


def _describe_call(arguments: Json) -> str:
    """Return the channel or person of a call, and the sizes of its texts."""
    where = arguments.get("channel") or arguments.get("channel_id") or arguments.get("user_id") or ""
    sizes = (
        f"{name} {len(value):,}"
        for name in ("text", "markdown_text", "blocks", "view", "status")
        if isinstance(value := arguments.get(name), str | list)
    )
    return " · ".join(part for part in (str(where), *sizes) if part)
