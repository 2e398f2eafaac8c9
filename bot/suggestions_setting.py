"""What people are offered to ask, from the text of its setting.

Separate from `settings` because it is a small language of its own. Pure. Source of the limit:
https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

MOST = 4
LONGEST = 2_000
"""Characters of a title or a question; Slack names no limit, and nobody reads as much."""


def suggestions(text: str) -> Mapping[str, str]:
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
        if max(len(title), len(question)) > LONGEST:
            raise ValueError(f"`{title[:40]}` is longer than {LONGEST:,} characters")
        found[title] = question
    if len(found) > MOST:
        raise ValueError(f"Slack shows {MOST} suggestions at most, and these are {len(found)}")
    return found


def _checked(text: str) -> str:
    suggestions(text)
    return text


Suggestions = Annotated[str, AfterValidator(_checked)]
"""A text that `suggestions` takes."""
