"""What one server has taught us of its models: which fields they do not take, and what is sent instead.

Separate from `profiles`, which is what we know of services beforehand. No model's list of parameters is
complete or lasting, but a refusal names its field. Rules (facts/model-api.md 1.3): a field is renamed where
it has another name, else left out; an answer that may not be streamed is asked for whole; a value is
remembered with its field where only the value was refused; what is learnt of one model is not held
against another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.errors import ContextTooLong, ModelError, ModelRejected
from bot.llm.asking import Fields, has_pictures, whole, without, without_pictures
from bot.llm.blame import blame, is_about_value, is_blind
from bot.llm.complaint import Complaint
from bot.notebook import Notebook, Page

MOST_ROUNDS = 6
"""Refusals of one question that are healed: as many as a reasoning model refuses of the old parameters."""
OTHER_NAME = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
KNOWN_AS = {"max_completion_tokens": "max_tokens", "role": "system_role"}
"""Fields whose parameter has another name."""
OTHER_ROLE = {"system": "developer", "developer": "system"}
PICTURES = "pictures"
"""Stands for those in messages."""
SUBJECT = "field "
"""How the subject of a lesson begins that is about a field."""
AS_A_WHOLE = frozenset({"stream", "stream_options", "user", "safety_identifier", "prompt_cache_key"})
"""Fields that are refused with any value: ours, or another one for everybody who asks."""
LONGEST_VALUES = 80
"""Characters of refused values that admins are told."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is done about a field: sent as `instead`, or left out where that is empty."""

    instead: str = ""
    values: tuple[Any, ...] = ()
    """The values that were refused, where others may be taken; empty: any."""


class Adaptations:
    """What is known of the models of one server."""

    def __init__(self, page: Page | None = None) -> None:
        """Go by what is on the `page`, and write down there what is learnt."""
        self._page = page or Notebook().page()
        self._models: dict[str, dict[str, Change]] = {}

    def apply(self, body: Fields) -> Fields:
        """Return the fields as their model takes them, as far as we know."""
        for field, change in self._in_order(body["model"]):
            body = _changed(body, field, change)
        return body

    def learn(self, error: ModelError, complaint: Complaint, sent: Fields) -> tuple[str, ...]:
        """Take in a refusal of what was sent, and which error it is; return the fields that it blames."""
        changes = self._changes(sent["model"])
        beyond = _beyond_window(error, sent)
        is_value = bool(beyond) or is_about_value(complaint)
        blamed = beyond or _blamed(error, complaint, sent)
        for field in blamed:
            changes[field] = _change(field, sent, changes, is_value=is_value)
            self._page.write(sent["model"], SUBJECT + field, _noted(changes[field]))
        return blamed

    def told(self, model: str) -> Mapping[str, str]:
        """Return for people what is done about which parameter of a model; of those without effect, why."""
        changes = {KNOWN_AS.get(field, field): change for field, change in self._in_order(model)}
        return {name: _told(name, change) for name, change in changes.items() if change.instead != name}

    def _in_order(self, model: str) -> Sequence[tuple[str, Change]]:
        """Return the changes with other names first: a name that is given may be one that is refused, too."""
        return sorted(self._changes(model).items(), key=lambda change: not change[1].instead)

    def _changes(self, model: str) -> dict[str, Change]:
        if model not in self._models:
            self._models[model] = {
                subject.removeprefix(SUBJECT): _remembered(content)
                for subject, content in self._page.read(model).items()
                if subject.startswith(SUBJECT)
            }
        return self._models[model]


def _noted(change: Change) -> dict[str, Any]:
    """Return a change as it is kept: a value of JSON."""
    return {"instead": change.instead, **({"values": list(change.values)} if change.values else {})}


def _remembered(content: Mapping[str, Any]) -> Change:
    return Change(content.get("instead", ""), tuple(content.get("values", ())))


def _beyond_window(error: ModelError, sent: Fields) -> tuple[str, ...]:
    """Return the limit for answers if it alone fills the window: no question would be short enough."""
    window = error.window if isinstance(error, ContextTooLong) else None
    limits = ((field, sent.get(field)) for field in OTHER_NAME)
    return tuple(field for field, limit in limits if window and isinstance(limit, int) and limit >= window)


def _blamed(error: ModelError, complaint: Complaint, sent: Fields) -> tuple[str, ...]:
    if has_pictures(sent) and is_blind(complaint):  # whatever the status
        return (PICTURES,)
    return blame(complaint, sent) if isinstance(error, ModelRejected) else ()


def _change(field: str, sent: Fields, known: Mapping[str, Change], *, is_value: bool) -> Change:
    if field == "role":
        role = sent["messages"][0]["role"]
        other = OTHER_ROLE.get(role, "user")
        return Change("user" if field in known and known[field].instead == role else other)
    if is_value and field in sent and field not in AS_A_WHOLE:
        before = known[field].values if field in known else ()
        return Change(values=before if sent[field] in before else (*before, sent[field]))
    other = OTHER_NAME.get(field, "")
    return Change(other if other not in known else "")


def _changed(body: Fields, field: str, change: Change) -> Fields:
    match field:
        case "stream":
            return whole(body)
        case "role":
            return {**body, "messages": [_spoken_as(change.instead, one) for one in body["messages"]]}
        case "pictures":
            return {**body, "messages": [without_pictures(message) for message in body["messages"]]}
        case "name":
            return {**body, "messages": [without(message, "name") for message in body["messages"]]}
        case _ if field not in body or (change.values and body[field] not in change.values):
            return body
        case _:
            rest = without(body, field)
            return {**rest, change.instead: body[field]} if change.instead else rest


def _spoken_as(role: str, message: Fields) -> Fields:
    return {**message, "role": role} if message["role"] in OTHER_ROLE else message


def _told(field: str, change: Change) -> str:
    if field == "stream":
        return "answers come in one piece, since this model may not be streamed"
    if change.instead:
        return f"sent as `{change.instead}`"
    if change.values:
        values = ", ".join(map(str, change.values))
        name = "value" if len(change.values) == 1 else "values"
        return f"has no effect: this model does not take the {name} {values[:LONGEST_VALUES]}"
    return "has no effect: this model does not take it"
