"""How much of a conversation the model got to see with one question.

Separate from the nouns because it is kept beside an answer and read by who asks why. Pure.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextCoverage:
    """What stood before a question."""

    turns: int
    """How many earlier turns of the thread."""
    first: str = ""
    """Id of the message that begins the first of them; empty if there is none."""
    last: str = ""
    left_out: int = 0
    """How many older ones were left out."""
    is_all_counted: bool = True
    """Whether there are no more of those than `left_out`; a very long thread is not read to its beginning."""
    is_summarised: bool = False
    """Whether a summary stood in place of those that were left out."""
