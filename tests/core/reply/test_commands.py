"""What is appended to a message that can only grow: no word is cut, lost or repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.reply.commands import DisplayMode, find_addition
from tests.core.reply.simulated_thread import Thread, limits

PROSE = """# Trains

They run on *rails*, which is `why` they **cannot** steer; see [the timetable](https://x.example/a_b).

```python
def depart(train):
    return train.leave("platform", 9)
```

| from | to |
|---|---|
| Bern | Rome |
| Rome | Bari |

1. first the doors
2. then the whistle

> 東京から大阪まで
"""


@pytest.mark.parametrize("size", [1, 3, 7, 40])
def test_streamed_markdown_only_grows(size: int) -> None:
    """For pieces of any size, no word is cut, and no appended text begins with white space."""
    thread, sent = Thread(limits(4_000), way=DisplayMode.STREAM), ""
    for start in range(0, len(PROSE), size):
        thread.live.feed(PROSE[start : start + size])
        thread.now += 10
        while thread.step():
            more = find_addition(thread.screen[0], sent)
            assert more is not None
            assert not more or not more[0].isspace() or not sent
            sent += more
    thread.live.finish()
    assert thread.settle() == [PROSE.strip()]
    assert find_addition(PROSE.strip(), sent) is not None
    assert thread.writes > len(PROSE) // max(size, 40)


@given(
    shown=st.text("a \n", max_size=8),
    more=st.text("ab \n", max_size=8),
)
def test_adding_never_loses_a_word(shown: str, more: str) -> None:
    """Only white space at the end of the shown text may differ."""
    text = shown.rstrip() + more
    grown = shown + (find_addition(text, shown) or "")
    assert grown.split() == text.split() or find_addition(text, shown) is None
    assert find_addition(shown + more, shown) == more
    assert find_addition("b" + text, "a") is None
