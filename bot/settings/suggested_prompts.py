"""What people are offered to ask, from the text of its setting.

Separate from `settings` because it is a small language of its own. Pure. Source of the limit:
https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

MAX_SUGGESTIONS = 4
MAX_SUGGESTION_LENGTH = 2_000
"""Characters of a title or a question; Slack names no limit, and nobody reads as much."""


def parse_suggestions(text: str) -> Mapping[str, str]:
    """Return questions by their titles, from `Title: question | Title: question`; empty where there are none.

    Lines separate as bars do. Raises ValueError, a sentence.
    """
    found: dict[str, str] = {}
    for each in filter(str.strip, text.replace("\n", "|").split("|")):
        title, colon, question = (part.strip() for part in each.partition(":"))
        if not (title and colon and question):
            raise ValueError(f"`{each.strip()[:40]}` is not of the form `Title: question`")
        if title in found:
            raise ValueError(f"the title `{title[:40]}` is there twice")
        if max(len(title), len(question)) > MAX_SUGGESTION_LENGTH:
            raise ValueError(f"`{title[:40]}` is longer than {MAX_SUGGESTION_LENGTH:,} characters")
        found[title] = question
    if len(found) > MAX_SUGGESTIONS:
        raise ValueError(f"Slack shows {MAX_SUGGESTIONS} suggestions at most, and these are {len(found)}")
    return found


def _check_suggestions(text: str) -> str:
    parse_suggestions(text)
    return text


SuggestedPromptsText = Annotated[str, AfterValidator(_check_suggestions)]
"""A text that `suggestions` takes."""
