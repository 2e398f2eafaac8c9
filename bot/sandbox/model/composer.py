"""A conversation -> the text with which the sandbox's model answers.

Separate because it is writing, not serving; it is the first thing that a newcomer reads. Pure and
deterministic. Rules: everything it says is true, since it only speaks of what it was sent: the
question's words, who asks, what came before. It says what it is, and what one may try next.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice

from bot.sandbox.model.directives import last_paragraph, parse_directives

TOKEN_PATTERN = re.compile(r"\s*\S{1,20}|\s+\Z")
WORD_PATTERN = re.compile(r"[^\W_]{2,}")
SPEAKER_PATTERN = re.compile(r"^([^\W\d_][\w.'-]*(?: [^\W\d_][\w.'-]*){0,3}): ")
STOP_WORDS = """
a about an and any are as at be but by can could did do does for from get give had has have how i if in into
is it its let make may me my no not of on one or our out please say she should show so tell than that the
their them then there these they this to two up us was we were what when where which who why will with
would write you your
"""
GREETING_PATTERN = re.compile(r"(?i)\W*(hello|hi|hey|hallo|good (morning|evening|afternoon)|bonjour|hola|ping|test)\b")
THANKS_PATTERN = re.compile(r"(?i)\W*(thanks|thank you|thx|cheers|danke|merci)\b")
RECALL_PATTERN = re.compile(
    r"(?i)\b(did|have) (i|we) (just )?(ask|say|said|write|wrote|talk)|\b(first|last|previous) question"
)
CONTINUE_PATTERN = re.compile(r"(?i)\bgo on exactly where you stopped\b")
"""What the bot says when somebody wants the rest of an answer."""
INSTRUCTIONS_PATTERN = re.compile(r"(?i)\b(instructions|system prompt|system message)\b")
MAX_QUOTE_CHARACTERS = 160
"""Characters."""
MAX_GREETING_WORDS, MAX_THANKS_WORDS = 4, 6
"""A longer message is a question, however it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptMessage:
    """One message of the conversation as the model is sent it."""

    role: str
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposerInput:
    """What the model knows when it answers."""

    system: str
    earlier: tuple[str, ...]
    """The questions before this one, oldest first."""
    question: str
    speaker: str = ""

    @property
    def comma_speaker(self) -> str:
        """The speaker as an address, or nothing."""
        return f", {self.speaker}" if self.speaker else ""


def read_conversation(messages: Sequence[PromptMessage]) -> ComposerInput:
    """Read a `messages` array: who asks what, after what."""
    asked = [said for said in messages if said.role == "user"]
    labels = [SPEAKER_PATTERN.match(last_paragraph(said.text)) or SPEAKER_PATTERN.match(said.text) for said in asked]
    several = len({label[1] for label in labels if label}) > 1 and all(labels)
    questions = [parse_directives(said.text)[1] for said in asked]
    speaker = ""
    if several:  # only then does the bot write names in front, and a colon means a speaker
        questions = [SPEAKER_PATTERN.sub("", question, count=1) for question in questions]
        speaker = labels[-1][1] if labels[-1] else ""
    return ComposerInput(
        system="\n\n".join(said.text for said in messages if said.role in {"system", "developer"}),
        earlier=tuple(questions[:-1]),
        question=questions[-1] if questions else "",
        speaker=(asked[-1].name if asked else "") or speaker,
    )


def split_tokens(text: str) -> list[str]:
    """Cut a text into tokens: words with the space before them, long ones in pieces. Joined, they are it."""
    return TOKEN_PATTERN.findall(text)


def compose_answer(conversation: ComposerInput, *, variant: int = 0) -> str:
    """Return the answer in Markdown; `variant` tells several answers to one question apart."""
    words = WORD_PATTERN.findall(conversation.question)
    if CONTINUE_PATTERN.search(conversation.question):
        text = " … and here it goes on. A larger model than I am would take up its own sentence."
    elif INSTRUCTIONS_PATTERN.search(conversation.question):
        text = _write_instructions(conversation)
    elif RECALL_PATTERN.search(conversation.question):
        text = _write_recollection(conversation)
    elif len(words) <= MAX_GREETING_WORDS and GREETING_PATTERN.match(conversation.question):
        text = _write_greeting(conversation)
    elif len(words) <= MAX_THANKS_WORDS and THANKS_PATTERN.match(conversation.question):
        text = f"You're welcome{conversation.comma_speaker}! I am here when you need me."
    else:
        text = _write_essay(conversation)
    return f"Answer {variant + 1}.\n\n{text}" if variant else text


def fill_to_token_count(text: str, token_count: int, conversation: ComposerInput) -> str:
    """Return a text of `number` tokens: the beginning of `text`, or all of it and then numbered sections."""
    pieces = split_tokens(text)
    sections = (_write_section(part, find_keywords(conversation.question)) for part in count(1))
    while len(pieces) < token_count:
        pieces += split_tokens(next(sections))
    return "".join(islice(pieces, token_count))


def find_keywords(question: str) -> list[str]:
    """Return the words that carry a question, each once, in its order."""
    words = {word.lower(): word for word in reversed(WORD_PATTERN.findall(question))}
    return [words[key] for key in reversed(words) if key not in STOP_WORDS.split()] or ["something"]


def _write_greeting(talk: ComposerInput) -> str:
    again = " again" if talk.earlier else ""
    return (
        f"Hello{again}{talk.comma_speaker}! :wave: I am the sandbox's own model: no key, no network, and the "
        "same answer every time. Ask me anything and watch the answer grow, or ask *what did I ask?* to see "
        "what I remember."
    )


def _write_instructions(talk: ComposerInput) -> str:
    if not talk.system:
        return "I was given no instructions: there is no system message in front of this conversation."
    quoted = "\n".join(f"> {line}" for line in talk.system.splitlines())
    return f"These are my instructions, the system message that I am sent before everything else:\n\n{quoted}"


def _write_recollection(talk: ComposerInput) -> str:
    if not talk.earlier:
        return f"Nothing before this{talk.comma_speaker}: your message is the first one of our conversation."
    lines = "\n".join(f"{number}. {quote_line(question)}" for number, question in enumerate(talk.earlier, 1))
    number = len(talk.earlier)
    return f"Before this, {_pluralize(number, 'question')} came up in our conversation:\n\n{lines}"


def _write_essay(talk: ComposerInput) -> str:
    words = find_keywords(talk.question)
    topic = " ".join(words[:3])
    so_far = f"This is question {len(talk.earlier) + 1} of our thread." if talk.earlier else "A new thread, then."
    listed = _join_with_and([f"**{word}**" for word in words[:4]])
    return f"""## {topic[0].upper()}{topic[1:]}

{so_far} You asked{talk.comma_speaker}:

> {quote_line(talk.question)}

I am the sandbox's own model, so I cannot tell you what is known about {listed}. \
What I can do is answer in the form that a real model would, so that you see how it arrives.

### How to read a question

1. **Find the words that carry it.** Here they are {listed}.
2. **Ask what is missing.** A purpose, a limit, an example:
   - What should be different once you know about *{words[0]}*?
   - Which case of *{words[-1]}* matters most to you?
3. **Say it again in one sentence**, and see whether it still means the same.

### In code

```python
question = "{topic}"
for word in question.split():
    print(f"{{word:<12}} {{len(word):>3}}")
```

### At a glance

{_write_table(words[:4])}

Next, try *what did I ask?*, or *which instructions do you have?*"""


def _write_table(words: Sequence[str]) -> str:
    rows = "\n".join(f"| {word} | {len(word)} | {word[0].upper()} |" for word in words)
    return f"| Word | Letters | Begins with |\n|:-----|--------:|:-----------:|\n{rows}"


def _write_section(part: int, words: Sequence[str]) -> str:
    """Return a numbered section, each sentence of it with its own number: a gap would show."""
    sentences = (
        f"Sentence {part}.{number} looks at {words[(part + number) % len(words)]} from another side."
        for number in range(1, 7)
    )
    return f"\n\n### Part {part}\n\n{' '.join(sentences)}"


def quote_line(text: str) -> str:
    """Return a text as one line that fits into a list or a quote."""
    line = " ".join(text.split()) or "(no text)"
    return line if len(line) <= MAX_QUOTE_CHARACTERS else f"{line[:MAX_QUOTE_CHARACTERS].rstrip()}…"


def _join_with_and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _pluralize(number: int, noun: str) -> str:
    return f"one {noun}" if number == 1 else f"{number} {noun}s"
