"""What Slack shows of a model's Markdown: all of it, legibly, and without harm."""

import json
import re
from html import unescape
from itertools import accumulate, groupby

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it.token import Token

from bot.core.paging import Pager
from bot.slack import limits, pieces
from bot.slack.mrkdwn import JOINER, mrkdwn, parse, plain
from bot.slack.pieces import read
from bot.slack.render import Rendered, fits, render
from bot.slack.safety import disarm

UNTIMED = settings(deadline=None)  # the machine may be busy, and time is not what these tests are about
TOKENS = ["<!channel>", "<!here|here>", "<!subteam^S1|@g>", "<@U123>", "<#C1|x>", "@channel", "<", "!"]
ESCAPED = ["&lt;!here&gt;", "<\\!here>", "&#64;here", "&lt;", "\\", "&"]
LINKS = ["[a](https://b.example)", "[a](javascript:x)", "![a](b)", "<file:x>", "[", "](", ")"]
DISGUISES = ["[https://a.example](https://b.example)", "<https://b.example|https://a.example>"]
BLOCKS = ["```\n", "~~~\n", "    ", "\n", "\n\n", "- ", "1. ", "> ", "# ", "| a | b |\n|---|---|\n"]
SPANS = ["`", "``", "*", "**", "_", "~~", "a "]
SNIPPETS = st.sampled_from([*TOKENS, *ESCAPED, *LINKS, *DISGUISES, *BLOCKS, *SPANS])
MARKDOWN = st.lists(SNIPPETS | st.text(max_size=5), max_size=40).map("".join)

ACTIVE = re.compile(r"<(?:!(?i:channel|here|everyone|subteam|date)|@[UW]|#C)[^<>]*>")
BARE = re.compile(r"(?<!\w)@(?:channel|here|everyone)\b", re.IGNORECASE)


def markdown_of(page: Rendered) -> str:
    return str(page.blocks[0]["text"])


GOLDEN = [
    ("Plain words.", "Plain words."),
    ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
    ("**bold** *italic* _too_ ~~gone~~ `code`", "*bold* _italic_ _too_ ~gone~ `code`"),
    ("***both***", "_*both*_"),
    ("# Title\n\ntext", "*Title*\n\ntext"),
    ("## A **bold** title", "A *bold* title"),
    ("two\nlines", "two\nlines"),
    ("- a\n- b\n  - c\n    - d\n", "• a\n• b\n    ◦ c\n        ▪ d"),
    ("3. a\n4. b\n   - c", "3. a\n4. b\n    ◦ c"),
    ("- [ ] open\n- [x] shut", "• ☐ open\n• ☑ shut"),
    ("1. a\n\n   more\n\n2. b", "1. a\n    more\n2. b"),
    ("> quoted\n> lines\n>\n> > deeper", "> quoted\n> lines\n> \n> deeper"),
    ("```py\nif a < b:\n    pass\n```", "```\nif a &lt; b:\n    pass\n```"),
    ("    indented", "```\nindented\n```"),
    ("`a < b` and `` `tick` ``", "`a &lt; b` and `tick`"),
    ("[label](https://x.example/a?b=1&c=2)", "<https://x.example/a?b=1&amp;c=2|label>"),
    ("[a|b](https://x.example/|)", "<https://x.example/%7C|a|b>"),
    ("<https://x.example/>", "<https://x.example/>"),
    ("[x.example](https://www.x.example)", "<https://www.x.example|x.example>"),
    ("![a cat](https://x.example/cat.png)", "<https://x.example/cat.png|a cat>"),
    ("![](https://x.example/cat.png)", "<https://x.example/cat.png|image>"),
    ("<https://x.example|label>", "<https://x.example|label>"),
    ("a\n\n---\n\nb", "a\n\n———\n\nb"),
    (
        "| name | n |\n|:-----|--:|\n| **a** | 1 |\n| `long one` | 20 |",
        "```\nname     | n\n---------+---\na        | 1\nlong one | 20\n```",
    ),
    ("| 字 | n |\n|---|---|\n| a | 1 |", "```\n字 | n\n---+--\na  | 1\n```"),
    ("שלום **עולם**", "שלום *עולם*"),
    ("<b>not bold</b>", "&lt;b&gt;not bold&lt;/b&gt;"),
    ("Line[^1].\n\n[^1]: The note.", f"Line[^1].\n\n[^1]{JOINER}: The note."),
    ("\\*plain\\*", "*plain*"),
    ("#", "#"),
]


@pytest.mark.parametrize(("markdown", "text"), GOLDEN)
def test_text_is_the_page_as_mrkdwn(markdown: str, text: str) -> None:
    assert render(markdown).text == text


@pytest.mark.parametrize(
    "markdown",
    [
        "**bold** and `code`\n\n- list\n\n| a |\n|---|\n| 1 |",
        "[label](https://x.example) & <https://x.example>",
        "a@b.example",
    ],
)
def test_harmless_markdown_goes_into_the_block_as_it_is(markdown: str) -> None:
    assert render(markdown).blocks == [{"type": "markdown", "text": markdown}]


@pytest.mark.parametrize(
    ("markdown", "safe"),
    [
        ("<!channel> hi", f"<{JOINER}!channel> hi"),
        ("hi <@U012AB|eve>", f"hi <{JOINER}@U012AB|eve>"),
        ("**<!subteam^S1>**", f"**<{JOINER}!subteam^S1>**"),
        ("&lt;!here&gt;", f"&lt;{JOINER}!here&gt;"),
        ("<\\!here>", f"<{JOINER}\\!here>"),
        ("@Here, look", f"@{JOINER}Here, look"),
        ("`<!here> @here`", f"`<{JOINER}!here> @here`"),
        ("me@here.example", "me@here.example"),
        ("[x](javascript:alert(1))", f"[x]{JOINER}(javascript:alert(1))"),
        ("[x](docs/a.md)", f"[x]{JOINER}(docs/a.md)"),
        ("<javascript:alert(1)>", f"<{JOINER}javascript:alert(1)>"),
        ("![cat](https://x.example/c.png)", "[cat](https://x.example/c.png)"),
        ("<https://x.example|label>", "[label](https://x.example)"),
        (
            "[https://bank.example](https://evil.example)",
            f"[https://bank.example]{JOINER}(https://evil.example)",
        ),
        ("[bank.com](https://evil.example)", f"[bank.com]{JOINER}(https://evil.example)"),
        ("[bank.com](https://www.bank.com/login)", "[bank.com](https://www.bank.com/login)"),
        ("[a]: javascript:x", f"[a]{JOINER}: javascript:x"),
    ],
)
def test_what_could_do_harm_is_shown_and_does_nothing(markdown: str, safe: str) -> None:
    assert markdown_of(render(markdown)) == safe


CODE = (
    "<!DOCTYPE html>\n<!-- @here -->\n#include <x>\n<#T> <@Y>\n[a](javascript:x) ![i](j)\n&lt;!here&gt; &amp;"
)


@pytest.mark.parametrize("fence", ["```", "~~~~"])
def test_code_stays_byte_for_byte(fence: str) -> None:
    page = f"@here\n\n{fence}html\n{CODE}\n{fence}\n\n![a](https://x.example)"
    assert f"{fence}html\n{CODE}\n{fence}" in markdown_of(render(page))


def test_in_code_only_active_tokens_are_touched() -> None:
    page = "```\n<!channel> <!channels> <@U1> List<@Uppercase> <#C1>\n```"
    assert markdown_of(render(page)) == (
        f"```\n<{JOINER}!channel> <!channels> <{JOINER}@U1> List<@Uppercase> <{JOINER}#C1>\n```"
    )


@given(st.lists(st.sampled_from([*BLOCKS, *SPANS, "\n\n", "a\n", "a", "  "]), max_size=60).map("".join))
@example("- ```\n\na\n\n```\n\nb")
@example("  ```\n\na\n\n  ```\n\nb\n\n~~~\n\nc")
@settings(deadline=None, max_examples=300)
def test_a_page_in_pieces_is_the_page(markdown: str) -> None:
    """A parser that reads all of it at once finds the same blocks, and the same words."""
    reading = read(markdown)
    tokens = parse(reading.markdown)
    assert reading.text == mrkdwn(reading.markdown, tokens)
    outermost = [token.type for token in tokens if token.level == 0 and token.nesting >= 0]
    runs = groupby(outermost, {"heading_open", "hr", "table_open"}.__contains__)
    assert reading.blocks == sum(len(list(run)) if is_own else 1 for is_own, run in runs)
    assert reading.tables == [token.type for token in tokens].count("table_open")
    assert reading.rows == [token.type for token in tokens].count("tr_open")


LISTS = ["- a", "* b", "1. c", "2. d", "2) e", "3. **f**", "- ", "-", "- - -", "* * *", "| g", "|---|---|"]


@given(
    st.lists(
        st.sampled_from([*LISTS, "h", "> i", "    ", "  ", "   ", "```", "---", "\n", "\n", "\n", "\n\n"]),
        max_size=30,
    ).map("".join)
)
@example("1. a\n 5. b\n2. c")
@example("- a\n * b\n- c")
@example("- a | b\n  |---|---|\n- c")
@example("- a\n- b | c\n  |---|---|\n- d")
@example("- a\n- b\n  |---|\n- d")
@settings(deadline=None, max_examples=300)
def test_a_list_in_pieces_is_the_list(markdown: str) -> None:
    """Items that are read one by one are those of the list, with its numbers."""
    test_a_page_in_pieces_is_the_page.hypothesis.inner_test(markdown)  # type: ignore[attr-defined]


@given(st.lists(st.sampled_from([*LISTS, *BLOCKS, *SPANS, "c", "\n", "\n\n"]), max_size=40))
@example(["- a\n", "- b ", "|", " c\n", "  |---|---|"])
@example(["a\n\n", "```\n\n", "b\n\n", "```", "\n\nc"])
@settings(deadline=None, max_examples=300)
def test_a_page_that_grew_says_what_it_says_at_once(parts: list[str]) -> None:
    """What is remembered of its beginnings changes nothing."""
    pages = list(accumulate(parts))
    grown = list(map(read, pages))
    for page, reading in zip(pages, grown, strict=True):
        pieces._known.clear()
        assert read(page) == reading


@given(
    st.text("aZ9é名.,:;!?'\"()/%$=+- —…\n#>_*`<&@[]|~\\", max_size=30),
    st.sampled_from(["", "- ", "12. ", "0) "]),
)
@example("a\n", "* ")
@settings(deadline=None, max_examples=1000)
def test_what_is_taken_for_plain_says_what_the_parser_finds(words: str, mark: str) -> None:
    markdown = mark + words
    if text := plain(markdown):
        assert text == mrkdwn(markdown, parse(markdown))
        assert [token.type for token in parse(markdown) if token.type == "inline"] == ["inline"]


def test_plain_lines_take_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "disarm", None)
    page = "Words (and more), a dash - one: two!\n\n1. First item.\n2. Second item."
    assert render(page).text == page


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give what the parser is given from now on."""
    given: list[str] = []

    def noted(part: str) -> tuple[str, list[Token]]:
        given.append(part)
        return disarm(part)

    monkeypatch.setattr(pieces, "disarm", noted)
    return given


def test_a_growing_page_costs_no_more_than_its_end(parsed: list[str]) -> None:
    """Paragraphs that are complete are read once."""
    page = ""
    for number in range(20):
        page += f"Paragraph {number} with `code` and **more**.\n\n"
        read(page + "and so")
    assert parsed == [f"Paragraph {number} with `code` and **more**.\n\n" for number in range(20)]


def test_a_growing_list_costs_no_more_than_its_last_item(parsed: list[str]) -> None:
    page = ""
    for number in range(1, 9):
        page += f"{number}. Item with `code`,\n   and **more**.\n"
        read(page + f"{number + 1}. and so")
    assert parsed == [f"{number}. Item with `code`,\n   and **more**.\n" for number in range(1, 9)]


@UNTIMED
@given(MARKDOWN)
@example("_a_@here")
@example("- a ` @here\n- b ` c")
@example("| ` | @here ` |\n|---|---|")
def test_no_page_pings_anybody(markdown: str) -> None:
    """No active token anywhere, and no bare one that a reader would see outside code."""
    page = render(markdown)
    for text in (page.text, markdown_of(page)):
        assert not ACTIVE.search(text)
    for token in parse(markdown_of(page)):
        for span in token.children or ():
            if span.type == "text":
                assert not ACTIVE.search(span.content)
                assert not BARE.search(span.content)


@UNTIMED
@given(MARKDOWN)
def test_links_lead_to_the_web_or_to_mail_and_say_so(markdown: str) -> None:
    for token in parse(markdown_of(render(markdown))):
        spans = token.children or []
        assert not any(span.type == "image" for span in spans)
        for span in spans:
            if span.type == "link_open":
                assert str(span.attrs["href"]).lower().startswith(("https://", "http://", "mailto:"))


@UNTIMED
@given(st.text() | MARKDOWN)
def test_any_text_can_be_rendered_and_sent(markdown: str) -> None:
    page = render(markdown)
    assert json.dumps([page.text, page.blocks], ensure_ascii=False).encode()
    assert page.text.strip() or not markdown.strip()
    assert render(markdown) == page


@pytest.mark.parametrize(
    "pathological",
    [
        "*a " * 600 + "a* " * 600,
        "![" * 600 + "a" + "](https://x.example)" * 150,
        ">" * 3_800,
        "- " * 1_900,
        "[" * 3_800,
        "`a``b" * 700,
        "<" * 3_800,
        "\n".join("  " * depth + "- a" for depth in range(60)),
        "\ud83d",
        "\x00",
    ],
    ids=[
        "emphasis",
        "images",
        "quotes",
        "lists",
        "brackets",
        "code",
        "angles",
        "deep list",
        "surrogate",
        "nul",
    ],
)
def test_nothing_is_too_deep_or_too_odd(pathological: str) -> None:
    assert render(pathological).text


@UNTIMED
@given(
    st.lists(st.integers(0, 999), min_size=1, max_size=30),
    st.sampled_from(["{} ", "- {}\n", "> {}\n", "# {}\n", "`{}` "]),
)
def test_every_word_of_a_page_is_in_its_text(numbers: list[int], shape: str) -> None:
    words = [f"w{number}w" for number in numbers]
    page = render("".join(shape.format(word) for word in words))
    assert re.findall(r"w\d+w", page.text) == words


PARTS = [
    "word & word. ",
    "\n\n",
    "# Head\n\n",
    "---\n\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n",
    "```\n<&>\n```\n",
]


@UNTIMED
@given(st.lists(st.sampled_from([*PARTS, "\U0001f642" * 50]), max_size=400))
def test_a_page_that_fits_is_within_slacks_own_limits(parts: list[str]) -> None:
    """However long the answer, each of its pages is a message that Slack takes."""
    pager = Pager(fits=fits, page_size=limits.PAGE_SIZE)
    pager.feed("".join(parts))
    for page in [pager.current(is_complete=True), *pager.full]:
        message = render(page)
        assert len(message.text.encode("utf-16-le")) // 2 <= limits.UPDATE_TEXT
        assert len(markdown_of(message)) <= limits.MARKDOWN
        kinds = [token.type for token in parse(markdown_of(message)) if token.level == 0]
        assert kinds.count("table_open") <= limits.TABLES
        assert sum(kinds.count(kind) for kind in ("heading_open", "hr", "table_open")) < limits.BLOCKS


def test_a_long_table_goes_on_in_a_further_message() -> None:
    rows = [f"| {number} | row {number} |" for number in range(250)]
    pager = Pager(fits=fits, page_size=limits.PAGE_SIZE)
    pager.feed("\n".join(["| n | what |", "|---|---|", *rows]))
    last = pager.current(is_complete=True)
    assert len(pager.full) == 2
    assert all(page.startswith("| n | what |\n|---|---|\n| ") for page in [*pager.full, last])


def test_escapes_in_text_say_what_the_code_said() -> None:
    code = "a && b <c> &amp;"
    assert unescape(render(f"```\n{code}\n```").text) == f"```\n{code}\n```"


def test_the_pace_we_choose_is_within_slacks_tier() -> None:
    worst_minute = limits.EDITS_PER_MINUTE + limits.EDITS_BURST
    assert worst_minute <= limits.METHODS["chat.update"]
