"""Learns from a server's refusals which request fields its models do not accept, and adapts later requests.

    sent      {"max_tokens": 100, "temperature": 0.2}
    refused   400: Unsupported parameter: 'max_tokens' ... Use 'max_completion_tokens' instead.
    sent      {"max_completion_tokens": 100, "temperature": 0.2}
    refused   400: Unsupported value: 'temperature' does not support 0.2 with this model.
    sent      {"max_completion_tokens": 100}

`profiles` holds what is known of services in advance; but no such list is ever complete, while a refusal
names its field. A field is renamed if it has another name, else left out. If a model cannot be streamed, its
answer is requested as a whole. If only a value was refused, other values of the field are still sent. What is
learned is stored for one server and model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.errors import ContextTooLong, ModelError, ModelRejected
from bot.llm.adaptation.rejected_fields import find_rejected_fields, is_about_value, is_about_vision
from bot.llm.protocol.error_body import ErrorBody
from bot.llm.protocol.request_body import Fields, disable_streaming, has_pictures, remove_field, remove_pictures
from bot.ports import NO_SERVER_FACTS, ServerFacts

MAX_ADAPTATIONS_PER_QUESTION = 6
"""Refusals of one question that are adapted to: as many as a reasoning model has for the old parameters."""
ALTERNATIVE_FIELDS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
PARAMETERS_BY_FIELD = {"max_completion_tokens": "max_tokens", "role": "system_role"}
"""Fields whose parameter has another name."""
ALTERNATIVE_ROLES = {"system": "developer", "developer": "system"}
PICTURES_FIELD = "pictures"
"""Stands for the pictures in messages."""
FIELD_SUBJECT_PREFIX = "field "
"""The subject of a learned fact about a field begins with this."""
VALUE_INDEPENDENT_FIELDS = frozenset({"stream", "stream_options", "user", "safety_identifier", "prompt_cache_key"})
"""Fields that are refused with any value: those the bot adds itself, and those whose value differs for each person."""
MAX_LISTED_VALUES_CHARACTERS = 80
"""Characters of refused values in the text for admins."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What is done about a field: it is sent as `instead`, or left out if that is empty.

    For `role`, `instead` is the new role; for `stream`, the answer is requested whole.
    """

    instead: str = ""
    values: tuple[Any, ...] = ()
    """The values that were refused, if others may be accepted; empty means any value."""


class Adaptations:
    """What is known about the models of one server."""

    def __init__(self, facts: ServerFacts = NO_SERVER_FACTS) -> None:
        """Start from the stored `facts`, and add what is learned to them."""
        self._facts = facts
        self._models: dict[str, dict[str, FieldChange]] = {}

    def apply(self, body: Fields) -> Fields:
        """Return the body in the form that its model accepts, as far as that is known."""
        for field, change in self._sorted_changes(body["model"]):
            body = _apply_change(body, field, change)
        return body

    def learn(self, error: ModelError, error_body: ErrorBody, sent: Fields) -> tuple[str, ...]:
        """Learn from a refusal of the body `sent`; return the fields that it rejects."""
        changes = self._changes(sent["model"])
        beyond = _find_limits_beyond_window(error, sent)
        is_value = bool(beyond) or is_about_value(error_body)
        rejected = beyond or _find_rejected(error, error_body, sent)
        for field in rejected:
            changes[field] = _choose_change(field, sent, changes, is_value=is_value)
            self._facts.learn(sent["model"], FIELD_SUBJECT_PREFIX + field, _change_to_json(changes[field]))
        return rejected

    def describe_changes(self, model: str) -> Mapping[str, str]:
        """Return, for people, what is done about each parameter of a model; if it has no effect, why."""
        changes = {PARAMETERS_BY_FIELD.get(field, field): change for field, change in self._sorted_changes(model)}
        return {name: _describe_change(name, change) for name, change in changes.items() if change.instead != name}

    def _sorted_changes(self, model: str) -> Sequence[tuple[str, FieldChange]]:
        """Return the changes, renamings first: the new name may be one that is refused, too."""
        return sorted(self._changes(model).items(), key=lambda change: not change[1].instead)

    def _changes(self, model: str) -> dict[str, FieldChange]:
        if model not in self._models:
            self._models[model] = {
                subject.removeprefix(FIELD_SUBJECT_PREFIX): _change_from_json(content)
                for subject, content in self._facts.read(model).items()
                if subject.startswith(FIELD_SUBJECT_PREFIX)
            }
        return self._models[model]


def _change_to_json(change: FieldChange) -> dict[str, Any]:
    """Return a change as a JSON value, as it is stored."""
    return {"instead": change.instead, **({"values": list(change.values)} if change.values else {})}


def _change_from_json(content: Mapping[str, Any]) -> FieldChange:
    return FieldChange(content.get("instead", ""), tuple(content.get("values", ())))


def _find_limits_beyond_window(error: ModelError, sent: Fields) -> tuple[str, ...]:
    """Return the limit for answers if it alone fills the window: then no question would be short enough."""
    window = error.window if isinstance(error, ContextTooLong) else None
    limits = ((field, sent.get(field)) for field in ALTERNATIVE_FIELDS)
    return tuple(field for field, limit in limits if window and isinstance(limit, int) and limit >= window)


def _find_rejected(error: ModelError, error_body: ErrorBody, sent: Fields) -> tuple[str, ...]:
    if has_pictures(sent) and is_about_vision(error_body):  # whatever the status
        return (PICTURES_FIELD,)
    return find_rejected_fields(error_body, sent) if isinstance(error, ModelRejected) else ()


def _choose_change(field: str, sent: Fields, known: Mapping[str, FieldChange], *, is_value: bool) -> FieldChange:
    if field == "role":
        role = sent["messages"][0]["role"]
        other = ALTERNATIVE_ROLES.get(role, "user")
        return FieldChange("user" if field in known and known[field].instead == role else other)
    if is_value and field in sent and field not in VALUE_INDEPENDENT_FIELDS:
        before = known[field].values if field in known else ()
        return FieldChange(values=before if sent[field] in before else (*before, sent[field]))
    other = ALTERNATIVE_FIELDS.get(field, "")
    return FieldChange(other if other not in known else "")


def _apply_change(body: Fields, field: str, change: FieldChange) -> Fields:
    match field:
        case "stream":
            return disable_streaming(body)
        case "role":
            return {**body, "messages": [_with_role(change.instead, one) for one in body["messages"]]}
        case "pictures":
            return {**body, "messages": [remove_pictures(message) for message in body["messages"]]}
        case "name":
            return {**body, "messages": [remove_field(message, "name") for message in body["messages"]]}
        case _ if field not in body or (change.values and body[field] not in change.values):
            return body
        case _:
            rest = remove_field(body, field)
            return {**rest, change.instead: body[field]} if change.instead else rest


def _with_role(role: str, message: Fields) -> Fields:
    return {**message, "role": role} if message["role"] in ALTERNATIVE_ROLES else message


def _describe_change(field: str, change: FieldChange) -> str:
    if field == "stream":
        return "answers come in one piece, since this model cannot be streamed"
    if change.instead:
        return f"sent as `{change.instead}`"
    if change.values:
        values = ", ".join(map(str, change.values))
        name = "value" if len(change.values) == 1 else "values"
        return f"has no effect: this model does not accept the {name} {values[:MAX_LISTED_VALUES_CHARACTERS]}"
    return "has no effect: this model does not accept it"
