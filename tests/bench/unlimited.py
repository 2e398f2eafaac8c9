"""`bot run` without rate limits, for measurements against a server that has none.

No setting of the bot turns them off. The interval between two edits of one answer stays. The extra `tokens`
counts as not installed, since its tables take about 140 MB.
"""

import sys
from dataclasses import replace

from bot.cli import main
from bot.slack.surface import SlackSurface

UNLIMITED, AT_ONCE = 1e9, 1_000_000

if __name__ == "__main__":
    sys.modules["bpe_openai"] = None  # type: ignore[assignment]  # how Python is told that it is not there
    SlackSurface.limits = replace(
        SlackSurface.limits,
        edits_per_minute=UNLIMITED,
        edits_burst=AT_ONCE,
        posts_per_minute=UNLIMITED,
        posts_burst=AT_ONCE,
    )
    main()
