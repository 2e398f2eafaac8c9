"""The messages and the modal of a draft: the head of its thread, the question, and its result. Pure."""

from bot.core.chat.scoped_config import name_scope
from bot.core.config import ConfigVersion, Scope, ScopeConfig
from bot.slack import permalinks
from bot.slack.admin.prompts.editor_views import HISTORY_ACTION
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import Block, View

PUBLISH_ACTION, EDIT_DRAFT_ACTION, DISCARD_ACTION = "trial_publish", "trial_edit", "trial_discard"
"""`action_id`s of the buttons below a draft. The value is the signed state that publishes it."""
MAX_DIFF_CHARACTERS = 1_500
"""Characters of a difference that are shown; a message holds less than a view."""
MAX_NAME_CHARACTERS = 60


def draft_title(scope: Scope, number: int) -> str:
    """Return a draft's title for notifications, which show no links."""
    return f"Draft for {wording.describe_scope_plainly(scope)}, version {number}, not published"


def render_first_message(
    scope: Scope, old: ScopeConfig, draft: ScopeConfig, based_on: int, form_state: str
) -> list[Block]:
    """Return the first message of the thread in which a draft is tried."""
    publish_question = (
        f"It becomes version {based_on + 1}, and applies at once to {wording.describe_scope_plainly(scope)}."
    )
    discard_question = "Its changes are lost. This thread goes on with the settings of your direct messages."
    return [
        block_kit.section(f"*Draft for {wording.describe_scope(scope)}*, version {based_on + 1}, *not published*"),
        block_kit.preformatted(wording.format_diff(old, draft), MAX_DIFF_CHARACTERS),
        block_kit.context("Ask more in this thread: I answer with the draft, for up to seven days."),
        block_kit.actions(
            block_kit.button("Publish", PUBLISH_ACTION, form_state, style="primary", confirm=publish_question),
            block_kit.button("Back to the editor", EDIT_DRAFT_ACTION, form_state),
            block_kit.button("Discard", DISCARD_ACTION, form_state, confirm=discard_question),
        ),
    ]


def render_question(text: str) -> list[Block]:
    """Return the message that repeats the test question."""
    return [block_kit.context("Your question:"), block_kit.quote(text)]


def render_published(version: ConfigVersion) -> list[Block]:
    """Return the first message of the thread after the draft was published."""
    return [
        block_kit.section(
            f"*Published* for {wording.describe_scope(version.scope)}: {wording.describe_version(version)}",
            block_kit.button("History", HISTORY_ACTION, name_scope(version.scope)),
        ),
        block_kit.context("This thread goes on with the settings of your direct messages."),
    ]


def render_discarded(scope: Scope) -> list[Block]:
    """Return the first message of the thread after the draft was discarded."""
    return [
        block_kit.section(f"*Discarded*: a draft for {wording.describe_scope(scope)} that was never published."),
        block_kit.context("This thread goes on with the settings of your direct messages."),
    ]


def render_started(link: str) -> View:
    """Return the modal that says where the answer appears; the form stays open below it."""
    place = permalinks.mrkdwn_link(link, "our direct messages")
    return block_kit.modal(
        "Being tried",
        [
            block_kit.section(f"I answer your question in {place}, in a thread of its own."),
            block_kit.context(
                "Nothing is published. There you can ask more, publish the draft, or come back to it; "
                "close this to go on editing here."
            ),
        ],
    )
