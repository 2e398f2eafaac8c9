"""The ports: protocols for what the use cases need from outside, one file each.

`bot/conversation`, `bot/delivery` and `bot/policy` name a port and never an implementation; `bot/app` puts
the two together. An implementation has the qualified name: `SqlStore` and `SlackSurface` run in production,
`MemoryStore` and a surface on paper in tests. Each passes the contract suite of its port, in
`tests/contracts/`.

Example: `Intake(store, ...)` needs `Conversations`. Any object with these methods will do; nothing is
inherited.
"""

from bot.ports.access import AccessPolicy, GrantsRecord
from bot.ports.config import ConfigVersions, Drafts
from bot.ports.conversations import Conversations, TurnContext
from bot.ports.explanations import Explanations
from bot.ports.feedback import Votes
from bot.ports.learned_facts import NO_SERVER_FACTS, LearnedFacts, ServerFacts
from bot.ports.ledger import Ledger
from bot.ports.model import ChatModel, NeededAt, needed_at_once
from bot.ports.personal_data import PersonalData
from bot.ports.summaries import Summaries
from bot.ports.surface import GrowingMessage, Page, Surface, SurfaceLimits
from bot.ports.work_queue import ClaimRules, WorkQueue

__all__ = [
    "NO_SERVER_FACTS",
    "AccessPolicy",
    "ChatModel",
    "ClaimRules",
    "ConfigVersions",
    "Conversations",
    "Drafts",
    "Explanations",
    "GrantsRecord",
    "GrowingMessage",
    "LearnedFacts",
    "Ledger",
    "NeededAt",
    "Page",
    "PersonalData",
    "ServerFacts",
    "Summaries",
    "Surface",
    "SurfaceLimits",
    "TurnContext",
    "Votes",
    "WorkQueue",
    "needed_at_once",
]
