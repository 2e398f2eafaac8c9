"""Reading the files of a question: texts, documents, pictures, and files that cannot be read."""

import asyncio
import base64
import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest

from bot.conversation import file_extractor, file_reader
from bot.conversation.file_reader import FileReader, QuestionFiles, extract_text
from bot.core.chat.attachments import MAX_FILE_BYTES, MAX_FILES, FileKind
from bot.core.errors import FileUnreadable, SurfaceUnavailable
from bot.core.turns import File
from bot.testing.surface import PaperSurface

PNG = b"\x89PNG\r\n\x1a\n rest"


def word() -> bytes:
    document, stream = docx.Document(), io.BytesIO()
    document.add_paragraph("A plan for tea.")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Cups", "7"
    document.save(stream)
    return stream.getvalue()


def sheet() -> bytes:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.worksheets[0])
    book.create_sheet("Cups").append(["Ada", 7, None])
    book.save(stream)
    return stream.getvalue()


def slides(number: int = 1) -> bytes:
    show, stream = pptx.Presentation(), io.BytesIO()
    for count in range(number):
        show.slides.add_slide(show.slide_layouts[0]).shapes.title.text = f"Tea, part {count + 1}"
    show.save(stream)
    return stream.getvalue()


def pdf(pages: int, text: str = "Tea on page") -> bytes:
    """Write a PDF by hand, which saves a dependency."""
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    kids = " ".join(f"{4 + 2 * page} 0 R" for page in range(pages))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>", font]
    for page in range(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({text} {page + 1}) Tj ET"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792]"
            f" /Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * page} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode()
    entries = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    start, size = len(body), len(objects) + 1
    body += f"xref\n0 {size}\n0000000000 65535 f \n{entries}".encode()
    return body + f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode()


def zip_bomb() -> bytes:
    """Return a valid sheet with a member that unpacks to more than the limit."""
    stream = io.BytesIO(sheet())
    with (
        zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/zip_bomb.bin", "w") as out,
    ):
        for _ in range(201):
            out.write(b" " * 1024**2)
    return stream.getvalue()


async def read(files: dict[str, bytes | Exception]) -> QuestionFiles:
    surface = PaperSurface()
    surface.files = files
    return await FileReader().read(surface, [File(name=name, url=name) for name in files])


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.docx", word, "A plan for tea.\nCups\t7"),
        ("a.xlsx", sheet, "Sheet Cups:\nAda\t7"),
        ("a.pptx", slides, "Tea, part 1"),
        ("a.pdf", lambda: pdf(2), "Tea on page 1\nTea on page 2"),
        ("a.md", lambda: b"# Tea", "# Tea"),
    ],
)
async def test_a_document_is_read(name: str, data: Callable[[], bytes], expected: str) -> None:
    assert await read({name: data()}) == QuestionFiles(f"--- {name} ---\n{expected}\n--- end of {name} ---")


async def test_of_a_long_document_the_first_pages_are_read() -> None:
    found = await read({"a.pdf": pdf(60)})
    assert "Tea on page 50\n" in found.text_for_model
    assert "Tea on page 51" not in found.text_for_model
    assert found.remarks == "_I read the first 50 of 60 pages of `a.pdf`._"


async def test_of_a_long_text_the_first_characters_are_read() -> None:
    found = await read({"a.txt": b"x" * 40_001, "b.txt": b"y" * 40_000, "c.txt": b"z" * 40_000, "d.txt": b"w"})
    assert [found.text_for_model.count(letter) for letter in "yz"] == [40_000, 20_000]
    assert found.remarks.splitlines() == [
        "_I read the first 40,000 characters of `a.txt`._",
        "_I read the first 20,000 characters of `c.txt`._",
        "_I could not read `d.txt`: the files before it leave no room for it._",
    ]


async def test_pictures_are_shown_as_they_are_and_no_more_than_four() -> None:
    found = await read({f"{number}.png": PNG for number in range(5)})
    assert found.pictures == (f"data:image/png;base64,{base64.b64encode(PNG).decode()}",) * 4
    assert found.remarks == "_I could not read `4.png`: I look at no more than 4 pictures at once._"


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.zip", b"PK", "I can't read files of this kind"),
        ("a.pdf", b"no PDF", "it is damaged, protected by a password, or too large"),
        ("a.xlsx", b"no archive", "it is damaged, protected by a password, or too large"),
        ("a.png", b"no picture", "it is not a PNG, JPEG, GIF or WebP picture"),
        ("a.txt", b"\0\1", "it is not a text"),
        ("a.txt", SurfaceUnavailable("503"), "it could not be downloaded"),
        ("a.txt", FileUnreadable("it is kept outside Slack"), "it is kept outside Slack"),
    ],
)
async def test_a_file_that_cannot_be_read_is_named(name: str, data: bytes | Exception, why: str) -> None:
    """To the model, which is still asked, and to the person."""
    found = await read({name: data, "b.txt": b"Tea."})
    assert f"(Note: I could not read {name}: {why}.)" in found.text_for_model
    assert "Tea." in found.text_for_model
    assert found.remarks == f"_I could not read `{name}`: {why}._"


async def test_a_zip_bomb_is_not_unpacked() -> None:
    found = await read({"a.xlsx": zip_bomb()})
    assert found.remarks == "_I could not read `a.xlsx`: it is damaged, protected by a password, or too large._"


async def test_what_is_too_large_is_not_downloaded() -> None:
    found = await FileReader().read(PaperSurface(), [File(name="a.pdf", size=MAX_FILE_BYTES + 1, url="nowhere")])
    assert found.remarks == "_I could not read `a.pdf`: it is larger than 20 MB._"


async def test_of_many_files_the_first_are_read() -> None:
    found = await read({f"{number}.txt": b"Tea." for number in range(MAX_FILES + 1)})
    assert found.text_for_model.count("Tea.") == MAX_FILES
    assert found.remarks == "_I could not read `10.txt`: there are more files than I read at once._"


async def test_a_parser_that_takes_too_long_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_reader, "EXTRACTION_TIMEOUT_SECONDS", 0.0)
    with pytest.raises(FileUnreadable, match="it took too long"):
        await extract_text(pdf(1), FileKind.PDF, 100)


PARSERS = {
    "secrets": 'import json, os; print(json.dumps({"text": " ".join(os.environ)}))',
    "memory": 'import json, runpy; program = runpy.run_path({path!r}); program["_limit_resources"]()\n'
    'bytearray(program["MAX_MEMORY_BYTES"]); print(json.dumps({{"text": "plenty"}}))',
}


async def test_a_parser_gets_no_secret_and_limited_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program that prints its environment and limits runs in its place."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    parser = tmp_path / "parser.py"
    parser.write_text(PARSERS["secrets"])
    path = str(file_reader.EXTRACTOR_SCRIPT)
    monkeypatch.setattr(file_reader, "EXTRACTOR_SCRIPT", parser)
    assert "OPENAI_API_KEY" not in (await extract_text(b"", FileKind.PDF, 1)).text
    parser.write_text(PARSERS["memory"].format(path=path))
    with pytest.raises(FileUnreadable, match="too large"):
        await extract_text(b"", FileKind.PDF, 1)


async def test_the_loop_goes_on_while_a_document_is_read() -> None:
    ticks, started = 0, time.monotonic()
    task = asyncio.create_task(extract_text(slides(40), FileKind.SLIDES, 100_000))
    while not task.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > (time.monotonic() - started) / 0.1


@pytest.mark.parametrize(("kind", "data"), [("pdf", pdf(3)), ("pptx", slides(3))])
def test_reading_stops_as_soon_as_there_is_enough(kind: str, data: bytes) -> None:
    found = file_extractor.extract(data, kind, characters=15, pages=50)
    assert (found["parts"], found["parts_in_all"]) == (2, 3)
