"""Slack's two text languages as HTML: what a reader sees, and what must be escaped."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.page import html as show

NAMES = {"U0ADA": "Ada & Co", "U0BOT": "Threadkeeper", "C0GENERAL": "general"}
HERE = '<span class="mention broadcast">@here</span>'
ADA = '<span class="mention" data-user="U0ADA">@Ada &amp; Co</span>'
OUT = 'target="_blank" rel="noopener noreferrer nofollow"'
TEXT = {
    "p",
    "br",
    "strong",
    "em",
    "del",
    "s",
    "code",
    "pre",
    "blockquote",
    "a",
    "span",
    "ul",
    "ol",
    "li",
    "hr",
}
ALLOWED = TEXT | {"h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"}


class HtmlReader(HTMLParser):
    """Collects the elements and the text that a browser would make of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        ("a\nb", "a<br>b"),
        ("*bold*, _italic_ and ~gone~", "<strong>bold</strong>, <em>italic</em> and <del>gone</del>"),
        ("*bold _and italic_*", "<strong>bold <em>and italic</em></strong>"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("* not bold *", "* not bold *"),
        ("`*code* &lt;b&gt;`", "<code>*code* &lt;b&gt;</code>"),
        ("before\n```\na < b\n*c*\n```\nafter", "before<pre><code>a &lt; b\n*c*</code></pre>after"),
        ("&gt; one\n&gt; two\nthree", "<blockquote>one<br>two</blockquote>three"),
        ("&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"),
        (
            ":tada: at 10:30:45 :unheard_of:",
            '<span class="emoji" title=":tada:">🎉</span> at 10:30:45 :unheard_of:',
        ),
        ("<https://a.b/?x=1&amp;y=2|a &lt; b>", f'<a href="https://a.b/?x=1&amp;y=2" {OUT}>a &lt; b</a>'),
        ("see https://a.b/c_d_e.", f'see <a href="https://a.b/c_d_e" {OUT}>https://a.b/c_d_e</a>.'),
        ("<mailto:a@b.c>", f'<a href="mailto:a@b.c" {OUT}>a@b.c</a>'),
        ("<@U0ADA> <@U0NEW|new>", f'{ADA} <span class="mention" data-user="U0NEW">@new</span>'),
        ("<#C0GENERAL|>", '<a class="mention" data-channel="C0GENERAL">#general</a>'),
        ("<!here>", HERE),
        ("<!subteam^S1|@ops>", '<span class="mention broadcast">@ops</span>'),
        ("<!date^1392734382^{date}|18 Feb>", "18 Feb"),
        ("<javascript:alert(1)|click>", "&lt;javascript:alert(1)|click&gt;"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
    ],
)
def test_mrkdwn_looks_as_in_slack(text: str, html: str) -> None:
    assert show.text_html(text, NAMES) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*italic* **bold** ~~gone~~", "<p><em>italic</em> <strong>bold</strong> <s>gone</s></p>"),
        ("one\ntwo", "<p>one<br />\ntwo</p>"),
        ("```py\na < b\n```", '<pre><code class="language-py">a &lt; b\n</code></pre>'),
        ("- [x] done\n- [ ] open", "<ul>\n<li>☑ done</li>\n<li>☐ open</li>\n</ul>"),
        ("![a cat](https://a.b/c.png)", f'<p><a href="https://a.b/c.png" {OUT}>a cat</a></p>'),
        ("[a](https://b.c)", f'<p><a href="https://b.c" {OUT}>a</a></p>'),
        ("[https://a.b](https://b.c)", f'<p><a href="https://b.c" {OUT}>https://a.b</a></p>'),
        ("https://a.b/c", f'<p><a href="https://a.b/c" {OUT}>https://a.b/c</a></p>'),
        ("<https://a.b|a>", f'<p><a href="https://a.b" {OUT}>a</a></p>'),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        (":tada:", '<p><span class="emoji" title=":tada:">🎉</span></p>'),
    ],
)
def test_markdown_looks_as_in_slack(text: str, html: str) -> None:
    assert show.markdown_html(text, NAMES).strip() == html


@pytest.mark.parametrize("text", ["<!here>", "> <!here>", "| a |\n|---|\n| <!here> |", "- **<!here>**"])
def test_a_ping_in_markdown_is_shown_as_a_ping(text: str) -> None:
    """A bot that posts a model's `<!here>` unescaped must show a ping here, not first in Slack."""
    assert HERE in show.markdown_html(text, NAMES)


@pytest.mark.parametrize("text", ["<\u2060!here>", "\\<!here>", "`<!here>`"])
def test_a_neutralised_ping_is_shown_as_text(text: str) -> None:
    assert "mention" not in show.markdown_html(text, NAMES)


def test_a_table_keeps_its_alignment() -> None:
    html = show.markdown_html("| a | b |\n|---|--:|\n| 1 | 2 |", NAMES)
    for tag in ("th", "td"):
        assert re.findall(rf"<{tag}\b[^>]*>", html) == [f"<{tag}>", f'<{tag} style="text-align:right">']


def test_decorate_finds_every_text_and_leaves_the_rest() -> None:
    """Texts are found at any depth; plain text gets no markup."""
    plain: dict[str, Any] = {"type": "plain_text", "text": "*plain*"}
    section: dict[str, Any] = {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*b*"},
        "accessory": {"confirm": {"text": plain}},
    }
    blocks: list[dict[str, Any]] = [
        {"type": "markdown", "text": "**b**"},
        section,
        {"type": "context", "elements": [section["text"]]},
    ]
    markdown, decorated, context = show.add_html(blocks, NAMES)
    assert markdown == {"type": "markdown", "text": "**b**", "html": "<p><strong>b</strong></p>\n"}
    assert decorated == section | {"text": {"type": "mrkdwn", "text": "*b*", "html": "<strong>b</strong>"}}
    assert context["elements"][0]["html"] == "<strong>b</strong>"
    assert "html" not in blocks[0], "the original is untouched"


def test_html_from_outside_never_passes() -> None:
    """The page inserts `html` as it is, so a bot must not be able to send it."""
    sent = [
        {
            "type": "section",
            "html": "<script>",
            "text": {"type": "plain_text", "text": "x", "html": "<script>"},
        }
    ]
    assert show.add_html(sent, NAMES) == [{"type": "section", "text": {"type": "plain_text", "text": "x"}}]


fragments = st.lists(
    st.sampled_from(
        [
            "<",
            ">",
            "&lt;",
            "&gt;",
            "&amp;",
            '"',
            "'",
            "*",
            "_",
            "~",
            "`",
            "```",
            "\n",
            "|",
            "!",
            "@",
            "#",
            "(",
        ]
    )
    | st.sampled_from([")", "[", "](", "javascript:", "https://a.b/", " onerror=", "<script>", "<@U0ADA>", "<!here|x>"])
    | st.text(max_size=4),
    max_size=25,
).map("".join)


@pytest.mark.parametrize("render", [show.text_html, show.markdown_html])
@given(text=fragments)
def test_nothing_but_our_own_markup_comes_out(render: Callable[[str, show.DisplayNames], str], text: str) -> None:
    """For any input: only known elements, no event handlers, only http and mailto URLs."""
    reader = HtmlReader(render(text, NAMES))
    assert reader.tags <= ALLOWED
    assert set(reader.attributes) <= {"class", "href", "target", "rel", "title", "style", "start"} | {
        "data-user",
        "data-channel",
    }
    for address in reader.attributes.get("href", ()):
        assert re.match(r"https?://|mailto:|tel:|[^:]*$|[^:]*[/?#]", address)


@given(st.text(alphabet=st.characters(blacklist_characters="<>&*_~`:\r\n", blacklist_categories=("Cs", "Cc"))))
def test_text_without_marks_is_shown_as_it_is(text: str) -> None:
    if "http" not in text:
        assert HtmlReader(show.text_html(text, NAMES)).text == text
