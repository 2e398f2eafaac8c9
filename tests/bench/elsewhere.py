"""Run a bot that knows no Slack but slack.com in another workspace: `python elsewhere.py directory/main.py`.

Separate because it runs by that bot's own Python, and may import nothing of ours. It changes one thing: the
address that a client of slack_sdk takes when it is told none.
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
