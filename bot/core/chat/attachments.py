"""Rules for files attached to a question: what can be read, how much of it, and how the result is described.

A file becomes a `FileContent`: its text, or a picture, or a remark that says why it could not be read.
`render_for_model` turns the contents into the text that follows the question, for example:

    --- notes.txt ---
    Buy milk.
    --- end of notes.txt ---

    (Note: I read the first 3 of 40 pages of report.pdf.)

Everything that is left out is mentioned, to the model and to the person. A picture's type is taken from its
first bytes, not from its name. A text is read in any charset. The libraries that open PDF and office files
run elsewhere, in a process of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from bot.core.errors import FileUnreadable
from bot.core.turns import File

MAX_FILES: Final = 10
MAX_PICTURES: Final = 4
MAX_CHARACTERS_PER_FILE: Final = 40_000
"""Characters read of one file: about 11,000 tokens, a tenth of a prompt unless settings allow more."""
MAX_CHARACTERS_IN_TOTAL: Final = 100_000
MAX_PICTURE_BYTES: Final = 5 * 1024 * 1024
"""The smallest limit of the model services that accept pictures."""
MAX_FILE_BYTES: Final = 20 * 1024 * 1024
"""The limit for every file that is not a picture."""


class FileKind(Enum):
    """How a file is read."""

    PICTURE = "picture"
    TEXT = "text"
    PDF = "pdf"
    WORD = "docx"
    SHEET = "xlsx"
    SLIDES = "pptx"


FILE_KINDS_BY_EXTENSION: Mapping[str, FileKind] = MappingProxyType(
    {
        **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp"), FileKind.PICTURE),
        ".pdf": FileKind.PDF,
        ".docx": FileKind.WORD,
        ".xlsx": FileKind.SHEET,
        ".pptx": FileKind.SLIDES,
        **dict.fromkeys(
            (
                *(".txt", ".md", ".markdown", ".rst", ".csv", ".tsv", ".log", ".diff", ".patch", ".tex"),
                *(".html", ".htm", ".css", ".svg", ".xml", ".json", ".jsonl", ".yaml", ".yml", ".toml"),
                *(".ini", ".cfg", ".conf", ".env", ".py", ".js", ".mjs", ".ts", ".tsx", ".jsx", ".go", ".rs"),
                *(".java", ".kt", ".c", ".h", ".cpp", ".hpp", ".cs", ".rb", ".php", ".sh", ".sql", ".swift"),
                *(".scala", ".lua", ".pl", ".r", ".ipynb", ".tf", ".proto", ".graphql", ".ps1", ".bat"),
            ),
            FileKind.TEXT,
        ),
    }
)
PICTURE_TYPES_BY_SIGNATURE: Mapping[bytes, str] = MappingProxyType(
    {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF87a": "image/gif", b"GIF89a": "image/gif"}
)
CHARSETS_BY_BYTE_ORDER_MARK: Mapping[bytes, str] = MappingProxyType(
    {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedText:
    """The text of a document, as far as it was read."""

    text: str
    parts: int = 0
    """Pages or slides that were read; 0 if the document has none."""
    parts_in_all: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """The result of reading one file: text, a picture, or a remark that says why there is neither."""

    name: str
    text: str = ""
    picture: str = ""
    """As a data URL."""
    remark: str = ""
    """What was left out, as a sentence without its full stop; `{}` stands for the file's name."""


def detect_kind(file: File) -> FileKind | None:
    """Return how a file can be read, by its name or else its MIME type; None if it cannot."""
    ending = PurePosixPath(file.name.lower()).suffix
    if ending in FILE_KINDS_BY_EXTENSION:
        return FILE_KINDS_BY_EXTENSION[ending]
    if file.type.startswith("text/"):
        return FileKind.TEXT
    by_type = {"application/pdf": FileKind.PDF, "application/json": FileKind.TEXT}
    by_type |= dict.fromkeys((*PICTURE_TYPES_BY_SIGNATURE.values(), "image/webp"), FileKind.PICTURE)
    return by_type.get(file.type)


def detect_picture_type(data: bytes) -> str:
    """Return the MIME type of a picture, from its first bytes.

    Raises `FileUnreadable` for any format that models do not accept.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    for beginning, type_ in PICTURE_TYPES_BY_SIGNATURE.items():
        if data.startswith(beginning):
            return type_
    raise FileUnreadable("it is not a PNG, JPEG, GIF or WebP picture")


def decode_text(data: bytes) -> str:
    """Return the text that bytes encode: by their byte order mark, else as UTF-8, else as Windows-1252.

    Raises `FileUnreadable` if they are binary.
    """
    charset = next((name for mark, name in CHARSETS_BY_BYTE_ORDER_MARK.items() if data.startswith(mark)), "")
    if not charset and b"\0" in data[:4096]:
        raise FileUnreadable("it is not a text")
    try:
        text = data.decode(charset or "utf-8")
    except UnicodeDecodeError:
        text = data.decode(charset or "cp1252", "replace")
    return text.replace("\r\n", "\n")


def shorten_document(name: str, extracted: ExtractedText, max_characters: int, *, part: str = "pages") -> FileContent:
    """Return the content of a document, cut to `max_characters`, with a remark about what was left out."""
    text, remark = extracted.text.strip(), ""
    if not text:
        return FileContent(name=name, remark="I found no text in {}")
    if len(text) > max_characters:
        text, remark = text[:max_characters], f"I read the first {max_characters:,} characters of {{}}"
    elif extracted.parts < extracted.parts_in_all:
        remark = f"I read the first {extracted.parts} of {extracted.parts_in_all} {part} of {{}}"
    return FileContent(name=name, text=_replace_surrogates(text), remark=remark)


def report_unreadable(name: str, reason: str) -> FileContent:
    """Return the content of a file that could not be read; `reason` follows "I could not read x: "."""
    return FileContent(name=name, remark=f"I could not read {{}}: {reason}")


def render_for_model(contents: Iterable[FileContent]) -> str:
    """Return the text about the files that follows the question; pictures are sent separately."""
    blocks: list[str] = []
    for one in contents:
        name = _shorten_name(one.name)
        if one.text:
            blocks.append(f"--- {name} ---\n{one.text}\n--- end of {name} ---")
        if one.remark:
            blocks.append(f"(Note: {_render_remark(one.remark, name)})")
    return "\n\n".join(blocks)


def render_remarks(contents: Sequence[FileContent]) -> str:
    """Return the remarks shown below the answer, as Markdown; empty if everything was read."""
    names = ("`" + _shorten_name(one.name).replace("`", "'") + "`" for one in contents)
    lines = [f"_{_render_remark(one.remark, name)}_" for one, name in zip(contents, names, strict=True) if one.remark]
    return "\n".join(lines)


def _replace_surrogates(text: str) -> str:
    """Replace lone surrogates, which some PDF fonts produce and which cannot be encoded."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _render_remark(remark: str, name: str) -> str:
    return remark.replace("{}", name) + "."


def _shorten_name(name: str) -> str:
    """Return a name as one short line that can be encoded."""
    printable = "".join(char for char in name if char.isprintable())
    return printable[:100].encode(errors="replace").decode() or "unnamed"
