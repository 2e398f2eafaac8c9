"""A complaint -> which of the fields that we sent it is about.

Separate from `complaint`, which reads what a service says, because here it is held against what we said.
Pure. Rules: the field that the service names by itself counts most, then the places that validators list,
then its words; a hint at another field ("did you mean", "use ... instead") blames none; the model, the
messages' text and what we did not send are never to blame. Wordings: facts/model-api.md 1.3, 1.5 and 3,
and the threads named below.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.llm.complaint import Complaint

NEEDED = frozenset({"model", "messages"})
IN_MESSAGES = frozenset({"role", "name"})
"""What may be to blame in a message: `role` stands for the system prompt's, `name` for all of them."""
SYSTEM = frozenset({"system", "developer"})
ORDINARY = frozenset({"n", "stop", "user", "stream", "seed", "role", "name"})
"""Fields whose names also occur in plain text: a sentence must quote them, and say that it minds them."""

PART = re.compile(r"[A-Za-z_]+")
PLACE = re.compile(r"""loc['"\\]*:\s*[\[(]([^\])]*)[\])]""")
"""Pydantic's, as JSON or as Python prints it: `"loc": ["body", "messages", 0, "user", "name"]`."""
HINT = re.compile(
    r"(?i)did you mean.*|\buse ['\"`\\]*\w+['\"`\\]* instead.*|\bsupported (parameters|fields|values)\b.*"
)
"""Groq's `property 'store' is unsupported, did you mean 'stop'?` (fanenr/chatbot#21); OpenAI's `Use ...`."""
QUOTED = re.compile(r"""['"`]([\w.\[\]]+?)\\*['"`]""")
LISTED = re.compile(r"(?:supplied|parameters?|arguments?|fields?): *([\w, ]+)")
"""OpenAI's `Unrecognized request arguments supplied: user, seed`."""
LIMITED = re.compile(r"\b(\w+)(?= ?[=>]| must be (?:true|false|equal|\d))")
"""`n must be 1`, `only n=1 is supported`."""
MINDS = re.compile(
    r"(?i)\bun(supported|recogni[sz]ed|known|expected)|\bnot (supported|permitted|allowed|recogni[sz]ed)"
    r"|n't (support|allow)|not support|extra_forbidden|must be|invalid"
)
WHOLE = frozenset({"unsupported_parameter", "unknown_parameter", "extra_forbidden"})
"""Codes that refuse a field with any value."""
VALUE = re.compile(
    r"(?i)unsupported[_ ]value|invalid[_ ]value|(?:does not|n't) support ['\d]|\bn > 1|=\d|literal_error"
    r"|must be|should be|expected|supported values|between|(?:less|greater|larger|smaller)[ _]than"
    r"|at (?:most|least)|too (?:large|small|long|high|low|many)|out of range|(?:above_max|below_min)"
)
"""In turn: OpenAI, also as LiteLLM passes it on; vLLM; validators; OpenAI's ranges."""
BLIND = re.compile(
    r"(?i)image_url is only supported|unknown variant .?image_url|multimodal|mmproj|required for image input"
    r"|(?:image|vision)\S*(?: \w+)? (?:is|are) not (?:supported|enabled|available|allowed)|at most 0 image"
    r"|(?:not|n't|no endpoints found that) (?:support|accept|take|process|have)\w*"
    r" (?:\w+ )?(?:image|vision|picture)"
    r"|content must be a string|\.content['\"` ]*(?:must|should) be a (?:valid )?string"
)
"""In turn: OpenAI, DeepSeek, vLLM, llama.cpp, Ollama; Mistral; vLLM; OpenRouter and others; Groq."""
PICTURE = re.compile(r"(?i)image|picture|base64")


def is_blind(complaint: Complaint) -> bool:
    """Whether a complaint says that the model cannot see, and not just that a picture is bad."""
    return BLIND.search(complaint.message) is not None


def is_about_pictures(complaint: Complaint) -> bool:
    """Whether a complaint is about a picture; only of use where one was sent."""
    return PICTURE.search(" ".join([*complaint.codes, complaint.message])) is not None


def is_about_value(complaint: Complaint) -> bool:
    """Whether a complaint refuses a value, and another one may do."""
    said = " ".join([*complaint.codes, complaint.message])
    return not any(code in said for code in WHOLE) and VALUE.search(said) is not None


def blame(complaint: Complaint, sent: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields of `sent`, and of `IN_MESSAGES`, that the service does not want as they are."""
    possible = _possible(sent)
    named = [_field(PART.findall(complaint.param))]
    listed = [_field(PART.findall(place)) for place in PLACE.findall(complaint.message)]
    for source in (named, listed, _mentioned(complaint, possible)):
        found = tuple(dict.fromkeys(field for field in source if field in possible))
        if found:
            return found
        if any(source):
            return ()  # it is about something else, whatever its words mention besides
    return ()


def _possible(sent: Mapping[str, Any]) -> tuple[str, ...]:
    messages = sent["messages"]
    named = any("name" in message for message in messages)
    instructed = any(message["role"] in SYSTEM for message in messages)
    inside = (field for field, present in (("name", named), ("role", instructed)) if present)
    return (*(field for field in sent if field not in NEEDED), *inside)


def _field(path: list[str]) -> str:
    """Return the field at a path such as `body.messages.0.user.name` or `stream_options.include_usage`."""
    path = path[1:] if path[:1] == ["body"] else path
    if path[:1] == ["messages"]:
        return path[-1] if path[-1] in IN_MESSAGES else "messages"
    return path[0] if path else ""


def _mentioned(complaint: Complaint, possible: Sequence[str]) -> list[str]:
    words = HINT.sub("", complaint.message)
    mentioned = set(re.findall(r"\w+", words)) - ORDINARY
    if MINDS.search(words):
        mentioned.update(_field(PART.findall(path)) for path in QUOTED.findall(words))
        mentioned.update(field for fields in LISTED.findall(words) for field in PART.findall(fields))
        mentioned.update(LIMITED.findall(words))
    return [field for field in possible if field in mentioned]
