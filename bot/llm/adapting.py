"""What one server has taught us of its models: which fields they do not take, and what is sent instead.

Separate from `profiles`, which is what we know of services beforehand. No model's list of parameters is
complete or lasting, but a refusal names its field. Rules (facts/model-api.md 1.3): a field is renamed where
it has another name, else left out; an answer that may not be streamed is asked for whole; a value is
remembered with its field where only the value was refused; what is learnt of one model is not held
against another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.llm.asking import Fields, has_pictures, whole, without, without_pictures
from bot.llm.blame import blame, is_blind
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
ANY = object()
"""The field is refused with any value."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is done about a field: sent as `instead`, or left out where that is empty."""

    instead: str = ""
    value: Any = ANY
    """The value that was refused, where others may be taken."""


class Adaptations:
    """What is known of the models of one server."""

    def __init__(self, page: Page | None = None) -> None:
        """Go by what is on the `page`, and write down there what is learnt."""
        self._page = page or Notebook().page()
        self._models: dict[str, dict[str, Change]] = {}

    def apply(self, body: Fields) -> Fields:
        """Return the fields as their model takes them, as far as we know."""
        for field, change in self._changes(body["model"]).items():
            body = _changed(body, field, change)
        return body

    def learn(self, complaint: Complaint, sent: Fields) -> tuple[str, ...]:
        """Take in a refusal of what was sent; return the fields that it blames."""
        changes = self._changes(sent["model"])
        blamed = (PICTURES,) if self.cannot_see(complaint, sent) else blame(complaint, sent)
        for field in blamed:
            changes[field] = _change(field, sent, complaint, changes)
            self._page.write(sent["model"], SUBJECT + field, _noted(changes[field]))
        return blamed

    def cannot_see(self, complaint: Complaint, sent: Fields) -> bool:
        """Whether a refusal means that the model cannot see the pictures it was sent."""
        return has_pictures(sent) and is_blind(complaint)

    def told(self, model: str) -> Mapping[str, str]:
        """Return for people what is done about which parameter of a model; of those without effect, why."""
        changes = {KNOWN_AS.get(field, field): change for field, change in self._changes(model).items()}
        return {name: _told(name, change) for name, change in changes.items() if change.instead != name}

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
    value = {} if change.value is ANY else {"value": change.value}
    return {"instead": change.instead, **value}


def _remembered(content: Mapping[str, Any]) -> Change:
    return Change(instead=content.get("instead", ""), value=content.get("value", ANY))


def _change(field: str, sent: Fields, complaint: Complaint, known: Mapping[str, Change]) -> Change:
    if field == "role":
        role = sent["messages"][0]["role"]
        other = OTHER_ROLE.get(role, "user")
        return Change("user" if field in known and known[field].instead == role else other)
    other = OTHER_NAME.get(field, "")
    if other and other not in known:
        return Change(other)
    only_the_value = "unsupported_value" in complaint.codes and field in sent and field != "stream"
    return Change(value=sent[field]) if only_the_value else Change()


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
        case _ if field not in body or change.value not in (ANY, body[field]):
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
    if change.value is not ANY:
        return f"has no effect: this model does not take the value {change.value}"
    return "has no effect: this model does not take it"
