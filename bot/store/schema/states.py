"""Sets of a turn's states that both stores need beside `OPEN`.

Separate because the store in memory knows no SQLAlchemy, and the two must not differ.
"""

from typing import Final

from bot.core.turns import TurnStatus

HISTORY_STATUSES: Final = frozenset(TurnStatus) - {TurnStatus.WAITING, TurnStatus.ANSWERING, TurnStatus.FORGOTTEN}
"""What a later question may look back on; an `ANSWERED` turn has all its text."""

VOTABLE_STATUSES: Final = frozenset({TurnStatus.DONE, TurnStatus.STOPPED})
"""Ended with an answer that people may judge."""

RETRYABLE_STATUSES: Final = frozenset({TurnStatus.DONE, TurnStatus.STOPPED, TurnStatus.FAILED})
"""Ended with an answer or a failure, and may be asked again."""
