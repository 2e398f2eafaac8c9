"""Who may see why an answer is as it is, and what is gathered to say it.

Separate from the helm because it changes nothing, and from `why`, which is pure.
"""

from collections.abc import Awaitable, Callable

from bot.core import steering
from bot.core.domain import ThreadKey
from bot.editing import Editing
from bot.ports import Explanations
from bot.slack.admin import kit, why
from bot.slack.admin.form import Models
from bot.slack.admin.gate import Gate
from bot.slack.admin.kit import View
from bot.slack.parse import Bot


class Reasons:
    """Explains answers."""

    def __init__(
        self,
        gate: Gate,
        editing: Editing,
        explanations: Explanations,
        models: Callable[[], Awaitable[Models]],
        bot: Bot,
        *,
        currency: str = "USD",
    ) -> None:
        """`models` never raises, and takes a second at most; `bot` knows the workspace's address.

        `currency` is what prices are in.
        """
        self._gate = gate
        self._editing = editing
        self._explanations = explanations
        self._models = models
        self._bot = bot
        self._currency = currency

    async def why(self, user: str, channel: str, root: str, ts: str) -> View:
        """Return how the answer came about that a message shows; `root` is its thread."""
        here = self._gate.channel(user, channel)
        thread = ThreadKey(platform=here.platform, workspace=here.workspace, channel=channel, root=root)
        explained = await self._explanations.explain(thread, ts)
        if explained is None:
            return kit.notice(why.UNKNOWN)
        is_admin = await self._gate.knows(user)
        if not is_admin and user != explained.author.id:
            raise self._gate.refusal(user, "why", why.NOT_YOURS)
        level = await self._editing.level(steering.thread_level(thread))
        asked = str(explained.made_with.parameters.get("model", "")) if explained.made_with else ""
        told = (await self._models()).told(asked or explained.model)
        known = why.Known(level=level, told=told, workspace=self._bot.url, currency=self._currency)
        return why.why(explained, known, for_admin=is_admin)
