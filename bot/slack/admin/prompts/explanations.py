"""Explains an answer: finds its record, and checks that the reader may see it.

Admins and the person who asked may. `explanation_view` renders the result.
"""

from collections.abc import Awaitable, Callable

from bot.core.chat import scoped_config
from bot.core.turns import ThreadKey
from bot.policy.config_editor import ConfigEditor
from bot.ports import Explanations
from bot.slack.admin.authorization import Authorizer
from bot.slack.admin.prompts import explanation_view
from bot.slack.admin.prompts.form import ModelChoices
from bot.slack.messages import BotIdentity
from bot.slack.views import block_kit
from bot.slack.views.block_kit import View


class AnswerExplainer:
    """Explains answers to admins and to the people who asked."""

    def __init__(
        self,
        authorizer: Authorizer,
        config_editor: ConfigEditor,
        explanations: Explanations,
        models: Callable[[], Awaitable[ModelChoices]],
        bot: BotIdentity,
        *,
        currency: str = "USD",
    ) -> None:
        """`models` never raises, and takes a second at most; `bot` holds the workspace's address.

        `currency` is that of all prices.
        """
        self._authorizer = authorizer
        self._config_editor = config_editor
        self._explanations = explanations
        self._models = models
        self._bot = bot
        self._currency = currency

    async def explain(self, user: str, channel: str, root: str, ts: str) -> View:
        """Return the view that explains the answer shown in message `ts` of thread `root`."""
        channel_scope = self._authorizer.channel_scope(user, channel)
        thread = ThreadKey(
            platform=channel_scope.platform, workspace=channel_scope.workspace, channel=channel, root=root
        )
        explained = await self._explanations.explain(thread, ts)
        if explained is None:
            return block_kit.render_notice(explanation_view.ANSWER_UNKNOWN)
        is_admin = await self._authorizer.is_admin(user)
        if not is_admin and user != explained.author.id:
            raise self._authorizer.denial(user, "why", explanation_view.NOT_YOUR_ANSWER)
        editable = await self._config_editor.load_scope(scoped_config.thread_scope(thread))
        requested_model = str(explained.made_with.parameters.get("model", "")) if explained.made_with else ""
        notes = (await self._models()).notes_for(requested_model or explained.model)
        context = explanation_view.ExplanationContext(
            editable=editable, parameter_notes=notes, workspace=self._bot.url, currency=self._currency
        )
        return explanation_view.render_explanation(explained, context, for_admin=is_admin)
