"""Writes the answers of the sandbox's model: a conversation in, Markdown out.

`read_conversation` finds the question, its author and the earlier questions in a `messages` array.
`compose_answer` then picks one of six texts by patterns in the question: a greeting, thanks, a list of the
earlier questions, the system prompt, a continuation, or else a short essay with a heading, lists, code and a
table, which shows how each of them looks in Slack. An answer only says what can be read off the request, so
everything in it is true. The module is pure and deterministic: the same request gets the same answer.
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
GREETING_PATTERN = re.compile(
    r"(?i)\A\W*+(hello|hi|hey|hallo|good (morning|evening|afternoon)|bonjour|hola|ping|test)\b"
)
THANKS_PATTERN = re.compile(r"(?i)\A\W*+(thanks|thank you|thx|cheers|danke|merci)\b")
RECALL_PATTERN = re.compile(
    r"(?i)\b(did|have) (i|we) (just )?(ask|say|said|write|wrote|talk)|\b(first|last|previous) question"
)
CONTINUE_PATTERN = re.compile(r"(?i)\bgo on exactly where you stopped\b")
"""The bot sends this sentence when a person asks for the rest of an answer."""
INSTRUCTIONS_PATTERN = re.compile(r"(?i)\b(instructions|system prompt|system message)\b")
MAX_QUOTE_CHARACTERS = 160
"""A quoted question is cut after this many."""
MAX_GREETING_WORDS, MAX_THANKS_WORDS = 4, 6
"""A message with more words is treated as a question, whatever its first word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptMessage:
    """One message of a request's `messages`."""

    role: str
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposerInput:
    """The parts of a request that an answer is made from."""

    system: str
    earlier: tuple[str, ...]
    """The questions before this one, oldest first."""
    question: str
    speaker: str = ""

    @property
    def comma_speaker(self) -> str:
        """A comma and the speaker's name, to follow a greeting; empty if the name is unknown."""
        return f", {self.speaker}" if self.speaker else ""


def read_conversation(messages: Sequence[PromptMessage]) -> ComposerInput:
    """Read a `messages` array: the question, its author, the questions before it."""
    questions_asked = [message for message in messages if message.role == "user"]
    labels = [
        SPEAKER_PATTERN.match(last_paragraph(message.text)) or SPEAKER_PATTERN.match(message.text)
        for message in questions_asked
    ]
    several = len({label[1] for label in labels if label}) > 1 and all(labels)
    questions = [parse_directives(message.text)[1] for message in questions_asked]
    speaker = ""
    if several:  # the bot puts names in front only if several people ask; else a colon is just a colon
        questions = [SPEAKER_PATTERN.sub("", question, count=1) for question in questions]
        speaker = labels[-1][1] if labels[-1] else ""
    return ComposerInput(
        system="\n\n".join(message.text for message in messages if message.role in {"system", "developer"}),
        earlier=tuple(questions[:-1]),
        question=questions[-1] if questions else "",
        speaker=(questions_asked[-1].name if questions_asked else "") or speaker,
    )


def split_tokens(text: str) -> list[str]:
    """Cut a text into tokens: a word with the space before it, a long word in pieces. Nothing is lost."""
    return TOKEN_PATTERN.findall(text)


def compose_answer(conversation: ComposerInput, *, variant: int = 0) -> str:
    """Return the answer in Markdown; `variant` numbers several answers to one question from 0."""
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
    """Return exactly `token_count` tokens: `text` cut off, or `text` and then numbered sections."""
    pieces = split_tokens(text)
    sections = (_write_section(part, find_keywords(conversation.question)) for part in count(1))
    while len(pieces) < token_count:
        pieces += split_tokens(next(sections))
    return "".join(islice(pieces, token_count))


def find_keywords(question: str) -> list[str]:
    """Return the words of a question that are not stop words, each once, in order."""
    words = {word.lower(): word for word in reversed(WORD_PATTERN.findall(question))}
    return [words[key] for key in reversed(words) if key not in STOP_WORDS.split()] or ["something"]


def _write_greeting(conversation: ComposerInput) -> str:
    again = " again" if conversation.earlier else ""
    return (
        f"Hello{again}{conversation.comma_speaker}! :wave: I am the sandbox's own model: no key, no network, and the "
        "same answer every time. Ask me anything and watch the answer grow, or ask *what did I ask?* to see "
        "what I remember."
    )


def _write_instructions(conversation: ComposerInput) -> str:
    if not conversation.system:
        return "I was given no instructions: there is no system message in front of this conversation."
    quoted = "\n".join(f"> {line}" for line in conversation.system.splitlines())
    return f"These are my instructions, the system message that I am sent before everything else:\n\n{quoted}"


def _write_recollection(conversation: ComposerInput) -> str:
    if not conversation.earlier:
        return f"Nothing before this{conversation.comma_speaker}: your message is the first one of our conversation."
    lines = "\n".join(f"{number}. {quote_line(question)}" for number, question in enumerate(conversation.earlier, 1))
    number = len(conversation.earlier)
    return f"Before this, {_pluralize(number, 'question')} came up in our conversation:\n\n{lines}"


def _write_essay(conversation: ComposerInput) -> str:
    words = find_keywords(conversation.question)
    topic = " ".join(words[:3])
    so_far = (
        f"This is question {len(conversation.earlier) + 1} of our thread."
        if conversation.earlier
        else "A new thread, then."
    )
    listed = _join_with_and([f"**{word}**" for word in words[:4]])
    return f"""## {topic[0].upper()}{topic[1:]}

{so_far} You asked{conversation.comma_speaker}:

> {quote_line(conversation.question)}

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
    """Return a numbered section of numbered sentences, so that a gap in what is shown can be seen."""
    sentences = (
        f"Sentence {part}.{number} looks at {words[(part + number) % len(words)]} from another side."
        for number in range(1, 7)
    )
    return f"\n\n### Part {part}\n\n{' '.join(sentences)}"


def quote_line(text: str) -> str:
    """Return a text as one short line, for a list or a quote."""
    line = " ".join(text.split()) or "(no text)"
    return line if len(line) <= MAX_QUOTE_CHARACTERS else f"{line[:MAX_QUOTE_CHARACTERS].rstrip()}…"


def _join_with_and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _pluralize(number: int, noun: str) -> str:
    return f"one {noun}" if number == 1 else f"{number} {noun}s"
