"""The text of PDF and office files: `python extracting.py KIND CHARACTERS PAGES < file > extract.json`.

A program of its own, because a file of a stranger may make any parser slow, or eat memory: this process has
a limit of both, holds no secret, and can be killed, which a thread cannot. `reading` runs it. Rules: it
imports nothing of ours; it stops reading as soon as there is enough; whatever happens, it prints
nothing but the extract.
"""

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

MAX_MEMORY_BYTES = 1024 * 1024 * 1024
"""Bytes that this process may have; the libraries alone map a few hundred."""
MAX_CPU_SECONDS = 20
"""Of computing."""
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
"""Bytes that an office file, which is a ZIP archive, may unpack to."""

PartTexts = tuple[Iterator[str], int]
"""The text of each part, and how many parts there are; 0 where parts are no pages."""


def main() -> None:
    """Read a file from stdin, and print what was extracted."""
    kind, characters, pages = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    _limit_resources()
    print(json.dumps(extract(sys.stdin.buffer.read(), kind, characters=characters, pages=pages)))  # noqa: T201 - its output


def extract(data: bytes, kind: str, *, characters: int, pages: int) -> dict[str, Any]:
    """Return the `text`, some more than `characters` of it if there is more, and of how many `parts`."""
    if kind != "pdf":
        _check_archive_size(data)
    texts, in_all = READERS[kind](data)
    found: list[str] = []
    for text in islice(texts, pages if in_all else None):
        found.append(text)
        characters -= len(text) + 1
        if characters < 0:
            break
    return {"text": "\n".join(found), "parts": len(found) if in_all else 0, "parts_in_all": in_all}


def _limit_resources() -> None:
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    with suppress(ValueError, OSError):  # macOS refuses some
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


def _check_archive_size(data: bytes) -> None:
    """Refuse an archive that unpacks to too much; no more than it declares is ever unpacked."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
            raise ValueError("too large")


def _read_pdf(data: bytes) -> PartTexts:
    import pypdf  # noqa: PLC0415 - each library takes a while to import, and one is needed

    document = pypdf.PdfReader(io.BytesIO(data))
    return (page.extract_text() for page in document.pages), len(document.pages)


def _read_word(data: bytes) -> PartTexts:
    import docx  # noqa: PLC0415 - likewise
    from docx.table import Table  # noqa: PLC0415 - likewise

    def texts() -> Iterator[str]:
        for block in docx.Document(io.BytesIO(data)).iter_inner_content():
            if isinstance(block, Table):
                yield from ("\t".join(cell.text for cell in row.cells) for row in block.rows)
            else:
                yield block.text

    return texts(), 0


def _read_sheets(data: bytes) -> PartTexts:
    import openpyxl  # noqa: PLC0415 - likewise

    def texts() -> Iterator[str]:
        for sheet in openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets:
            yield f"Sheet {sheet.title}:"
            for row in sheet.iter_rows(values_only=True):
                cells = ["" if value is None else str(value) for value in row]
                if any(cells):
                    yield "\t".join(cells).rstrip("\t")

    return texts(), 0


def _read_slides(data: bytes) -> PartTexts:
    import pptx  # noqa: PLC0415 - likewise

    slides = pptx.Presentation(io.BytesIO(data)).slides
    return ("\n".join(_shape_texts(slide)) for slide in slides), len(slides)


def _shape_texts(slide: Any) -> Iterator[str]:
    for shape in slide.shapes:
        if shape.has_text_frame and shape.text_frame.text:
            yield shape.text_frame.text
        if shape.has_table:
            yield from ("\t".join(cell.text for cell in row.cells) for row in shape.table.rows)


READERS: dict[str, Callable[[bytes], PartTexts]] = {
    "pdf": _read_pdf,
    "docx": _read_word,
    "xlsx": _read_sheets,
    "pptx": _read_slides,
}

if __name__ == "__main__":
    main()
