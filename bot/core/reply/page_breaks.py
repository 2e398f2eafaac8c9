"""Finds where a page of Markdown may end, and how much of an unfinished page can be shown.

Two questions are answered, both with a position in the text:

- A page is full. `find_best_break` returns the best position to end it: between paragraphs, else between
  lines, else after a sentence, else at a space. Links, code spans and table rows are not cut.
- A page is still growing. `find_finished_end` returns how much of it can be shown by an edit, and
  `find_settled_end` how much can be appended to a message that cannot be edited. Half a link or half an
  emphasis is held back until the rest arrives:

      text so far: "See [the man"                    shown: "See "
      text so far: "See [the manual](https://x.y)"   shown: all of it

`paging` decides when a page is full.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from bot.core.reply.markdown_lines import MarkdownLine

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_SENTENCE = re.compile(r"""[.!?…:;]["'”)\]*_]*[ \t]+|[。！？]""")  # noqa: RUF001 - not only ASCII ends sentences
_SPACE = re.compile(r"[ \t]+")
# Bounded repeats keep the search linear; a longer link than this is broken like any other text.
_UNBREAKABLE = re.compile(
    r"!?\[[^\]\n]{0,200}+(?:\](?:\([^)\[\n]{0,1500}+(?:\)|\Z))?|\Z)"  # link or image, also an unfinished one
    r"|<[^<>\n]{0,1500}(?:>|\Z)"  # address in angle brackets, platform token
    r"|&\#?\w{1,31}(?:;|\Z)"  # entity
    r"|`[^`\n]{1,300}(?:`|\Z)"  # code span
    r"|https?://\S{1,1500}"
)
_UNFINISHED = re.compile(
    r"(?:&\#?\w{0,31}"  # entity
    r"|<[^<>\s]{0,200}+"  # address, platform token
    r"|!?\[[^\]\n]{0,200}+(?:\](?:\([^)\n]{0,200}+)?+)?+"  # link
    r"|(?<![^\s(\[{])(?:"  # what opens emphasis stands at the start of a word
    r"\*\*(?![\s*])[^*\n]{0,80}\*?|\*(?![\s*])[^*\n]{0,80}"
    r"|__(?![\s_])[^_\n]{0,80}_?|_(?![\s_])[^_\n]{0,80}"
    r"|~~(?![\s~])[^~\n]{0,80}~?"
    r"|`(?!`)[^`\n]{0,80}"
    r"|[*_~`]{1,3}))\Z"
)
_MAX_HELD_BACK_CHARACTERS = 300
"""An unfinished end that is longer than this is shown as it is."""

_MAX_WORD_CHARACTERS = 24
"""A word that is longer than this is sent in pieces."""
_WHITE_SPACE = re.compile(r"\s+")
_LAST_WORD = re.compile(r"(?<=\s)\S+\Z")

_VIRAMA_COMBINING_CLASS = 9
"""Unicode's combining class of the sign that joins two consonants."""


def find_best_break(text: str, lines: Sequence[MarkdownLine], limit: int) -> int:
    """Return where to end a page that has room for `text[:limit]`; 0 < result <= limit < len(text).

    The best kind of place in the second half of the page wins: between paragraphs, between lines, between
    lines of code or rows, after a sentence, at a space. If the second half has no such place, the first half
    is searched in the same way. A page without any such place is cut between characters, and if one link or
    row fills the whole page, inside that.
    """
    fixed = sorted(span for span in _list_fixed_spans(text, lines) if span[0] < limit)
    starts = [start for start, _ in fixed]
    farthest_ends = [0, *accumulate((end for _, end in fixed), max)]  # of the spans before each

    def is_free(place: int) -> bool:
        return farthest_ends[bisect_left(starts, place)] <= place

    for floor in (limit // 2, 0):
        for place in _list_break_places(text, lines, limit):
            if place > floor and is_free(place):
                return place
    characters = (place for place in range(limit, 0, -1) if not _is_within_character(text, place))
    return next(filter(is_free, characters), limit)


def find_paragraph_starts(lines: Sequence[MarkdownLine]) -> Sequence[int]:
    """Return the positions where a paragraph begins and a page may end."""
    return _list_line_starts(lines)[0]


def _list_break_places(text: str, lines: Sequence[MarkdownLine], limit: int) -> Iterator[int]:
    """Yield all good places to end a page, the best kind first, and within a kind the last one first."""
    for line_starts in _list_line_starts(lines):
        yield from (start for start in reversed(line_starts) if start <= limit)
    for pattern in (_SENTENCE, _SPACE):
        yield from reversed([found.end() for found in pattern.finditer(text, 0, limit)])


def _list_line_starts(lines: Sequence[MarkdownLine]) -> tuple[list[int], list[int], list[int]]:
    """Return the starts of paragraphs, of lines, and of lines of code and rows, where a page may end."""
    paragraphs: list[int] = []
    plain: list[int] = []
    inner: list[int] = []
    last_words = ""
    for previous, line in pairwise(lines):
        last_words = previous.text if previous.text.strip() else last_words
        if previous.after.fence:
            if previous.before.fence and line.after.fence:  # else one page has an empty block
                inner.append(line.start)
        elif line.after.table_head:
            if previous.before.table_head:  # else the head would stand without a row
                inner.append(line.start)
        elif line.text.strip() and not _HEADING.match(last_words):  # else a heading has no text
            (plain if previous.text.strip() else paragraphs).append(line.start)
    return paragraphs, plain, inner


def _list_fixed_spans(text: str, lines: Sequence[MarkdownLine]) -> Iterator[tuple[int, int]]:
    """Yield the parts of a page, as start and end, that must not be cut."""
    for line in lines:
        if line.is_fixed:
            yield line.start, line.end
    for found in _UNBREAKABLE.finditer(text):
        yield found.span()


def _is_within_character(text: str, place: int) -> bool:
    """Return whether a position lies inside what people see as one character.

    These are the rules of Unicode's UAX 29 that matter in chat: marks, joined emoji, skin tones, flags,
    Hangul.
    """
    before, after = text[place - 1], text[place]
    if unicodedata.category(after) in {"Mn", "Mc", "Me"} or unicodedata.combining(before) == _VIRAMA_COMBINING_CLASS:
        return True
    if "\u200d" in {before, after} or "\udc00" <= after <= "\udfff":  # joiner; half of a surrogate pair
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    if "\u1160" <= after <= "\u11ff":
        return True
    flags = re.search("[\U0001f1e6-\U0001f1ff]*\\Z", text[max(0, place - 64) : place])
    is_half_flag = flags is not None and len(flags[0]) % 2 == 1
    return is_half_flag and "\U0001f1e6" <= after <= "\U0001f1ff"


def find_finished_end(text: str, lines: Sequence[MarkdownLine]) -> int:
    """Return how much of a growing page makes sense to show.

    Held back if short: a last line without a letter or digit (`-`, `|--`, half a fence), the line that opens
    a fence, a table's first row before its dashes, and half a link, token, entity or emphasis.
    """
    count = len(lines) - (not any(character.isalnum() for character in lines[-1].text))
    while count and _needs_more(lines[count - 1]):
        count -= 1
    if count < len(lines):
        end = lines[count].start
    elif lines[-1].before.fence:
        end = len(text)
    else:
        found = _UNFINISHED.search(text, max(lines[-1].start, len(text) - _MAX_HELD_BACK_CHARACTERS))
        end = found.start() if found else len(text)
    return end if len(text) - end <= _MAX_HELD_BACK_CHARACTERS else len(text)


def find_settled_end(text: str, lines: Sequence[MarkdownLine]) -> int:
    """Return how much of a growing page can be appended for good, because later text cannot change it.

    The result is where a word begins, so that the next piece does not begin with white space. It lies outside
    of everything that is not complete: a link, a token, a code span, a row.
    """
    end = find_finished_end(text, lines)
    while end:
        place = _find_word_start(text, end)
        line = lines[bisect_right(lines, place, key=lambda line: line.start) - 1]
        if line.is_fixed:
            place = min(place, line.start)
        elif not line.before.fence and place > line.start:
            found = _UNFINISHED.search(text, max(line.start, place - _MAX_HELD_BACK_CHARACTERS), place)
            place = found.start() if found else place
        if place == end or _find_word_start(text, place) == place:
            return place
        end = min(place, end - 1)
    return 0


def _find_word_start(text: str, end: int) -> int:
    """Return the last position up to `end`, or right after the white space there, where a word begins.

    Inside a long word any position between two characters is accepted: some languages have no spaces.
    """
    blank = _WHITE_SPACE.match(text, end)
    end = blank.end() if blank else end
    if 0 < end < len(text) and not _WHITE_SPACE.match(text, end):
        return end
    end = len(text[:end].rstrip())
    word = _LAST_WORD.search(text, max(0, end - _MAX_HELD_BACK_CHARACTERS), end)
    start = word.start() if word else 0
    if end - start <= _MAX_WORD_CHARACTERS or _UNBREAKABLE.match(text, start):
        return start
    inner = (place for place in range(end - 1, start, -1) if not _is_within_character(text, place))
    return next(inner, start)


def _needs_more(line: MarkdownLine) -> bool:
    """Return whether the meaning of a line depends on the next one."""
    if line.before.fence:
        return False
    is_first_row = line.text.lstrip().startswith("|") and not line.after.table_head
    return is_first_row or line.after.fence is not None
