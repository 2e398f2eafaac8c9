"""Asks questions with unique answers, and checks that each thread shows each answer exactly once.

Every word of an answer occurs in no other answer: question 3 is answered by "a3-0 a3-1 a3-2". So the words in
the threads tell which answers are lost, shown twice, stuck, in a wrong thread or out of order. All durability
tests end with this check.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import ApiCall

EXAMINATION_TIMEOUT_SECONDS = 60.0
"""How long all answers may take on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """One question; every word of its answer occurs in no other answer, and once in its own."""

    channel: str
    root: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminationResult:
    """How many questions do not have their one complete answer, by kind of fault."""

    lost: int = 0
    """Answers with a missing word."""
    doubled: int = 0
    """Answers with a word that is shown twice."""
    stuck: int = 0
    """Threads that still show the status "is thinking"."""
    foreign: int = 0
    """Words in a thread that belong to no answer there."""
    disordered: int = 0
    """Threads with all words, but not in the order of the questions."""


CLEAN = ExaminationResult()


def _is_about(call: ApiCall, channel: str, root: str) -> bool:
    named = call.arguments
    threads = {named.get("thread_ts"), named.get("ts"), call.response.get("message", {}).get("thread_ts")}
    return channel in {named.get("channel"), named.get("channel_id")} and root in threads


def _describe_call(call: ApiCall) -> str:
    text = str(call.arguments.get("text", call.arguments.get("status", "")))[:40]
    page = (call.arguments.get("metadata") or {}, call.response.get("ts"))
    return f"  {call.at:.3f} +{call.seconds:.3f} {call.method} {call.status} {text!r} {page}"


@dataclass
class Examination:
    """The questions asked in one workspace."""

    workspace: SandboxWorkspace
    in_order: bool = True
    """Whether the order of the answers counts."""
    questions: list[AskedQuestion] = field(default_factory=list)

    async def ask(
        self,
        user: str,
        channel: str,
        *,
        root: str | None = None,
        words: int = 3,
        seconds: float = 0.0,
        directives: str = "",
    ) -> str:
        """Ask a question whose answer has so many words and takes `seconds`; return the thread's root."""
        name = f"a{len(self.questions) + 1}"
        answer = tuple(f"{name}-{number}" for number in range(words))
        rate = f"[[rate={words / seconds}]]" if seconds else ""  # a word is a token
        mention = "" if channel.startswith("D") else "<@U0BOT> "
        text = f"{mention}{directives}{rate}[[say={' '.join(answer)}]]"
        ts = await self.workspace.say(user, channel, text, thread_ts=root)
        self.questions.append(AskedQuestion(channel=channel, root=root or ts, words=answer))
        return root or ts

    def bot_words(self, channel: str, root: str) -> list[str]:
        """Return the words of the bot in a thread."""
        messages = self.workspace.thread(channel, root)
        return [word for message in messages if message.is_from_app for word in message.text.split()]

    def check(self) -> ExaminationResult:
        """Check what all threads show now."""
        threads = {(question.channel, question.root) for question in self.questions}
        shown = {thread: self.bot_words(*thread) for thread in threads}
        counts = {thread: Counter(words) for thread, words in shown.items()}
        lost = doubled = 0
        for question in self.questions:
            found = [counts[question.channel, question.root][word] for word in question.words]
            lost += min(found) < 1
            doubled += max(found) > 1
        expected = {thread: self._expected(thread) for thread in threads}
        return ExaminationResult(
            lost=lost,
            doubled=doubled,
            stuck=sum(map(self._is_stuck, threads)),
            foreign=sum((counts[thread] - Counter(expected[thread])).total() for thread in threads),
            disordered=sum(
                counts[thread] == Counter(expected[thread]) and shown[thread] != expected[thread]
                for thread in threads
                if self.in_order
            ),
        )

    async def wait_until_answered(self, timeout: float = EXAMINATION_TIMEOUT_SECONDS) -> ExaminationResult:  # noqa: ASYNC109 - gives the verdict
        """Wait until everything is right or the time is over; return the result."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self.check() != CLEAN:  # noqa: ASYNC110 - there are more changes than examinations
                    await asyncio.sleep(0.1)
        return self.check()

    def describe_calls(self) -> str:
        """Return the API calls of the threads with a fault, with their times."""
        lines = []
        for channel, root in {(question.channel, question.root) for question in self.questions}:
            shown, expected = self.bot_words(channel, root), self._expected((channel, root))
            is_stuck = self._is_stuck((channel, root))
            is_right = shown == expected if self.in_order else Counter(shown) == Counter(expected)
            if not is_right or is_stuck:
                lines.append(f"{channel} {root}: expected {expected}, shown {shown}, stuck: {is_stuck}")
                lines += [_describe_call(call) for call in self.workspace.calls() if _is_about(call, channel, root)]
        return "\n".join(lines)

    def _is_stuck(self, thread: tuple[str, str]) -> bool:
        session = self.workspace.sessions.get(thread)
        return thread in self.workspace.statuses or (session is not None and session.status != "active")

    def _expected(self, thread: tuple[str, str]) -> list[str]:
        return [
            word
            for question in self.questions
            if (question.channel, question.root) == thread
            for word in question.words
        ]
