"""What a draft that is tried looks like: the head of its thread, the question, and what becomes of it.

Separate from `trials`, which does what these offer. Pure.
"""

from bot.core.domain import PromptKey, Steering, Version
from bot.core.steering import place
from bot.slack import links
from bot.slack.admin import kit, wording
from bot.slack.admin.editor import HISTORY
from bot.slack.admin.kit import Block, View

PUBLISH, EDIT, DISCARD = "trial_publish", "trial_edit", "trial_discard"
"""`action_id`s of the buttons below a draft; the value is the sealed leave to publish it."""
LONGEST_CHANGE = 1_500
"""Characters of a difference; a message holds less than a view."""
LONGEST_NAME = 60


def title(level: PromptKey, number: int) -> str:
    """Return what a draft is called where Slack shows no links."""
    return f"Draft for {wording.plain_place(level)}, version {number}, not published"


def head(level: PromptKey, old: Steering, draft: Steering, based_on: int, mandate: str) -> list[Block]:
    """Return the first message of the thread in which a draft is tried."""
    asked = f"It becomes version {based_on + 1}, and applies at once to {wording.plain_place(level)}."
    gone = "What it changes is lost, and this thread goes on with what applies in your direct messages."
    return [
        kit.section(f"*Draft for {wording.place(level)}*, version {based_on + 1}, *not published*"),
        kit.verbatim(wording.changes(old, draft), LONGEST_CHANGE),
        kit.context("Ask more in this thread: it is answered with the draft, for seven days at most."),
        kit.actions(
            kit.button("Publish", PUBLISH, mandate, style="primary", confirm=asked),
            kit.button("Back to the editor", EDIT, mandate),
            kit.button("Discard", DISCARD, mandate, confirm=gone),
        ),
    ]


def question(text: str) -> list[Block]:
    """Return the message that shows what is asked."""
    return [kit.context("Your question:"), kit.quote(text)]


def published(version: Version) -> list[Block]:
    """Return the first message of the thread once the draft applies."""
    return [
        kit.section(
            f"*Published* for {wording.place(version.key)}: {wording.signature(version)}",
            kit.button("History", HISTORY, place(version.key)),
        ),
        kit.context("This thread goes on with what applies in your direct messages."),
    ]


def discarded(level: PromptKey) -> list[Block]:
    """Return the first message of the thread once its draft is gone."""
    return [
        kit.section(f"*Discarded*: a draft for {wording.place(level)} that was never published."),
        kit.context("This thread goes on with what applies in your direct messages."),
    ]


def begun(link: str) -> View:
    """Return the modal that says where the answer comes; the form is still below it."""
    where = links.labelled(link, "our direct messages")
    return kit.modal(
        "Being tried",
        [
            kit.section(f"I answer your question in {where}, in a thread of its own."),
            kit.context(
                "Nothing is published. There you can ask more, publish the draft, or come back to it; "
                "close this to go on editing here."
            ),
        ],
    )
