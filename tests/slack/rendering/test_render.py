"""Rendering Markdown for Slack: complete, legible and harmless."""

import json
import re
from html import unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.reply.paging import Pager
from bot.slack import limits
from bot.slack.rendering.mrkdwn import WORD_JOINER, parse_markdown
from bot.slack.rendering.render import RenderedMessage, fits, render
from tests.slack.rendering.snippets import MARKDOWN

UNTIMED = settings(deadline=None)  # the machine may be busy, and time is not what these tests are about

ACTIVE = re.compile(r"<(?:!(?i:channel|here|everyone|subteam|date)|@[UW]|#C)[^<>]*>")
BARE = re.compile(r"(?<!\w)@(?:channel|here|everyone)\b", re.IGNORECASE)


def markdown_of(page: RenderedMessage) -> str:
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
    ("Line[^1].\n\n[^1]: The note.", f"Line[^1].\n\n[^1]{WORD_JOINER}: The note."),
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
def test_harmless_markdown_is_unchanged(markdown: str) -> None:
    assert render(markdown).blocks == [{"type": "markdown", "text": markdown}]


@pytest.mark.parametrize(
    ("markdown", "safe"),
    [
        ("<!channel> hi", f"<{WORD_JOINER}!channel> hi"),
        ("hi <@U012AB|eve>", f"hi <{WORD_JOINER}@U012AB|eve>"),
        ("**<!subteam^S1>**", f"**<{WORD_JOINER}!subteam^S1>**"),
        ("&lt;!here&gt;", f"&lt;{WORD_JOINER}!here&gt;"),
        ("<\\!here>", f"<{WORD_JOINER}\\!here>"),
        ("@Here, look", f"@{WORD_JOINER}Here, look"),
        ("`<!here> @here`", f"`<{WORD_JOINER}!here> @here`"),
        ("me@here.example", "me@here.example"),
        ("[x](javascript:alert(1))", f"[x]{WORD_JOINER}(javascript:alert(1))"),
        ("[x](docs/a.md)", f"[x]{WORD_JOINER}(docs/a.md)"),
        ("<javascript:alert(1)>", f"<{WORD_JOINER}javascript:alert(1)>"),
        ("![cat](https://x.example/c.png)", "[cat](https://x.example/c.png)"),
        ("<https://x.example|label>", "[label](https://x.example)"),
        (
            "[https://bank.example](https://evil.example)",
            f"[https://bank.example]{WORD_JOINER}(https://evil.example)",
        ),
        ("[bank.com](https://evil.example)", f"[bank.com]{WORD_JOINER}(https://evil.example)"),
        ("[bank.com](https://www.bank.com/login)", "[bank.com](https://www.bank.com/login)"),
        ("[a]: javascript:x", f"[a]{WORD_JOINER}: javascript:x"),
    ],
)
def test_harmful_markdown_is_visible_and_has_no_effect(markdown: str, safe: str) -> None:
    assert markdown_of(render(markdown)) == safe


CODE = "<!DOCTYPE html>\n<!-- @here -->\n#include <x>\n<#T> <@Y>\n[a](javascript:x) ![i](j)\n&lt;!here&gt; &amp;"


@pytest.mark.parametrize("fence", ["```", "~~~~"])
def test_code_stays_byte_for_byte(fence: str) -> None:
    page = f"@here\n\n{fence}html\n{CODE}\n{fence}\n\n![a](https://x.example)"
    assert f"{fence}html\n{CODE}\n{fence}" in markdown_of(render(page))


def test_in_code_only_active_tokens_are_changed() -> None:
    page = "```\n<!channel> <!channels> <@U1> List<@Uppercase> <#C1>\n```"
    assert markdown_of(render(page)) == (
        f"```\n<{WORD_JOINER}!channel> <!channels> <{WORD_JOINER}@U1> List<@Uppercase> <{WORD_JOINER}#C1>\n```"
    )


@UNTIMED
@given(MARKDOWN)
@example("_a_@here")
@example("_@channel_")
@example("__@everyone__")
@example("- a ` @here\n- b ` c")
@example("| ` | @here ` |\n|---|---|")
def test_no_page_pings_anybody(markdown: str) -> None:
    """No active token anywhere, and no bare `@here` outside code."""
    page = render(markdown)
    for text in (page.text, markdown_of(page)):
        assert not ACTIVE.search(text)
    for token in parse_markdown(markdown_of(page)):
        for span in token.children or ():
            if span.type == "text":
                assert not ACTIVE.search(span.content)
                assert not BARE.search(span.content)


@UNTIMED
@given(MARKDOWN)
def test_links_lead_to_the_web_or_to_mail_and_say_so(markdown: str) -> None:
    for token in parse_markdown(markdown_of(render(markdown))):
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
def test_deep_nesting_is_rendered(pathological: str) -> None:
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
    """However long the answer, Slack accepts each of its pages as a message."""
    pager = Pager(fits=fits, page_size=limits.PAGE_SIZE_CHARACTERS)
    pager.feed("".join(parts))
    for page in [pager.current(is_complete=True), *pager.full]:
        message = render(page)
        assert len(message.text.encode("utf-16-le")) // 2 <= limits.UPDATE_TEXT_CHARACTERS
        assert len(markdown_of(message)) <= limits.MESSAGE_MARKDOWN_CHARACTERS
        kinds = [token.type for token in parse_markdown(markdown_of(message)) if token.level == 0]
        assert kinds.count("table_open") <= limits.MESSAGE_TABLES
        assert sum(kinds.count(kind) for kind in ("heading_open", "hr", "table_open")) < limits.MESSAGE_BLOCKS


def test_a_long_table_goes_on_in_a_further_message() -> None:
    rows = [f"| {number} | row {number} |" for number in range(250)]
    pager = Pager(fits=fits, page_size=limits.PAGE_SIZE_CHARACTERS)
    pager.feed("\n".join(["| n | what |", "|---|---|", *rows]))
    last = pager.current(is_complete=True)
    assert len(pager.full) == 2
    assert all(page.startswith("| n | what |\n|---|---|\n| ") for page in [*pager.full, last])


def test_escaped_text_reads_like_the_code() -> None:
    code = "a && b <c> &amp;"
    assert unescape(render(f"```\n{code}\n```").text) == f"```\n{code}\n```"


def test_the_chosen_rates_are_within_slacks_tiers() -> None:
    worst_minute = limits.EDITS_PER_MINUTE + limits.EDITS_BURST
    assert worst_minute <= limits.METHOD_TIERS["chat.update"]
