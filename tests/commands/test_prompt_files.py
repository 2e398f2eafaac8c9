"""Prompts in Markdown files: writing and reading a file loses nothing, and files of people are understood."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.commands.prompt_files import from_markdown, read_folder, to_markdown
from bot.core.chat.scoped_config import parse_scope
from bot.core.config import Prompt, Scope, ScopeConfig
from tests.core.chat.config_values import CHAIN, configs


@example(CHAIN[1], ScopeConfig(parameters={"stop": ["\x85", "a\u2028b", "\u2029"]}))
@given(st.sampled_from(CHAIN[1:]), configs)
def test_writing_and_reading_a_file_loses_nothing(key: Scope, steering: ScopeConfig) -> None:
    assert from_markdown(to_markdown(key, steering), "slack") == (key, steering)


@pytest.mark.parametrize("text", ["a\n", "a\n\n\n", " a ", "a\r\nb", "---\nlevel: workspace T2\n---\n", "a\u2028b"])
def test_every_character_of_a_prompt_is_kept(text: str) -> None:
    steering = ScopeConfig(prompt=Prompt(text))
    assert from_markdown(to_markdown(CHAIN[1], steering), "slack") == (CHAIN[1], steering)


def test_a_file_as_a_person_writes_it() -> None:
    """Token ids as YAML reads them, Windows' line ends in the front matter, no last line break."""
    text = "---\r\nlevel: channel T1/C1\r\nmode: append\r\nlogit_bias: {50256: -100}\r\n---\r\nBe kind."
    assert from_markdown(text, "slack") == (
        parse_scope("channel T1/C1", "slack"),
        ScopeConfig(prompt=Prompt("Be kind.", appends=True), parameters={"logit_bias": {"50256": -100}}),
    )


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"a\.md"):
        read_folder(tmp_path, "slack")


@pytest.mark.parametrize("run", ["[", "{", "- ", "[1:", "? "])
def test_a_front_matter_nested_without_end_is_refused(run: str) -> None:
    with pytest.raises(ValueError, match="the front matter is n"):
        from_markdown(f"---\n{run * 3_000}\n---\nBe kind.", "slack")
