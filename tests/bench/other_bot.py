"""Runs another bot against a test server instead of slack.com: `python other_bot.py directory/main.py`.

It runs with that bot's own Python, so it imports nothing of this repository. It changes the default base URL
of slack_sdk's clients to `SLACK_API_URL`, and then runs the bot's main module.
"""

import os
import runpy
import sys
from pathlib import Path
from typing import Any

from slack_sdk.web.base_client import BaseClient

if __name__ == "__main__":
    program = sys.argv.pop(1)
    sys.path[0] = str(Path(program).parent)
    made: Any = BaseClient.__init__
    made.__defaults__ = tuple(
        os.environ["SLACK_API_URL"] if default == BaseClient.BASE_URL else default for default in made.__defaults__
    )
    runpy.run_path(program, run_name="__main__")
