"""Reads a model service's error body into one value, `ErrorBody`, in whatever shape it comes.

Services differ most here: there are eight shapes of the body and five headers, for example

    {"error": {"message": "...", "type": "...", "param": "...", "code": "..."}}     OpenAI
    [{"error": {"code": 400, "message": "...", "status": "INVALID_ARGUMENT"}}]      Gemini
    {"object": "error", "message": {"detail": [...]}, "code": 400}                  Mistral
    {"detail": "Not Found"}                                                         FastAPI

Nothing here raises, whatever a server sends. Text for the log becomes one line of limited length, without
anything that looks like a key. `errors` decides what the error means.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import chain
from typing import Any

MAX_LOGGED_CHARACTERS = 300
"""Of the server's own words in our log."""

KEY_PATTERN = re.compile(
    r"(?i:\b(?:bearer|basic)\s+(?!or\b|basic\b|auth|token\b)[^\s\"',;]+)"  # a header's value
    r"|\b(?:sk|pk|rk|gsk|xai|hf|key|xox[a-z]|xapp)[-_][^\s\"',;]+"  # how keys of many services begin
    r"|(?<![\w-])(?=[\w-]*\d)[\w-]{32,}"  # any long word with a digit; the names of errors have none
    r"|(?<=//)[^/\s@]+(?=@)"  # a password in an address
)
WINDOW_PATTERN = re.compile(
    r"(?i)(?:(?:context|prompt|model) (?:length|size|window)|input length(?= of))"
    r"(?: is| of(?: only)?|:)? ?\(?([0-9,]{1,12})"
    r"|([0-9,]{1,12}) maximum context length"
    r"|(?:limit(?: is| of)?:? |max size: |allowed \(?)([0-9,]{1,12})\b(?! \+)"
    r"|(?:>|<=|\[1,) ?([0-9,]{1,12})"
)
"""How services state the window of a model; the tests have a row for each wording."""
PROMPT_TOKENS_PATTERN = re.compile(
    r"(?i)([0-9,]{1,12})(?: tokens)? (?:in the messages|in your prompt|of text input|(?:from the )?input)"
)
SENT_TOKENS_PATTERN = re.compile(
    r"(?i)(?:resulted in|requested|request|contains|too long|token count|given"
    r"|the input|(?:input |current |\()length|context limit)(?: about| is| of)?[ (:]*([0-9,]{1,12})"
)
"""How they state what they were sent; `PROMPT_TOKENS_PATTERN` if they count the answer's limit separately."""
RETRY_PATTERN = re.compile(r"(?i)(?:retry|try again) in ((?:[0-9]{1,9}(?:\.[0-9]+)?(?:ms|s|m|h))+)")
"""Gemini states it only here; others also in a header."""
RETRY_AFTER_HEADERS = ("retry-after", "llm_provider-retry-after")  # LiteLLM passes it on only under its own name
REQUEST_ID_HEADERS = ("x-request-id", "request-id", "llm_provider-x-request-id", "x-generation-id")
RATE_LIMIT_KINDS = ("requests", "tokens")
DURATION_PATTERN = re.compile(r"(?<![0-9.])([0-9]++(?:\.[0-9]++)?)(ms|s|m|h)")
SECONDS_BY_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
ERROR_STATUSES = range(400, 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """One error, as the service describes it."""

    status: int = 0
    """The HTTP status, or the one that an error object in a stream names, or 0."""
    codes: frozenset[str] = frozenset()
    """Every name that the body gives the error: its code, its type, an inner code."""
    param: str = ""
    message: str = ""
    window: int | None = None
    """Tokens that the model accepts, if the body says so."""
    tokens: int | None = None
    """Tokens that were sent, if the body says so."""
    retry_after: float | None = None
    """Seconds until asking again may help, if the body says so."""

    def mentions(self, *phrases: str) -> bool:
        """Return whether the message contains one of the phrases (lower case)."""
        message = self.message.lower()
        return any(phrase in message for phrase in phrases)

    def to_log_line(self, request: str = "") -> str:
        """Return one line: status, codes, parameter, the service's words, and the request's id."""
        what = " ".join([str(self.status or "error"), *sorted(self.codes), *filter(None, [self.param])])
        origin = f" [request {request}]" if request else ""
        return f"{redact_for_log(what)}: {redact_for_log(self.message)}{origin}"


def parse_error_body(status: int, body: bytes) -> ErrorBody:
    """Read the body of a response whose status is not 2xx."""
    text = body.decode(errors="replace")
    try:
        return parse_error_object(json.loads(text), status=status)
    except (ValueError, RecursionError):  # RecursionError: JSON nested without end
        return parse_error_object(text, status=status)


def parse_error_object(obj: Any, *, status: int = 0) -> ErrorBody:
    """Read a decoded error object; without `status`, a number among its codes is taken as the status."""
    if isinstance(obj, list) and obj:
        obj = obj[0]  # Gemini
    if isinstance(obj, dict) and obj.get("error"):
        obj = obj["error"]
    if not isinstance(obj, dict):
        obj = {"message": obj}
    inner = obj.get("innererror")
    names = [obj.get("code"), obj.get("type"), obj.get("status")]
    names += [inner.get("code")] if isinstance(inner, dict) else []
    message = _to_text(obj.get("message") or obj.get("detail"))
    words = [str(name) for name in names if isinstance(name, str | int) and name]
    numbers = (int(word) for word in words if re.fullmatch("[0-9]{3}", word))
    return ErrorBody(
        status=status or next((number for number in numbers if number in ERROR_STATUSES), 0),
        codes=frozenset(word for word in words if not word.isdigit()),
        param=_to_text(obj.get("param")).removeprefix("None"),  # LiteLLM writes out Python's
        message=message,
        window=_positive_count(obj.get("n_ctx")) or _find_stated_number(message, WINDOW_PATTERN),
        tokens=_positive_count(obj.get("n_prompt_tokens"))
        or _find_stated_number(message, PROMPT_TOKENS_PATTERN, SENT_TOKENS_PATTERN),
        retry_after=_parse_duration(found[1]) if (found := RETRY_PATTERN.search(message)) else None,
    )


def read_retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Return the longest pause, in seconds, that a header asks for; `now` is in epoch seconds.

    If no header asks for one, return the time until the used-up rate limit is reset.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    pauses = chain(
        *(_read_seconds(lower.get(name, ""), now) for name in RETRY_AFTER_HEADERS),
        (pause / 1000 for pause in _read_seconds(lower.get("retry-after-ms", ""), now)),
    )
    return max(pauses, default=max(_read_resets(lower), default=None))


def forbids_retry(headers: Mapping[str, str]) -> bool:
    """Return whether a header says that asking again is useless, as OpenAI's own client does."""
    return any(name.lower() == "x-should-retry" and value == "false" for name, value in headers.items())


def read_request_id(headers: Mapping[str, str]) -> str:
    """Return the id under which the service finds this request in its own log, or an empty string."""
    lower = {name.lower(): value for name, value in headers.items()}
    return _to_printable_line(next((lower[name] for name in REQUEST_ID_HEADERS if name in lower), ""))[:64]


def _read_seconds(value: str, now: float) -> Iterator[float]:
    """Yield the pause that a header's value means, if any."""
    try:
        pause = float(value)
    except ValueError:
        try:
            pause = parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError):
            return
    if math.isfinite(pause):
        yield max(0.0, pause)


def _read_resets(lower: Mapping[str, str]) -> Iterator[float]:
    """Yield the seconds until each used-up limit is reset; Go writes them `12ms` or `6m0s`."""
    for kind in RATE_LIMIT_KINDS:
        if lower.get(f"x-ratelimit-remaining-{kind}") == "0":
            yield _parse_duration(lower.get(f"x-ratelimit-reset-{kind}", ""))


def _parse_duration(text: str) -> float:
    return sum(float(number) * SECONDS_BY_UNIT[unit] for number, unit in DURATION_PATTERN.findall(text))


def _positive_count(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _find_stated_number(message: str, *patterns: re.Pattern[str]) -> int | None:
    """Return the number that a message states, using the first pattern that matches."""
    found = next(filter(None, (pattern.search(message) for pattern in patterns)), None)
    digits = found[found.lastindex or 0].replace(",", "") if found else ""
    return int(digits) if digits else None


def _to_text(value: Any) -> str:
    """Return a value as text; some services send an object or a list where a sentence belongs."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def redact_for_log(text: str) -> str:
    """Return a foreign text as one line without keys, then cut: half a key is a secret too."""
    return KEY_PATTERN.sub("[removed]", _to_printable_line(text))[:MAX_LOGGED_CHARACTERS]


def _to_printable_line(text: str) -> str:
    """Return a text as one line without control characters: logs are read in terminals."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable())
