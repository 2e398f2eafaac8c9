"""Extracts the text of PDF and office files: `python file_extractor.py KIND CHARACTERS PAGES < file > text.json`.

`file_reader` runs it as a process of its own, because a stranger's file may make any parser slow or eat memory.
The process limits its own memory and time, holds no secret, and can be killed, which a thread cannot. It prints
one JSON object, such as

    {"text": "Tea on page 1 ...", "parts": 50, "parts_in_all": 300}

Rules: it imports nothing of the bot, so that it starts fast and knows nothing. It stops reading as soon as there
is enough text. It prints nothing but its result.
"""

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

MAX_MEMORY_BYTES = 512 * 1024 * 1024
"""Of address space, of which the libraries alone take up to a third. Two extractors run at a time beside the bot."""
MAX_CPU_SECONDS = 20
"""Seconds of computing, not of waiting."""
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
"""An office file is a ZIP archive; a small one may unpack to more than fits into memory."""

MAX_SHEET_ROWS = 1_048_576
"""Excel's own limit; a file may number a row as it likes."""
MAX_EXAMINED_CELLS = 5_000_000
"""Of all sheets, empty cells and missing rows too: both take time, but no place in the file."""
MAX_WORD_ELEMENTS = 500_000
"""XML elements of a Word document's body: a thick book has fewer, and each takes time, also without text."""

PartTexts = tuple[Iterator[str], int]
"""The text of each part, and the number of parts; 0 if the parts are not pages or slides."""


def main() -> None:
    """Read a file from stdin, and print its text."""
    kind, characters, pages = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    _limit_resources()
    print(json.dumps(extract(sys.stdin.buffer.read(), kind, characters=characters, pages=pages)))  # noqa: T201 - its output


def extract(data: bytes, kind: str, *, characters: int, pages: int) -> dict[str, Any]:
    """Return the `text` of the first `pages`, cut one character after `characters`, and the numbers of `parts`."""
    if kind != "pdf":
        _check_archive_size(data)
    texts, in_all = READERS[kind](data)
    found: list[str] = []
    room = characters
    for text in islice(texts, pages if in_all else None):
        found.append(text)
        room -= len(text) + 1
        if room < 0:
            break
    return {"text": "\n".join(found)[: characters + 1], "parts": len(found) if in_all else 0, "parts_in_all": in_all}


def _limit_resources() -> None:
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    with suppress(ValueError, OSError):  # macOS refuses some
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


def _check_archive_size(data: bytes) -> None:
    """Raise if an archive declares to unpack to too much; `zipfile` never unpacks more than is declared."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
            raise ValueError("too large")


def _read_pdf(data: bytes) -> PartTexts:
    import pypdf  # noqa: PLC0415 - each library takes a while to import, and one is needed

    document = pypdf.PdfReader(io.BytesIO(data))
    return (page.extract_text() for page in document.pages), len(document.pages)


def _read_word(data: bytes) -> PartTexts:
    import docx  # noqa: PLC0415 - as above
    from docx.table import Table  # noqa: PLC0415 - as above

    document = docx.Document(io.BytesIO(data))
    if next(islice(document.element.body.iter(), MAX_WORD_ELEMENTS, None), None) is not None:
        raise ValueError("too large")

    def texts() -> Iterator[str]:
        for block in document.iter_inner_content():
            if isinstance(block, Table):
                yield from ("\t".join(cell.text for cell in row.cells) for row in block.rows)
            else:
                yield block.text

    return texts(), 0


def _read_sheets(data: bytes) -> PartTexts:
    import openpyxl  # noqa: PLC0415 - as above

    def texts() -> Iterator[str]:
        examined = 0
        for sheet in openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets:
            yield f"Sheet {sheet.title}:"
            sheet.reset_dimensions()  # a sheet may claim 17 billion cells; its rows say what is really there
            for row in sheet.iter_rows(max_row=MAX_SHEET_ROWS, values_only=True):
                examined += len(row) + 1
                if examined > MAX_EXAMINED_CELLS:
                    raise ValueError("too large")
                cells = ["" if value is None else str(value) for value in row]
                if any(cells):
                    yield "\t".join(cells).rstrip("\t")

    return texts(), 0


def _read_slides(data: bytes) -> PartTexts:
    import pptx  # noqa: PLC0415 - as above

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
