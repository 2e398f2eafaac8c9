"""All errors of the bot, in one tree.

Each adapter translates the errors of its libraries into this tree, once, where it calls them:

    BotError
    ├── SettingsError                  the program does not start; the sentence names the setting
    ├── ConfigRefused                  an admin entered a config that cannot be saved
    ├── TooManyQuestions               a person asked too often within a minute; the question is not recorded
    ├── FileUnreadable                 one attached file; the answer goes on without it
    ├── SpendingError                  a budget does not allow the call; the model was not asked
    │   ├── BudgetSpent                it is used up, or the call may need more than is left
    │   └── PriceUnknown               it counts money, and the model has no price
    ├── ModelError
    │   ├── ModelBusy                  429: our rate limit; ask again later
    │   │   └── ModelOverloaded        498, 503, 529: too many requests from everybody
    │   ├── ModelUnavailable           no connection; like all below it, before the first word
    │   │   ├── ModelFailed            408, 409, another 5xx, an error object instead of an answer
    │   │   ├── ModelSlow              connected, but nothing came in time
    │   │   └── ModelUnreadable        what came is not an answer
    │   ├── ModelInterrupted           cut or failed in the middle of an answer, as all below it
    │   │   ├── ModelStalled           nothing came for too long
    │   │   ├── ModelEndless           the answer took, or grew, too long
    │   │   └── ModelGarbled           what came cannot be read
    │   ├── ModelKeyRefused            401
    │   │   └── ModelForbidden         403: region, organisation or model
    │   ├── ModelUnknown               404
    │   ├── ModelOutOfCredit           402, or a 429 about money
    │   ├── ModelRejected              another 4xx: a setting or our request is wrong
    │   │   └── PictureRefused         the service cannot read a picture
    │   ├── ContextTooLong             the conversation does not fit the model's window
    │   ├── ContentFiltered            the service refuses this question
    │   └── ModelSilent                a complete answer without any text
    │       └── ModelExhausted         its length limit was reached before any text
    ├── SurfaceError
    │   ├── SurfaceBusy                the platform's rate limit; write again later
    │   ├── SurfaceUnavailable         no connection, a 5xx, a timeout
    │   └── SurfaceGone                the channel or message cannot be written to any more
    │       └── MessageLost            only this message cannot; its thread can
    └── StoreError
        ├── StoreUnavailable           the database does not answer
        ├── ClaimLost                  another process owns the turn now
        └── VersionConflict            another person saved a newer version
            └── GrantsConflict         the same, for access settings

Each class has a stable `code`, which is stored with the turn, and `for_people`, the one sentence that a
thread may show. The text of an exception is for the log and never reaches a thread.

For example, after `ModelBusy` the next server is asked, and if all are busy, the question is retried
(`bot.llm.resilience`), as long as no text was shown. If that fails, the turn ends with the sentence below the
text so far, and with buttons to try again or to continue.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:  # these modules raise the errors that carry their values
    from bot.core.access.grants import GrantsVersion
    from bot.core.config import ConfigVersion
    from bot.core.spending.budgets import BudgetState


class BotError(Exception):
    """Base of all errors that the bot foresees."""

    code: ClassVar[str] = "error"
    for_people: str = "Something went wrong on my side. Please ask again."


class SettingsError(BotError):
    """A setting is missing or wrong; the text is one sentence that names it and says what to do."""

    code = "settings"


class ConfigRefused(BotError):
    """What an admin entered cannot be saved as it is."""

    code = "steering_refused"

    def __init__(self, problems: Mapping[str, str]) -> None:
        """`problems` holds a sentence for people for each field that is wrong."""
        super().__init__(" ".join(problems.values()))
        self.problems = problems


class TooManyQuestions(BotError):
    """A person asked more often within a minute than one may."""

    code = "too_many_questions"


class FileUnreadable(BotError):
    """A file could not be read; the text gives the reason, after "I could not read x: "."""

    code = "file_unreadable"


class SpendingError(BotError):
    """A budget does not allow a call of the model; the model was not asked."""

    code = "spending"


class BudgetSpent(SpendingError):
    """A call does not fit into a budget that applies."""

    code = "budget_spent"
    for_people = "A budget is used up. An admin can raise it."

    def __init__(self, state: "BudgetState") -> None:
        """`state` is that of the budget that does not allow the call."""
        super().__init__(self.for_people)
        self.state = state


class PriceUnknown(SpendingError):
    """A budget of money applies, and the price of the model is unknown."""

    code = "price_unknown"
    for_people = (
        "There is a budget of money here, and the price of this model is not known, so I can't answer. "
        "The operator of this bot needs to add it to `BOT_PRICES`."
    )


class ModelError(BotError):
    """The model did not give a complete answer."""

    is_final = False
    """Whether the service itself says that asking again is useless."""
    code = "model"
    for_people = "The model service had a problem. Please ask again."


class ModelBusy(ModelError):
    """The model service limits how much we may ask."""

    code = "model_busy"
    for_people = "The model service is busy right now. Please ask again in a minute."

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        """`retry_after` is in seconds; None if the server named no time."""
        super().__init__(message)
        self.retry_after = retry_after


class ModelOverloaded(ModelBusy):
    """The model service itself is overloaded."""

    code = "model_overloaded"
    for_people = "The model service is overloaded right now. Please ask again in a few minutes."


class ModelUnavailable(ModelError):
    """The model service could not be reached."""

    code = "model_unavailable"
    for_people = "I can't reach the model service right now. Please ask again in a minute."


class ModelFailed(ModelUnavailable):
    """The model service was reached, and failed before the first word."""

    code = "model_failed"
    for_people = "The model service failed before it could answer. Please ask again in a minute."


class ModelSlow(ModelUnavailable):
    """The model service was reached, and sent nothing before the timeout."""

    code = "model_slow"
    for_people = "The model service did not begin to answer in time. Please ask again."


class ModelUnreadable(ModelUnavailable):
    """Something else came in place of the first word: a proxy's page, broken JSON."""

    code = "model_unreadable"
    for_people = "The model service sent something that I can't read. Please ask again in a minute."


class ModelInterrupted(ModelError):
    """The stream was cut, or reported a failure, after it had begun."""

    code = "model_interrupted"
    for_people = "The model service broke off before the answer was complete. Ask me to go on, or ask again."


class ModelStalled(ModelInterrupted):
    """In the middle of an answer nothing came before the timeout."""

    code = "model_stalled"
    for_people = "The model service fell silent before the answer was complete. Ask me to go on, or ask again."


class ModelEndless(ModelInterrupted):
    """The answer took longer than the timeout, or grew longer than any answer should be."""

    code = "model_endless"
    for_people = "I stopped here because the answer grew too long. Ask me to go on, or for something shorter."


class ModelGarbled(ModelInterrupted):
    """In the middle of an answer came something unreadable, or too much."""

    code = "model_garbled"
    for_people = "The answer broke off here: the model service sent something that I can't read. Please ask again."


class ModelKeyRefused(ModelError):
    """401: the key is not accepted."""

    code = "model_key_refused"
    for_people = (
        "The model service refused my key, so I can't answer. The operator of this bot needs to check `OPENAI_API_KEY`."
    )


class ModelForbidden(ModelKeyRefused):
    """403: the key is known, but its organisation, region or plan may not ask this."""

    code = "model_forbidden"
    for_people = "The model service does not allow me to use it, so I can't answer. The reason is in this bot's log."


class ModelUnknown(ModelError):
    """404: the model does not exist, or the address is not the API's."""

    code = "model_unknown"
    for_people = (
        "The model service does not know the model I was told to use. "
        "The operator of this bot needs to check `BOT_MODEL` and `OPENAI_BASE_URL`."
    )

    def blame_admins_choice(self, model: str, place: str) -> None:
        """Say that it is `model`, which an admin chose for a place such as "this channel"."""
        self.for_people = (
            f"The model service does not know the model `{model}`, which was chosen for {place}. "
            "An admin needs to choose another one there."
        )


class ModelOutOfCredit(ModelError):
    """The account has no credit, or a spending limit is reached; waiting does not help."""

    code = "model_out_of_credit"
    for_people = (
        "The account at the model service has reached its spending limit. "
        "The operator of this bot needs to look at its billing."
    )


class ModelRejected(ModelError):
    """Any other 400 or 422: a parameter or the request is wrong."""

    code = "model_rejected"
    for_people = "The model service did not accept the request. The reason is in this bot's log."


class PictureRefused(ModelRejected):
    """The model service cannot read a picture: it is broken, too large, or of an unusual kind."""

    code = "picture_refused"
    for_people = "The model service can't read a picture that you sent. Please send another, or ask without it."


class ContextTooLong(ModelError):
    """The messages do not fit into the model's context window."""

    is_from_fallback = False
    """Whether a fallback server said so; then it says nothing about the preferred server's window."""
    code = "context_too_long"
    for_people = "This is more text than the model can take. Please shorten it, or split it up."

    def __init__(self, message: str = "", *, window: int | None = None, tokens: int | None = None) -> None:
        """`window` and `tokens`: what fits and what was sent, in tokens, if the service says so."""
        super().__init__(message)
        self.window = window
        self.tokens = tokens


class ContentFiltered(ModelError):
    """The service refuses the question itself; it must not be sent again as history."""

    code = "content_filtered"
    for_people = "The model service's content filter refused this message. Please put it differently."


class ModelSilent(ModelError):
    """The stream ended properly, but without any text."""

    code = "model_silent"
    for_people = "The model gave an empty answer. Please ask again, perhaps in other words."


class ModelExhausted(ModelSilent):
    """The length limit was reached before the first word: the model spent it on reasoning."""

    code = "model_exhausted"
    for_people = (
        "The model reached its length limit before it said a word. "
        "The operator of this bot may raise `max_tokens`, or lower `reasoning_effort`."
    )


class SurfaceError(BotError):
    """A message could not be shown."""

    code = "surface"


class SurfaceBusy(SurfaceError):
    """The platform's rate limit: wait `retry_after` seconds before the next write."""

    code = "surface_busy"

    def __init__(self, message: str = "", *, retry_after: float) -> None:
        """`retry_after` is in seconds."""
        super().__init__(message)
        self.retry_after = retry_after


class SurfaceUnavailable(SurfaceError):
    """The platform did not answer, or failed; the write may or may not have happened."""

    code = "surface_unavailable"

    def __init__(self, message: str = "", *, may_still_happen: bool = False) -> None:
        """`may_still_happen`: no response came, so the platform may still carry the write out."""
        super().__init__(message)
        self.may_still_happen = may_still_happen


class SurfaceGone(SurfaceError):
    """The channel, thread or message cannot be written to any more; trying again does not help."""

    code = "surface_gone"


class MessageLost(SurfaceGone):
    """One message cannot be changed any more; its thread can still be written to."""

    def __init__(self, message: str = "", *, stays: bool) -> None:
        """`stays`: whether the message still shows its old text."""
        super().__init__(message)
        self.stays = stays


class StoreError(BotError):
    """The conversation could not be read or written."""

    code = "store"
    for_people = "I could not read or save this conversation just now. Please ask again in a minute."


class StoreUnavailable(StoreError):
    """The database does not answer."""

    code = "store_unavailable"


class ClaimLost(StoreError):
    """Another process has claimed the turn; this process drops it silently."""

    code = "claim_lost"


class VersionConflict(StoreError):
    """The version that was edited is not the newest any more; nothing was overwritten."""

    code = "conflict"
    for_people = "Another person has saved a newer version in the meantime. Nothing was overwritten."

    def __init__(self, newest: "ConfigVersion | None") -> None:
        """`newest` is the version that exists instead; None if there is none."""
        super().__init__(self.for_people)
        self.newest = newest


class GrantsConflict(VersionConflict):
    """The access settings that were edited are not the newest any more."""

    def __init__(self, newest_grants: "GrantsVersion | None") -> None:
        """`newest_grants` is the version that exists instead; None if there is none."""
        super().__init__(None)
        self.newest_grants = newest_grants
