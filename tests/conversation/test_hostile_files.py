"""Files that try to eat the extractor's time or memory, or to read what is not theirs: read or refused, in bounds."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.conversation.file_reader import EXTRACTOR_SCRIPT, MAX_PAGES_PER_FILE
from tests.conversation import hostile_files as hostile

MAX_RESIDENT_BYTES = 512 * 1024**2
MAX_CPU_SECONDS = 12.0
CHARACTERS = 40_000
OFFICE_KINDS = ("docx", "xlsx", "pptx")
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_maxrss * 1024, used.ru_utime + used.ru_stime, file=sys.stderr)
"""
"""A small process between: a child counts the memory of the one that it was forked from, and ours holds the file."""


def extract(kind: str, data: bytes) -> tuple[str | None, float]:
    """Return the text that the extractor prints, or None, and the CPU seconds that it took; check its memory."""
    extractor = (sys.executable, "-I", str(EXTRACTOR_SCRIPT), kind, str(CHARACTERS), str(MAX_PAGES_PER_FILE))
    done = subprocess.run(
        [sys.executable, "-I", "-c", MEASURE, *extractor], input=data, capture_output=True, check=True
    )
    resident, seconds = map(float, done.stderr.split())
    assert resident <= MAX_RESIDENT_BYTES
    assert seconds <= MAX_CPU_SECONDS
    assert len(done.stdout) < 12 * (CHARACTERS + 100)  # JSON's longest escape, for a surrogate pair
    return (json.loads(done.stdout)["text"] if done.stdout else None), seconds


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        *((kind, make) for kind in OFFICE_KINDS for make in (hostile.billion_laughs, hostile.quadratic_entities)),
        ("docx", hostile.lying_archive),
        ("pptx", hostile.archive_bomb),
    ],
)
def test_an_archive_that_grows_is_refused_or_cut(kind: str, make: Callable[[str], bytes]) -> None:
    """Nothing of it reaches the bot but a text of the usual length."""
    text, _ = extract(kind, make(kind))
    assert len(text or "") <= CHARACTERS + 1


@pytest.mark.parametrize(
    "element",
    [b"<w:p><w:r><w:br/></w:r></w:p>", b"<w:p/>", b"<w:p><w:r/><w:r/></w:p>"],
    ids=["line breaks", "empty paragraphs", "empty runs"],
)
def test_a_document_of_very_many_elements_is_refused(element: bytes) -> None:
    """A paragraph of a million line breaks fits into 78 KB and took 16 s to read."""
    text, seconds = extract("docx", hostile.repeated_element(element))
    assert text is None
    assert seconds < MAX_CPU_SECONDS / 2


@pytest.mark.parametrize("kind", OFFICE_KINDS)
def test_a_text_just_below_the_limit_takes_no_more_memory_than_there_is(kind: str) -> None:
    """A file of 190 KB with one text of 190 MB took a gibibyte."""
    text, _ = extract(kind, hostile.large_text(kind))
    assert len(text or "") <= CHARACTERS + 1


@pytest.mark.parametrize("kind", OFFICE_KINDS)
def test_a_file_cannot_read_another(kind: str, tmp_path: Path) -> None:
    """An entity that names a file of the host stays empty."""
    secret = tmp_path / "secret"
    secret.write_text(hostile.SECRET)
    text, _ = extract(kind, hostile.external_entity(kind, secret.as_uri()))
    assert hostile.SECRET not in (text or "")


@pytest.mark.parametrize(
    ("rows", "dimension", "expected"),
    [
        (hostile.cell("A1"), "A1:XFD1048576", "Tea"),
        (hostile.cell("A1") + hostile.cell("A1048576", "Late"), "A1:XFD1048576", "Tea\nLate"),
        (hostile.cell("A1") + hostile.cell("A999999999999", "Never"), "A1", "Tea"),
        (hostile.cell("A1") + hostile.cell("XFD2", "Far"), "A1:B2", "Tea\n" + "\t" * 16_383 + "Far"),
        ("".join(hostile.cell(f"A{row}") for row in range(1, 4)), "A1", "Tea\nTea\nTea"),
    ],
    ids=["claims all", "last row", "no such row", "last column", "claims too little"],
)
def test_a_sheet_is_read_as_far_as_there_is_something(rows: str, dimension: str, expected: str) -> None:
    """What it claims of its size costs nothing: 17 billion cells in 5 KB took 20 s."""
    text, seconds = extract("xlsx", hostile.sheet(rows, dimension=dimension))
    assert text == f"Sheet Sheet:\n{expected}"
    assert seconds < 4


@pytest.mark.parametrize(
    "rows",
    [
        "".join(f'<row r="{row}"><c r="XFD{row}"/></row>' for row in range(1, 5_000)),
        '<row r="1"><c r="ZZZZZZ1" t="inlineStr"><is><t>Tea</t></is></c></row>',
        '<row r="1">' + "<c/>" * 300_000 + "</row>",
    ],
    ids=["empty cells in the last column", "no such column", "many cells"],
)
def test_a_sheet_of_empty_cells_is_given_up(rows: str) -> None:
    """It has nothing to say, however many cells it has."""
    text, _ = extract("xlsx", hostile.sheet(rows))
    assert text in {None, "Sheet Sheet:"}


@pytest.mark.parametrize(
    "make",
    [
        hostile.double_deflated,
        hostile.many_operators,
        hostile.looping_pages,
        hostile.nested_forms,
        hostile.many_kids,
        hostile.deep_objects,
    ],
)
def test_a_pdf_that_grows_is_refused_or_empty(make: Callable[[], bytes]) -> None:
    """Streams in streams, loops, forms in forms, and a page that is named a million times."""
    text, _ = extract("pdf", make())
    assert not (text or "").strip()
