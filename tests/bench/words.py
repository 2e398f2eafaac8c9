"""Generates answers for the benchmarks: Markdown as models write it, the same for the same seed.

The model server sends them, and the scenarios compare the threads with them.
"""

import random
import re

WORDS = re.findall(
    r"\w+",
    """
    the of a to in is that for it as with on this are be by from or which can when not have one each
    more other answer thread message server budget window request token stream process database
    transaction queue limit page write read edit post order second minute figure median table index
    commit lease owner channel workspace person short long quick slow first last next newest oldest
    several careful simple complete shared separate usual means keeps shows holds begins ends follows
    depends changes belongs remains happens returns allows waits asks
    """,
)
"""Words without characters that need escaping, so that shown and sent text can be compared."""


def tokens(seed: int, count: int) -> list[str]:
    """Return an answer of exactly so many tokens; white space belongs to the token after it."""
    dice = random.Random(seed)
    said = re.findall(r"\s*\S+", _sentence(dice))  # a sign such as `##` would be held back until its text comes
    while len(said) < count:
        said += re.findall(r"\s*\S+", f"\n\n{_block(dice)}")
    del said[count:]
    if "".join(said).count("```") % 2:  # a thread would show it closed
        said[-1] = " end." if "```" in said[-1] else "\n```"
    return said


def same(shown: str, said: str) -> bool:
    """Whether a thread shows an answer, not counting white space: the end of a page removes some."""
    return shown.split() == said.split()


def alike(shown: str, said: str) -> bool:
    """Whether a thread shows the words of an answer; another bot may write other markup."""
    return _plain(shown) == _plain(said)


def _plain(text: str) -> list[str]:
    return re.findall(r"\w+", re.sub(r"```\w*", " ", text))


def _block(dice: random.Random) -> str:
    match dice.randrange(8):
        case 0:
            return f"## {_words(dice, 2, 5)}\n\n{_sentences(dice, 2)}"
        case 1 | 2:
            return "\n".join(f"- **{_words(dice, 1, 3)}**: {_words(dice, 4, 12)}" for _ in range(4))
        case 3:
            return "\n".join(f"{number}. {_words(dice, 5, 14)}." for number in range(1, 5))
        case 4:
            lines = (f"{dice.choice(WORDS)} = {dice.choice(WORDS)}({dice.randrange(99)})" for _ in range(6))
            return "\n".join(["```python", *lines, "```"])
        case _:
            return _sentences(dice, dice.randrange(2, 6))


def _sentences(dice: random.Random, count: int) -> str:
    return " ".join(_sentence(dice) for _ in range(count))


def _sentence(dice: random.Random) -> str:
    words = f"{_words(dice, 4, 9)} {_emphasised(dice)} {_words(dice, 3, 9)}"
    return f"{words.capitalize()}."


def _emphasised(dice: random.Random) -> str:
    word = dice.choice(WORDS)
    return dice.choice((word, word, f"**{word}**", f"`{word}`", f"*{word}*", f"[{word}](https://example.com/{word})"))


def _words(dice: random.Random, least: int, most: int) -> str:
    return " ".join(dice.choices(WORDS, k=dice.randint(least, most)))
