"""The doors to the outside: a model, a surface to write on, a store. Protocols only.

Separate so that the use cases (`intake`, `answering`, `worker`, `delivery`) name what they need and not
who provides it. An implementation has the qualified name (`SqlStore`, `SlackSurface`) and passes the
contract suite in `tests/contracts/`.
"""

from bot.ports.access import AccessPolicy, GrantsRecord
from bot.ports.config import ConfigVersions, Drafts
from bot.ports.explanations import Explanations
from bot.ports.feedback import Votes
from bot.ports.learned_facts import NO_SERVER_FACTS, LearnedFacts, ServerFacts
from bot.ports.ledger import Ledger
from bot.ports.model import ChatModel, NeededAt, needed_at_once
from bot.ports.personal_data import PersonalData
from bot.ports.store import Store
from bot.ports.summaries import Summaries
from bot.ports.surface import GrowingMessage, Page, Surface, SurfaceLimits

__all__ = [
    "NO_SERVER_FACTS",
    "AccessPolicy",
    "ChatModel",
    "ConfigVersions",
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
    "Store",
    "Summaries",
    "Surface",
    "SurfaceLimits",
    "Votes",
    "needed_at_once",
]
