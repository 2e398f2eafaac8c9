"""Finds out which of the fields that we sent a service rejects.

Three sources are tried in this order, and the first one that names any field decides:

1. the error's `param`, such as `messages[0].role`;
2. the locations that validators list, such as `"loc": ["body", "user"]`;
3. the words of the message, such as `Unrecognized request arguments supplied: user, seed`.

A hint at another field ("did you mean", "use ... instead") rejects nothing. The model, the text of messages
and fields that we did not send are never the answer. The wordings come from OpenAI's and LiteLLM's code
(https://github.com/BerriAI/litellm/tree/main/litellm/llms/openai/chat), and from reports of users, in the
threads named below.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.llm.protocol.error_body import ErrorBody

REQUIRED_FIELDS = frozenset({"model", "messages"})
MESSAGE_FIELDS = frozenset({"role", "name"})
"""Fields of a message that may be rejected: `role` stands for the system prompt's role, `name` for all names.
"""
SYSTEM_ROLES = frozenset({"system", "developer"})
AMBIGUOUS_FIELDS = frozenset({"n", "stop", "user", "stream", "seed", "role", "name"})
"""Names that are also ordinary words: in a sentence they only count if quoted, in a sentence that objects."""

PATH_PART_PATTERN = re.compile(r"[A-Za-z_]+")
LOCATION_PATTERN = re.compile(r"""loc['"\\]*:\s*[\[(]([^\])]{0,300}+)[\])]""")
"""Pydantic's location, as JSON or as Python prints it: `"loc": ["body", "messages", 0, "user", "name"]`."""
HINT_PATTERN = re.compile(
    r"(?i)did you mean.*|\buse ['\"`\\]*\w+['\"`\\]* instead.*|\bsupported (parameters|fields|values)\b.*"
)
"""Groq's `property 'store' is unsupported, did you mean 'stop'?` (fanenr/chatbot#21); OpenAI's `Use ...`."""
QUOTED_PATTERN = re.compile(r"""['"`]([\w.\[\]]+?)\\*['"`]""")
LISTED_PATTERN = re.compile(r"(?:supplied|parameters?|arguments?|fields?): *([\w, ]+)")
"""OpenAI's `Unrecognized request arguments supplied: user, seed`."""
LIMITED_PATTERN = re.compile(r"\b(\w+)(?= ?[=>]| must be (?:true|false|equal|\d))")
"""`n must be 1`, `only n=1 is supported`."""
OBJECTION_PATTERN = re.compile(
    r"(?i)\bun(supported|recogni[sz]ed|known|expected)|\bnot (supported|permitted|allowed|recogni[sz]ed)"
    r"|n't (support|allow)|not support|extra_forbidden|must be|invalid"
)
FIELD_REFUSAL_CODES = frozenset({"unsupported_parameter", "unknown_parameter", "extra_forbidden"})
"""Codes that reject a field with any value."""
VALUE_PATTERN = re.compile(
    r"(?i)unsupported[_ ]value|invalid[_ ]value|(?:does not|n't) support ['\d]|\bn > 1|=\d|literal_error"
    r"|must be|should be|expected|supported values|between|(?:less|greater|larger|smaller)[ _]than"
    r"|at (?:most|least)|too (?:large|small|long|high|low|many)|out of range|(?:above_max|below_min)"
)
"""In order: OpenAI, also as LiteLLM passes it on; vLLM; validators; OpenAI's ranges."""
NO_VISION_PATTERN = re.compile(
    r"(?i)image_url is only supported|unknown variant .?image_url|multimodal|mmproj|required for image input"
    r"|(?:image|vision)\S{0,20}(?: \w+)? (?:is|are) not (?:supported|enabled|available|allowed)|at most 0 image"
    r"|(?:not|n't|no endpoints found that) (?:support|accept|take|process|have)\w*"
    r" (?:\w+ )?(?:image|vision|picture)"
    r"|content must be a string|\.content['\"` ]*(?:must|should) be a (?:valid )?string"
)
"""In turn: OpenAI, DeepSeek, vLLM, llama.cpp, Ollama; Mistral; vLLM; OpenRouter and others; Groq."""
PICTURE_PATTERN = re.compile(r"(?i)image|picture|base64")


def is_about_vision(error_body: ErrorBody) -> bool:
    """Return whether an error says that the model cannot see pictures."""
    return NO_VISION_PATTERN.search(error_body.message) is not None


def is_about_pictures(error_body: ErrorBody) -> bool:
    """Return whether an error is about a picture; only meaningful if one was sent."""
    return PICTURE_PATTERN.search(" ".join([*error_body.codes, error_body.message])) is not None


def is_about_value(error_body: ErrorBody) -> bool:
    """Return whether an error rejects a value, and another value may be accepted."""
    words = " ".join([*error_body.codes, error_body.message])
    return not any(code in words for code in FIELD_REFUSAL_CODES) and VALUE_PATTERN.search(words) is not None


def find_rejected_fields(error_body: ErrorBody, sent: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields of `sent`, and of `MESSAGE_FIELDS`, that the service does not accept as they are."""
    possible = _list_candidates(sent)
    named = [_field_of_path(PATH_PART_PATTERN.findall(error_body.param))]
    listed = [
        _field_of_path(PATH_PART_PATTERN.findall(location)) for location in LOCATION_PATTERN.findall(error_body.message)
    ]
    for source in (named, listed, _find_mentioned(error_body, possible)):
        found = tuple(dict.fromkeys(field for field in source if field in possible))
        if found:
            return found
        if any(source):
            return ()  # the error is about another field, whatever else its words mention
    return ()


def _list_candidates(sent: Mapping[str, Any]) -> tuple[str, ...]:
    messages = sent["messages"]
    named = any("name" in message for message in messages)
    instructed = any(message["role"] in SYSTEM_ROLES for message in messages)
    inside = (field for field, present in (("name", named), ("role", instructed)) if present)
    return (*(field for field in sent if field not in REQUIRED_FIELDS), *inside)


def _field_of_path(path: list[str]) -> str:
    """Return the field at a path such as `body.messages.0.user.name` or `stream_options.include_usage`."""
    path = path[1:] if path[:1] == ["body"] else path
    if path[:1] == ["messages"]:
        return path[-1] if path[-1] in MESSAGE_FIELDS else "messages"
    return path[0] if path else ""


def _find_mentioned(error_body: ErrorBody, possible: Sequence[str]) -> list[str]:
    words = HINT_PATTERN.sub("", error_body.message)
    mentioned = set(re.findall(r"\w+", words)) - AMBIGUOUS_FIELDS
    if OBJECTION_PATTERN.search(words):
        mentioned.update(_field_of_path(PATH_PART_PATTERN.findall(path)) for path in QUOTED_PATTERN.findall(words))
        mentioned.update(
            field for fields in LISTED_PATTERN.findall(words) for field in PATH_PART_PATTERN.findall(fields)
        )
        mentioned.update(LIMITED_PATTERN.findall(words))
    return [field for field in possible if field in mentioned]
