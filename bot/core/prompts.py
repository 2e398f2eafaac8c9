"""Which system prompt applies to a thread: the most specific one that is set wins.

Separate because it is the one place where levels are compared: thread over channel over workspace
over platform, over the deployment's setting, over the built-in sentence. Pure.
"""

from collections.abc import Mapping

from bot.core.domain import PromptKey, ThreadKey

BUILT_IN = (
    "You are a helpful assistant in a team's chat. Answer in Markdown, as briefly as the question allows. "
    "Say so when you do not know."
)


def levels(thread: ThreadKey) -> tuple[PromptKey, ...]:
    """Return the keys under which a prompt for this thread may be set, most specific first."""
    platform, workspace, channel = thread.platform, thread.workspace, thread.channel
    return (
        PromptKey(platform=platform, workspace=workspace, channel=channel, root=thread.root),
        PromptKey(platform=platform, workspace=workspace, channel=channel),
        PromptKey(platform=platform, workspace=workspace),
        PromptKey(platform=platform),
        PromptKey(),
    )


def effective(prompts: Mapping[PromptKey, str], thread: ThreadKey, *, setting: str = "") -> str:
    """Return the system prompt for a thread; `setting` is the deployment's own, or empty."""
    stored = (prompts[key] for key in levels(thread) if prompts.get(key))
    return next(stored, setting or BUILT_IN)
