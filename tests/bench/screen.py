"""What people saw and when: every text that a thread showed, by the clock that the model has too.

Separate because both workspaces, the sandbox and the one without limits, write here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.workspace.records import WorkspaceMessage


@dataclass(slots=True)
class ObservedThread:
    """One question, and what the bot showed below it."""

    asked_at: float
    writes: list[tuple[float, str]] = field(default_factory=list)
    """When a message was written, and its text then."""
    pages: dict[str, str] = field(default_factory=dict)
    """The newest text of each message, by ts."""

    def first_text(self, said: str) -> float:
        """Return when it first showed something of an answer; before that, some bots ask to wait."""
        opening = said.split(maxsplit=1)[0]
        return next(at for at, text in self.writes if text.lstrip().startswith(opening))

    @property
    def text(self) -> str:
        """All that it shows, as Markdown."""
        return "\n\n".join(text for _, text in sorted(self.pages.items()))


class ThreadRecorder:
    """All threads, by the ts of their question."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.threads: dict[str, ObservedThread] = {}
        self._clock = clock

    def record_question(self, root: str) -> None:
        """Note a question."""
        self.threads[root] = ObservedThread(self._clock())

    def record_message(self, message: WorkspaceMessage) -> None:
        """Note what a message of the bot's shows now."""
        thread = self.threads.get(message.root_ts)
        if thread is not None:
            marked = [block["text"] for block in message.blocks if block.get("type") == "markdown"]
            text = thread.pages[message.ts] = marked[0] if marked else message.text
            thread.writes.append((self._clock(), text))
