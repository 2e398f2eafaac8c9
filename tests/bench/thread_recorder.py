"""Records every text that a thread showed, with the time.

Both workspaces of the benchmarks use it: the sandbox, and the server without limits. The clock is the model
server's, so that delays can be computed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.workspace.records import WorkspaceMessage


@dataclass(slots=True)
class ObservedThread:
    """One question and the texts that the bot showed below it."""

    asked_at: float
    writes: list[tuple[float, str]] = field(default_factory=list)
    """The time and the text of each write."""
    pages: dict[str, str] = field(default_factory=dict)
    """The newest text of each message, by ts."""

    def first_text(self, said: str) -> float:
        """Return when the thread first showed a part of the answer; some bots post a placeholder before."""
        opening = said.split(maxsplit=1)[0]
        return next(at for at, text in self.writes if text.lstrip().startswith(opening))

    @property
    def text(self) -> str:
        """The whole text, as Markdown."""
        return "\n\n".join(text for _, text in sorted(self.pages.items()))


class ThreadRecorder:
    """Records all threads, by the ts of their question."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.threads: dict[str, ObservedThread] = {}
        self._clock = clock

    def record_question(self, root: str) -> None:
        """Record a question."""
        self.threads[root] = ObservedThread(self._clock())

    def record_message(self, message: WorkspaceMessage) -> None:
        """Record the present text of a message of the bot."""
        thread = self.threads.get(message.root_ts)
        if thread is not None:
            marked = [block["text"] for block in message.blocks if block.get("type") == "markdown"]
            text = thread.pages[message.ts] = marked[0] if marked else message.text
            thread.writes.append((self._clock(), text))
