"""Snippets of Markdown, harmless or not, and a Hypothesis strategy that mixes them."""

from hypothesis import strategies as st

TOKENS = ["<!channel>", "<!here|here>", "<!subteam^S1|@g>", "<@U123>", "<#C1|x>", "@channel", "<", "!"]
ESCAPED = ["&lt;!here&gt;", "<\\!here>", "&#64;here", "&lt;", "\\", "&"]
LINKS = ["[a](https://b.example)", "[a](javascript:x)", "![a](b)", "<file:x>", "[", "](", ")"]
DISGUISES = ["[https://a.example](https://b.example)", "<https://b.example|https://a.example>"]
BLOCKS = ["```\n", "~~~\n", "    ", "\n", "\n\n", "- ", "1. ", "> ", "# ", "| a | b |\n|---|---|\n"]
SPANS = ["`", "``", "*", "**", "_", "~~", "a "]
SNIPPETS = st.sampled_from([*TOKENS, *ESCAPED, *LINKS, *DISGUISES, *BLOCKS, *SPANS])
MARKDOWN = st.lists(SNIPPETS | st.text(max_size=5), max_size=40).map("".join)
