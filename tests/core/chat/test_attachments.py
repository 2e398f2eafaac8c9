"""What is read of files, and which remarks say that something was left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.chat import attachments
from bot.core.chat.attachments import (
    ExtractedText,
    FileContent,
    FileKind,
    decode_text,
    detect_kind,
    detect_picture_type,
    shorten_document,
)
from bot.core.errors import FileUnreadable
from bot.core.turns import File

PNG = b"\x89PNG\r\n\x1a\n rest"


@pytest.mark.parametrize(
    ("name", "type_", "expected"),
    [
        ("cat.PNG", "", FileKind.PICTURE),
        ("cat", "image/webp", FileKind.PICTURE),
        ("plan.pdf", "application/octet-stream", FileKind.PDF),
        ("plan", "application/pdf", FileKind.PDF),
        ("a.docx", "", FileKind.WORD),
        ("a.xlsx", "", FileKind.SHEET),
        ("a.pptx", "", FileKind.SLIDES),
        ("main.rs", "application/octet-stream", FileKind.TEXT),
        ("Makefile", "text/x-makefile", FileKind.TEXT),
        ("data", "application/json", FileKind.TEXT),
        ("song.mp3", "audio/mpeg", None),
        ("archive.zip", "application/zip", None),
        ("photo.heic", "image/heic", None),
        ("", "", None),
    ],
)
def test_a_file_is_read_as_its_name_says_or_else_its_type(name: str, type_: str, expected: FileKind) -> None:
    assert detect_kind(File(name=name, type=type_)) is expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a...", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_the_first_bytes_tell_the_type_of_a_picture(data: bytes, expected: str) -> None:
    assert detect_picture_type(data) == expected


@pytest.mark.parametrize("data", [b"", b"<svg>", b"RIFF\0\0\0\0WAVE", b"%PDF-1.7"])
def test_bytes_of_another_format_are_not_a_picture(data: bytes) -> None:
    with pytest.raises(FileUnreadable):
        detect_picture_type(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("gr\u00fcn \u2713".encode(), "gr\u00fcn \u2713"),
        ("gr\u00fcn".encode("utf-8-sig"), "gr\u00fcn"),
        ("gr\u00fcn".encode("utf-16"), "gr\u00fcn"),
        ("gr\u00fcn \u20ac".encode("cp1252"), "gr\u00fcn \u20ac"),
        (b"a\r\nb", "a\nb"),
    ],
)
def test_a_text_is_read_in_any_charset(data: bytes, expected: str) -> None:
    assert decode_text(data) == expected


@given(st.binary())
def test_any_bytes_are_a_text_or_none(data: bytes) -> None:
    try:
        decode_text(data)
    except FileUnreadable as why:
        assert str(why) == "it is not a text"  # noqa: PT017 - either is right


def test_the_model_and_the_person_are_told_what_was_left_out() -> None:
    long = shorten_document("a.csv", ExtractedText(text="x" * 50_000), 40_000)
    pages = shorten_document("`a`.pdf", ExtractedText(text="Some.", parts=50, parts_in_all=80), 40_000)
    empty = shorten_document("scan.pdf", ExtractedText(text=" \n", parts=2, parts_in_all=2), 40_000)
    other = attachments.report_unreadable("a.zip", "I can't read files of this kind")
    assert attachments.render_remarks([long, pages, empty, other]).splitlines() == [
        "_I read the first 40,000 characters of `a.csv`._",
        "_I read the first 50 of 80 pages of `'a'.pdf`._",
        "_I found no text in `scan.pdf`._",
        "_I could not read `a.zip`: I can't read files of this kind._",
    ]
    told = attachments.render_for_model([pages, other])
    assert told == (
        "--- `a`.pdf ---\nSome.\n--- end of `a`.pdf ---\n\n"
        "(Note: I read the first 50 of 80 pages of `a`.pdf.)\n\n"
        "(Note: I could not read a.zip: I can't read files of this kind.)"
    )


@given(st.text(st.characters() | st.characters(categories=["Cs"])))
def test_the_text_for_the_model_can_be_encoded(text: str) -> None:
    """A PDF's font may map a character to half of a surrogate pair."""
    reading = shorten_document("a.pdf", ExtractedText(text=f"Tea{text}\ud800"), 100)
    assert attachments.render_for_model([reading]).encode()
    assert shorten_document("a.pdf", ExtractedText(text="\ud83e\uddf5"), 9).text == "🧵"


def test_files_that_were_read_completely_get_no_remark() -> None:
    """A picture is sent separately, so no text describes it."""
    readings = [
        shorten_document("a.txt", ExtractedText(text="All.\n"), 9),
        FileContent(name="b.png", picture="data:..."),
    ]
    assert attachments.render_remarks(readings) == ""
    assert attachments.render_for_model(readings) == "--- a.txt ---\nAll.\n--- end of a.txt ---"


@given(st.text())
def test_a_name_is_one_line_that_can_be_sent(name: str) -> None:
    told = attachments.render_for_model([attachments.report_unreadable(name, "so")])
    assert len(told.splitlines()) == 1
    told.encode()
