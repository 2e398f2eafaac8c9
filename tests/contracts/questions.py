"""Questions for stores under test: a thread and an incoming message, with what matters named."""

from bot.core.domain import Addressed, Author, Incoming, ThreadKey

ADA = Author(id="U0ADA", name="Ada")


def thread(root: str = "1.0", channel: str = "C1", workspace: str = "T1") -> ThreadKey:
    return ThreadKey(platform="slack", workspace=workspace, channel=channel, root=root)


def question(
    message_id: str,
    text: str = "Why?",
    *,
    where: ThreadKey | None = None,
    addressed: Addressed = Addressed.MENTION,
    author: Author = ADA,
) -> Incoming:
    return Incoming(
        thread=where or thread(), message_id=message_id, author=author, text=text, addressed=addressed
    )
