"""Another bot is measured unchanged: only Slack's address is replaced, and only words are compared."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import other_bot
from tests.bench.thread_recorder import ObservedThread
from tests.bench.words import alike, tokens

BOT = """
from slack_sdk import WebClient
from beside import GREETING

clients = WebClient(), WebClient(base_url="https://b.test/")
print(GREETING, __name__, *[client.base_url for client in clients], clients[0].timeout)
"""


def test_a_bot_that_knows_no_address_finds_this_workspace(tmp_path: Path) -> None:
    """It imports modules from its folder, and keeps base URLs that it sets itself."""
    (tmp_path / "main.py").write_text(BOT)
    (tmp_path / "beside.py").write_text("GREETING = 'hello'")
    said = subprocess.check_output(
        [sys.executable, other_bot.__file__, str(tmp_path / "main.py")],
        env={"SLACK_API_URL": "http://127.0.0.1:1/api/"},
        text=True,
    )
    assert said.split() == ["hello", "__main__", "http://127.0.0.1:1/api/", "https://b.test/", "30"]


@pytest.mark.parametrize("seed", range(20))
def test_an_answer_in_the_markup_of_slack_is_alike(seed: int) -> None:
    said = "".join(tokens(seed, 200))
    shown = said.replace("**", "*").replace("```python", "```")
    assert alike(shown, said)
    assert not alike(shown.rpartition(" ")[0], said)
    assert not alike(f"{shown} ... :writing_hand:", said)


def test_what_asks_to_wait_is_no_text_of_the_model() -> None:
    thread = ObservedThread(0.0, writes=[(1.0, ":hourglass: Wait"), (2.0, "The ..."), (3.0, "The lease ends.")])
    assert thread.first_text("The lease ends.") == 2.0
